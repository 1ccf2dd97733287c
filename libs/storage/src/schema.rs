//! Migrations, and columns as all tables of the suite have them: ids as text, instants as milliseconds, money as two
//! columns. One spelling here keeps both engines and all services alike.

mod migration;

use sea_orm::sea_query::{ColumnDef, IntoIden};

pub use migration::Migration;

/// An id of ours, in its wire text. Not null.
pub fn text_id<N: IntoIden>(name: N) -> ColumnDef {
    text(name)
}

/// An id that may be absent.
pub fn text_id_null<N: IntoIden>(name: N) -> ColumnDef {
    text_null(name)
}

/// Text. Not null.
pub fn text<N: IntoIden>(name: N) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

/// Text that may be absent.
pub fn text_null<N: IntoIden>(name: N) -> ColumnDef {
    ColumnDef::new(name).text().null().take()
}

/// An instant in milliseconds since 1970. Not null.
pub fn millis<N: IntoIden>(name: N) -> ColumnDef {
    count(name)
}

/// An instant that may be absent.
pub fn millis_null<N: IntoIden>(name: N) -> ColumnDef {
    count_null(name)
}

/// A whole number of 64 bits. Not null.
pub fn count<N: IntoIden>(name: N) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

/// A whole number that may be absent.
pub fn count_null<N: IntoIden>(name: N) -> ColumnDef {
    ColumnDef::new(name).big_integer().null().take()
}

/// A binary float, for probabilities and estimates; never for money. Not null.
pub fn real<N: IntoIden>(name: N) -> ColumnDef {
    ColumnDef::new(name).double().not_null().take()
}

/// Bytes. Not null.
pub fn bytes<N: IntoIden>(name: N) -> ColumnDef {
    ColumnDef::new(name).binary().not_null().take()
}

/// Bytes that may be absent.
pub fn bytes_null<N: IntoIden>(name: N) -> ColumnDef {
    ColumnDef::new(name).binary().null().take()
}

/// A serialised value that is read and written whole. Not null.
pub fn json<N: IntoIden>(name: N) -> ColumnDef {
    text(name)
}

/// A serialised value that may be absent.
pub fn json_null<N: IntoIden>(name: N) -> ColumnDef {
    text_null(name)
}

/// The number of a row in order of insertion, given by the engine: the primary key.
pub fn sequence<N: IntoIden>(name: N) -> ColumnDef {
    ColumnDef::new(name)
        .big_integer()
        .not_null()
        .auto_increment()
        .primary_key()
        .take()
}

/// An amount: `NAME_minor` and `NAME_currency`. Not null.
pub fn money(name: &str) -> [ColumnDef; 2] {
    [
        count(format!("{name}_minor")),
        text(format!("{name}_currency")),
    ]
}

/// An amount that may be absent: both columns are, or none.
pub fn money_null(name: &str) -> [ColumnDef; 2] {
    [
        count_null(format!("{name}_minor")),
        text_null(format!("{name}_currency")),
    ]
}
