//! Group commit and no more: what waits becomes one row of bytes in one transaction, then its streams are told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::FutureExt;
use proto::session::v1::StreamEventsResponse;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use storage::{Database, StoreError};
use tokio::sync::mpsc;
use tonic::Status;

use super::wire::Received;
use crate::error::LoadError;

/// Batches of one transaction at most: all that can wait.
const GROUP: usize = 512;

/// A batch and whom to tell of it.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) batch: Received,
    pub(super) acks: Acks,
}

/// The way back to one stream.
#[derive(Debug, Clone)]
pub(super) struct Acks {
    stream: u64,
    sender: mpsc::UnboundedSender<Result<StreamEventsResponse, Status>>,
}

impl Acks {
    pub(super) fn new(sender: mpsc::UnboundedSender<Result<StreamEventsResponse, Status>>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let stream = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { stream, sender }
    }
}

/// Whole groups, and nothing to find one by.
pub(crate) async fn create_table(database: &Database) -> Result<(), StoreError> {
    let statements: &[&str] = if database.read().get_database_backend() == DbBackend::Postgres {
        &[
            "CREATE TABLE IF NOT EXISTS bare_groups \
             (sequence BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY, payload BYTEA NOT NULL)",
            // Bytes as they are: to compress them would be something else.
            "ALTER TABLE bare_groups ALTER COLUMN payload SET STORAGE EXTERNAL",
        ]
    } else {
        // An integer key of SQLite counts up by itself.
        &[
            "CREATE TABLE IF NOT EXISTS bare_groups (sequence INTEGER PRIMARY KEY, payload BLOB NOT NULL)",
        ]
    };
    for statement in statements.iter().copied() {
        let done: Result<(), StoreError> = database
            .write(move |tx| {
                async move {
                    tx.execute_unprepared(statement).await?;
                    Ok(())
                }
                .boxed()
            })
            .await;
        done?;
    }
    Ok(())
}

/// Commits and tells until nobody can hand in any more.
pub(super) async fn commit_all(
    database: Database,
    mut waiting: mpsc::Receiver<Waiting>,
) -> Result<(), LoadError> {
    let mut group = Vec::with_capacity(GROUP);
    while waiting.recv_many(&mut group, GROUP).await > 0 {
        commit(&database, together(&group)).await?;
        tell(group.drain(..));
    }
    Ok(())
}

fn together(group: &[Waiting]) -> Vec<u8> {
    let length = group.iter().map(|waiting| waiting.batch.bytes.len()).sum();
    let mut payload = Vec::with_capacity(length);
    for waiting in group {
        payload.extend_from_slice(&waiting.batch.bytes);
    }
    payload
}

pub(crate) async fn commit(database: &Database, payload: Vec<u8>) -> Result<(), StoreError> {
    database
        .write(move |tx| {
            let backend = tx.get_database_backend();
            let sql = if backend == DbBackend::Postgres {
                "INSERT INTO bare_groups (payload) VALUES ($1)"
            } else {
                "INSERT INTO bare_groups (payload) VALUES (?)"
            };
            let insert = Statement::from_sql_and_values(backend, sql, [payload.clone().into()]);
            async move {
                tx.execute_raw(insert).await?;
                Ok(())
            }
            .boxed()
        })
        .await
}

/// One acknowledgement for each stream: that of its last batch stands for those before.
fn tell(group: impl Iterator<Item = Waiting>) {
    let mut streams = BTreeMap::new();
    for Waiting { batch, acks } in group {
        let stream = streams.entry(acks.stream);
        let (_, ack) = stream.or_insert_with(|| (acks, StreamEventsResponse::default()));
        ack.durable_batch = batch.number;
        ack.accepted_count += batch.events;
    }
    for (acks, ack) in streams.into_values() {
        // The reader may have gone.
        let _ = acks.sender.send(Ok(ack));
    }
}
