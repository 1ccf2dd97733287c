//! What went wrong in a store, told apart by what the caller can do about it. Engine codes are read here and nowhere
//! else; no message text is ever matched.

use sea_orm::{DbErr, RuntimeErr, SqlErr};
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;
use thiserror::Error;

/// Why a store did not do what it was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database cannot be reached, or the answer to a commit was lost. A replay tells the truth.
    #[error("the database cannot be reached")]
    Unavailable(#[source] DbErr),
    /// Somebody else held what this call needed for too long. Nothing was written.
    #[error("the database is busy")]
    Busy(#[source] DbErr),
    /// The disk of the database is full. Nothing was written.
    #[error("the database is full")]
    Full(#[source] DbErr),
    /// The store is closing and takes no new writes.
    #[error("the store is closed")]
    Closed,
    /// The request id was used before, for another body.
    #[error("the request id was used for another request")]
    RequestIdReused,
    /// A unique key exists already.
    #[error("a row with this key exists already")]
    Conflict(#[source] DbErr),
    /// A foreign key names a row that does not exist.
    #[error("a row that this one refers to does not exist")]
    MissingReference(#[source] DbErr),
    /// A stored row breaks an invariant of its type.
    #[error("row `{id}` of table `{table}` is corrupt at `{column}`")]
    CorruptRow {
        table: &'static str,
        id: String,
        column: &'static str,
    },
    /// The first answer of a request cannot be written or read back.
    #[error("the stored answer of a request cannot be read or written")]
    Answer(#[source] serde_json::Error),
    /// The engine is too old, or its settings would lose commits.
    #[error("the database is refused: {0}")]
    Unsafe(String),
    /// The password file or the folder of the database file cannot be used.
    #[error("a file of the store cannot be used")]
    File(#[source] std::io::Error),
    /// The schema could not be brought up to date.
    #[error("the schema could not be migrated")]
    Migration(#[source] DbErr),
    /// Any other failure of a statement: a fault of ours.
    #[error("a statement failed")]
    Statement(#[source] DbErr),
}

/// What a caller can do about a [`StoreError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreFault {
    /// Try again later; the outcome of a write is unknown until it is replayed.
    Unavailable,
    /// Try again soon; nothing was written.
    Busy,
    /// The key was taken by another request: send a new request id.
    RequestIdReused,
    /// The row exists already, or refers to one that does not.
    Conflict,
    /// Nothing: somebody has to repair data, code or set-up.
    Broken,
}

impl StoreError {
    /// The class of this error, for the caller's own error kind.
    pub fn fault(&self) -> StoreFault {
        match self {
            Self::Unavailable(_) | Self::Full(_) | Self::Closed => StoreFault::Unavailable,
            Self::Busy(_) => StoreFault::Busy,
            Self::RequestIdReused => StoreFault::RequestIdReused,
            Self::Conflict(_) | Self::MissingReference(_) => StoreFault::Conflict,
            Self::CorruptRow { .. }
            | Self::Answer(_)
            | Self::Unsafe(_)
            | Self::File(_)
            | Self::Migration(_)
            | Self::Statement(_) => StoreFault::Broken,
        }
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => return Self::Conflict(error),
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => return Self::MissingReference(error),
            Some(_) | None => {}
        }
        match class_of(&error) {
            Class::Unavailable => Self::Unavailable(error),
            Class::Busy | Class::Serialization => Self::Busy(error),
            Class::Full => Self::Full(error),
            Class::Other => Self::Statement(error),
        }
    }
}

/// The engine gave this transaction up in favour of another one; the same work may be tried again.
pub(crate) fn is_serialization_failure(error: &DbErr) -> bool {
    class_of(error) == Class::Serialization
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Unavailable,
    Busy,
    Serialization,
    Full,
    Other,
}

fn class_of(error: &DbErr) -> Class {
    if matches!(error, DbErr::ConnectionAcquire(_)) {
        return Class::Unavailable;
    }
    if let DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error)) = error
    {
        return class_of_driver(error);
    }
    if matches!(error, DbErr::Conn(_)) {
        return Class::Unavailable;
    }
    Class::Other
}

fn class_of_driver(error: &sqlx::Error) -> Class {
    if let sqlx::Error::Database(error) = error {
        if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
            return class_of_sqlstate(error.code());
        }
        if error.try_downcast_ref::<SqliteError>().is_some() {
            return class_of_sqlite(error.code().and_then(|code| code.parse().ok()));
        }
        return Class::Other;
    }
    let lost = matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed
    );
    if lost {
        Class::Unavailable
    } else {
        Class::Other
    }
}

/// `PostgreSQL` error codes, appendix A of its manual.
fn class_of_sqlstate(code: &str) -> Class {
    match code {
        "40001" | "40P01" => Class::Serialization,
        // Lock not available; query cancelled by the statement timeout.
        "55P03" | "57014" => Class::Busy,
        "53100" => Class::Full,
        // Idle in transaction; read-only after a fail-over; too many connections; shutdown or start of the server.
        "25P03" | "25006" | "53300" | "57P01" | "57P02" | "57P03" | "57P05" => Class::Unavailable,
        _ if code.starts_with("08") => Class::Unavailable,
        _ => Class::Other,
    }
}

/// `SQLite` extended result codes: the primary code is the low byte.
fn class_of_sqlite(code: Option<u32>) -> Class {
    match code.map(|code| code & 0xff) {
        // BUSY, LOCKED.
        Some(5 | 6) => Class::Busy,
        Some(13) => Class::Full,
        // READONLY, IOERR, CANTOPEN.
        Some(8 | 10 | 14) => Class::Unavailable,
        Some(_) | None => Class::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engine_codes_fall_into_classes() {
        assert_eq!(class_of_sqlstate("40P01"), Class::Serialization);
        assert_eq!(class_of_sqlstate("08006"), Class::Unavailable);
        assert_eq!(class_of_sqlstate("42601"), Class::Other);
        assert_eq!(class_of_sqlite(Some(517)), Class::Busy);
        assert_eq!(class_of_sqlite(Some(8458)), Class::Unavailable);
        assert_eq!(class_of_sqlite(Some(13)), Class::Full);
    }

    #[test]
    fn an_error_does_not_print_its_source() {
        let error = StoreError::from(DbErr::Custom("SELECT secret".to_owned()));
        assert_eq!(error.to_string(), "a statement failed");
        assert_eq!(error.fault(), StoreFault::Broken);
    }
}
