//! Many rows in one statement: as they were given, whatever they hold.

use futures::FutureExt;
use sea_orm::sea_query::Table;
use sea_orm::{ConnectionTrait, Statement, Value};
use storage::rows::Rows;
use storage::schema::{
    Migration, bytes, bytes_null, count_null, real, sequence, text_id, text_null,
};
use storage::{Database, StoreError};
use testkit::scratch::Scratch;

const COLUMNS: [&str; 6] = ["name", "note", "number", "share", "body", "rest"];

/// What makes trouble where values are written as text.
const NOTES: [&str; 9] = [
    "",
    " ",
    "plain",
    "NULL",
    "null",
    r#"{"a": ["b\"c", "d\\e"]}"#,
    "a,b}{'c';--",
    "line\nline\ttab\r",
    "ütf-8 ☂ \u{1F600}",
];

async fn open(scratch: &Scratch) -> Database {
    let table = Table::create()
        .table("notes")
        .col(sequence("seq"))
        .col(text_id("name").unique_key())
        .col(text_null("note"))
        .col(count_null("number"))
        .col(real("share"))
        .col(bytes("body"))
        .col(bytes_null("rest"))
        .take();
    let mut migrations = storage::migrations();
    migrations.push(
        Migration::named("m20260101_000002_notes")
            .create_table(table)
            .boxed(),
    );
    scratch.migrated(migrations).await
}

fn row(number: usize) -> Vec<Value> {
    let note = NOTES.get(number % (NOTES.len() + 1));
    let signed = i64::try_from(number).unwrap() - 20;
    let body: Vec<u8> = (0..number % 300)
        .map(|byte| u8::try_from(byte % 256).unwrap())
        .collect();
    vec![
        format!("n{number}").into(),
        note.map(|note| (*note).to_owned()).into(),
        (number % 7 != 3).then_some(signed * 1_000_000_007).into(),
        (f64::from(u32::try_from(number).unwrap()).sqrt() - 3.0).into(),
        body.clone().into(),
        number.is_multiple_of(2).then_some(body).into(),
    ]
}

async fn write(
    database: &Database,
    rows: Vec<Vec<Value>>,
    on_conflict: &'static str,
) -> Result<u64, StoreError> {
    database
        .write(move |tx| {
            let rows = rows.clone();
            async move {
                let notes = Rows {
                    table: "notes",
                    columns: &COLUMNS,
                    on_conflict,
                };
                notes.write(tx, rows).await
            }
            .boxed()
        })
        .await
}

async fn all(database: &Database) -> Vec<Vec<Value>> {
    let sql = "SELECT name, note, number, share, body, rest FROM notes ORDER BY seq";
    let statement = Statement::from_string(database.read().get_database_backend(), sql);
    let rows = database.read().query_all_raw(statement).await.unwrap();
    let values = rows.iter().map(|row| {
        let text = |place| row.try_get_by_index::<Option<String>>(place).unwrap();
        let bytes = |place| row.try_get_by_index::<Option<Vec<u8>>>(place).unwrap();
        vec![
            text(0).into(),
            text(1).into(),
            row.try_get_by_index::<Option<i64>>(2).unwrap().into(),
            row.try_get_by_index::<f64>(3).unwrap().into(),
            bytes(4).into(),
            bytes(5).into(),
        ]
    });
    values.collect()
}

async fn rows_are_stored_as_they_were_given_and_in_their_order(scratch: Scratch) {
    let database = open(&scratch).await;
    let mut given = Vec::new();
    for count in [0, 1, 2, 3, 63, 300] {
        let next: Vec<_> = (given.len()..given.len() + count).map(row).collect();
        given.extend(next.clone());

        let written = write(&database, next, "").await;

        assert_eq!(written.unwrap(), u64::try_from(count).unwrap());
    }
    assert_eq!(all(&database).await, given);
}

async fn a_row_that_is_there_is_passed_over_or_changed_as_the_clause_says(scratch: Scratch) {
    const IGNORE: &str = "ON CONFLICT (name) DO NOTHING";
    const RAISE: &str = "ON CONFLICT (name) DO UPDATE SET number = notes.number + excluded.number
        WHERE notes.number < 0";
    let database = open(&scratch).await;
    write(&database, (0..10).map(row).collect(), "")
        .await
        .unwrap();

    let passed = write(&database, (5..12).map(row).collect(), IGNORE).await;
    assert_eq!(passed.unwrap(), 2);
    let raised = write(&database, (8..12).map(row).collect(), RAISE).await;
    assert_eq!(raised.unwrap(), 3, "one of the four has no number");
    let refused = write(&database, (11..14).map(row).collect(), "").await;
    assert!(refused.is_err(), "a row that is there is an error");

    let stored = all(&database).await;
    assert_eq!(stored.len(), 12, "nothing is half done");
    assert_eq!(stored[8][2], (2 * (8_i64 - 20) * 1_000_000_007).into());
    assert_eq!(stored[7], row(7));
}

on_each_engine!(
    rows_are_stored_as_they_were_given_and_in_their_order,
    a_row_that_is_there_is_passed_over_or_changed_as_the_clause_says,
);
