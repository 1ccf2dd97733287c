//! The numbers of a partition: what was given out, what all rows hold, and who may write.

use futures::FutureExt;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use storage::{StoreError, Tx, column};

use super::entities::{event_batch, log_head};
use super::{Record, Store, row, signed};
use crate::session::LogPlace;

/// Records that one read of the log brings.
const READ: u64 = 256;

/// Where a writer of a partition is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Heads {
    /// Counts the writers. Only the last one may write.
    pub(crate) epoch: u64,
    /// The last record of the log.
    pub(crate) sequence: u64,
    /// The last change of a session.
    pub(crate) change: u64,
    /// The last record that the rows of all sessions hold.
    pub(crate) settled: u64,
}

impl Store {
    /// Makes the caller the one writer of a partition and tells it where the last one was.
    pub(crate) async fn claim(&self, partition: u16) -> Result<Heads, StoreError> {
        self.database
            .write(move |tx| async move { claim(tx, partition).await }.boxed())
            .await
    }

    /// Where the writer of a partition is.
    pub(crate) async fn heads(&self, partition: u16) -> Result<Heads, StoreError> {
        read(self.database.read(), partition).await
    }

    /// What a session has whose record at this place cannot be read.
    pub(crate) fn unreadable(place: LogPlace) -> StoreError {
        let id = place.sequence.to_string();
        column::Row::of("event_batches", &id).corrupt("payload")
    }

    /// What a writer meets that another one has followed.
    pub(crate) fn followed() -> StoreError {
        let followed = "another process writes to this partition".to_owned();
        StoreError::Conflict(DbErr::Custom(followed))
    }

    /// The next records after a place, in their order; none when there are no more.
    pub(crate) async fn records_after(
        &self,
        partition: u16,
        sequence: u64,
    ) -> Result<Vec<Record>, StoreError> {
        let models = event_batch::Entity::find()
            .filter(event_batch::Column::Partition.eq(i64::from(partition)))
            .filter(event_batch::Column::Sequence.gt(signed(sequence)))
            .order_by_asc(event_batch::Column::Sequence)
            .limit(READ)
            .all(self.database.read())
            .await?;
        models
            .iter()
            .map(|model| {
                let id = model.sequence.to_string();
                let tenant =
                    column::Row::of("event_batches", &id).parse("tenant", &model.tenant)?;
                let (place, now, sections) = row::record(model, |_| true)?;
                Ok(Record {
                    place,
                    tenant,
                    now,
                    sections,
                })
            })
            .collect()
    }
}

async fn claim(tx: &Tx, partition: u16) -> Result<Heads, StoreError> {
    let first = log_head::ActiveModel {
        partition: Set(i64::from(partition)),
        epoch: Set(1),
        sequence: Set(0),
        changed: Set(0),
        settled: Set(0),
    };
    let next = Expr::col((log_head::Entity, log_head::Column::Epoch)).add(1);
    let claimed = OnConflict::column(log_head::Column::Partition)
        .value(log_head::Column::Epoch, next)
        .to_owned();
    log_head::Entity::insert(first)
        .on_conflict(claimed)
        .exec_without_returning(tx)
        .await?;
    read(tx, partition).await
}

pub(super) async fn read<C: ConnectionTrait>(
    connection: &C,
    partition: u16,
) -> Result<Heads, StoreError> {
    let model = log_head::Entity::find_by_id(i64::from(partition))
        .one(connection)
        .await?;
    let id = partition.to_string();
    let row = column::Row::of("log_heads", &id);
    let model = model.ok_or_else(|| row.corrupt("partition"))?;
    Ok(Heads {
        epoch: row.count("epoch", model.epoch)?,
        sequence: row.count("sequence", model.sequence)?,
        change: row.count("changed", model.changed)?,
        settled: row.count("settled", model.settled)?,
    })
}

/// Moves the numbers on from those of the commit before.
///
/// # Errors
/// `Conflict` for a writer that another one has followed, or that does not know of its own last commit: nothing may be
/// stored.
pub(super) async fn advance(
    tx: &Tx,
    partition: u16,
    (before, heads): (Heads, Heads),
) -> Result<(), StoreError> {
    let Heads {
        epoch,
        sequence,
        change,
        settled,
    } = heads;
    let moved = log_head::Entity::update_many()
        .col_expr(log_head::Column::Sequence, Expr::value(signed(sequence)))
        .col_expr(log_head::Column::Changed, Expr::value(signed(change)))
        .col_expr(log_head::Column::Settled, Expr::value(signed(settled)))
        .filter(log_head::Column::Partition.eq(i64::from(partition)))
        .filter(log_head::Column::Epoch.eq(signed(epoch)))
        .filter(log_head::Column::Sequence.eq(signed(before.sequence)))
        .filter(log_head::Column::Changed.eq(signed(before.change)))
        .exec(tx)
        .await?
        .rows_affected;
    // INVARIANT: a partition has one writer, or two would keep different sessions under one id.
    if moved == 1 {
        Ok(())
    } else {
        Err(Store::followed())
    }
}
