//! Many new rows of one table in few statements: on SQLite some hundred rows each, on PostgreSQL all of them in one whose text
//! is the same for any number of rows, with the values of a column as one array.

use sea_orm::sea_query::Value;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DbBackend, DbErr, EntityName, EntityTrait,
    IdenStatic, Iterable, Statement,
};

use crate::{StoreError, Tx, shape};

/// Inserts rows in their order.
///
/// # Errors
/// The database refuses a row: then none of them is there once the transaction is undone.
pub async fn insert<M: ActiveModelTrait>(tx: &Tx, rows: Vec<M>) -> Result<(), StoreError> {
    upsert(tx, rows, "").await.map(drop)
}

/// Inserts rows in their order, each unless a clause such as `ON CONFLICT (id) DO NOTHING` tells what becomes of it. Answers how
/// many rows were inserted or changed. No two rows may meet in one conflict that changes something.
///
/// # Errors
/// As [`insert`].
pub async fn upsert<M: ActiveModelTrait>(
    tx: &Tx,
    rows: Vec<M>,
    on_conflict: &'static str,
) -> Result<u64, StoreError> {
    let Some(first) = rows.first() else {
        return Ok(0);
    };
    let is_set = |column: &Column<M>| !matches!(first.get(*column), ActiveValue::NotSet);
    let columns: Vec<Column<M>> = Column::<M>::iter().filter(is_set).collect();
    let names: Vec<&'static str> = columns.iter().map(IdenStatic::as_str).collect();
    let values = rows.into_iter().map(|row| values(row, &columns));
    let table = M::Entity::default().table_name();
    let new = Rows {
        table,
        columns: &names,
        on_conflict,
    };
    new.write(tx, values.collect::<Result<_, _>>()?).await
}

type Column<M> = <<M as ActiveModelTrait>::Entity as EntityTrait>::Column;

fn values<M: ActiveModelTrait>(mut row: M, columns: &[Column<M>]) -> Result<Vec<Value>, DbErr> {
    let value = |column: &Column<M>| {
        let value = row.take(*column).into_value();
        value.ok_or_else(|| DbErr::AttrNotSet(column.as_str().to_owned()))
    };
    columns.iter().map(value).collect()
}

/// Where rows go.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    pub table: &'a str,
    pub columns: &'a [&'a str],
    /// What becomes of a row that is there; empty for an error.
    pub on_conflict: &'a str,
}

impl Rows<'_> {
    /// Writes rows, each with a value for each column. Answers how many were inserted or changed.
    ///
    /// # Errors
    /// As [`insert`].
    pub async fn write(&self, tx: &Tx, mut rows: Vec<Vec<Value>>) -> Result<u64, StoreError> {
        let backend = tx.get_database_backend();
        if backend == DbBackend::Postgres && rows.len() > 1 {
            let (text, arrays) = self.of_arrays(&rows)?;
            let insert = Statement::from_sql_and_values(backend, text, arrays);
            return Ok(tx.execute_raw(insert).await?.rows_affected());
        }
        let mut written = 0;
        for some in shape::lengths(rows.len()) {
            let text = self.of_values(some);
            let values = rows.drain(..some).flatten();
            let insert = Statement::from_sql_and_values(backend, text, values);
            written += tx.execute_raw(insert).await?.rows_affected();
        }
        Ok(written)
    }

    fn head(&self) -> String {
        format!(
            "INSERT INTO {} ({})",
            self.table,
            quoted(self.columns).join(", ")
        )
    }

    fn of_values(&self, rows: usize) -> String {
        let mut text = format!("{} VALUES ", self.head());
        let columns = self.columns.len();
        for place in 1..=rows * columns {
            let is_first = place % columns == 1 || columns == 1;
            text.push_str(match (place, is_first) {
                (1, _) => "(",
                (_, true) => "), (",
                (_, false) => ", ",
            });
            text.push('$');
            text.push_str(&place.to_string());
        }
        text.push_str(") ");
        text.push_str(self.on_conflict);
        text
    }

    fn of_arrays(&self, rows: &[Vec<Value>]) -> Result<(String, Vec<Value>), DbErr> {
        let mut types = Vec::with_capacity(self.columns.len());
        let mut arrays = Vec::with_capacity(self.columns.len());
        for (place, column) in self.columns.iter().enumerate() {
            let (kind, array) = array(rows.iter().map(|row| row.get(place)))
                .ok_or_else(|| DbErr::Type(format!("`{column}` does not fit an array")))?;
            types.push(format!("CAST(${} AS {kind}[])", place + 1));
            arrays.push(Value::from(array));
        }
        let (head, arguments, on_conflict) = (self.head(), types.join(", "), self.on_conflict);
        let text = format!("{head} SELECT * FROM unnest({arguments}) {on_conflict}");
        Ok((text, arrays))
    }
}

fn quoted(columns: &[&str]) -> Vec<String> {
    columns
        .iter()
        .map(|column| format!("\"{column}\""))
        .collect()
}

/// The values of one column as PostgreSQL writes an array, and the type of one.
fn array<'v>(values: impl Iterator<Item = Option<&'v Value>>) -> Option<(&'static str, String)> {
    let mut kind = None;
    let mut array = String::from("{");
    for value in values {
        if array.len() > 1 {
            array.push(',');
        }
        let of_this = push(&mut array, value?)?;
        if *kind.get_or_insert(of_this) != of_this {
            return None;
        }
    }
    array.push('}');
    Some((kind?, array))
}

/// Writes one value of an array, and answers its type.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "columns of the suite are made by `schema`, which has no others"
)]
fn push(array: &mut String, value: &Value) -> Option<&'static str> {
    match value {
        Value::BigInt(number) => {
            push_plain(array, number.as_ref());
            Some("bigint")
        }
        Value::Double(number) => {
            push_plain(array, number.as_ref());
            Some("double precision")
        }
        Value::String(text) => {
            match text {
                Some(text) => push_text(array, text),
                None => array.push_str(NULL),
            }
            Some("text")
        }
        Value::Bytes(bytes) => {
            match bytes {
                Some(bytes) => push_bytes(array, bytes),
                None => array.push_str(NULL),
            }
            Some("bytea")
        }
        _ => None,
    }
}

const NULL: &str = "NULL";

fn push_plain<T: ToString>(array: &mut String, value: Option<&T>) {
    array.push_str(&value.map_or_else(|| NULL.to_owned(), ToString::to_string));
}

fn push_text(array: &mut String, text: &str) {
    array.push('"');
    for part in text.split_inclusive(['"', '\\']) {
        let end = part.len() - usize::from(part.ends_with(['"', '\\']));
        let (plain, special) = part.split_at(end);
        array.push_str(plain);
        if !special.is_empty() {
            array.push('\\');
            array.push_str(special);
        }
    }
    array.push('"');
}

fn push_bytes(array: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    array.push_str("\"\\\\x");
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            array.extend(
                DIGITS
                    .get(usize::from(half))
                    .map(|digit| char::from(*digit)),
            );
        }
    }
    array.push('"');
}
