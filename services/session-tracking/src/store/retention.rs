//! Forgetting what is older than it may be kept, in small steps, so that no batch of events waits long for one.
//!
//! The log goes first, and a session's row last: as long as any event of a session is kept, its row says where, so that a
//! person who is to be forgotten is found whole. A record is looked at once, when most of its sessions are past; what the
//! others have in it goes with their rows.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{SessionId, TenantId};
use domain::time::Timestamp;
use futures::FutureExt;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use storage::{StoreError, TenantScoped, Tx, column};

use super::entities::{event_batch, log_sweep, session};
use super::erase::{ERASED, rewrite};
use super::{CHUNK, Heads, Store, heads, persons, places, row, signed};
use crate::session::LogPlace;

/// Records that one step looks at: 2 MiB at most, a few milliseconds.
const RECORDS: u64 = 32;
/// Sessions that one step forgets.
const SESSIONS: u64 = 200;
/// What was erased, that one step forgets.
const ERASED_SESSIONS: u64 = 1_000;

/// Sessions that may be forgotten.
#[derive(Debug)]
pub(crate) struct Aged {
    pub(crate) sessions: Vec<SessionId>,
    /// Where to look on; `None` when there are no more.
    pub(crate) next: Option<AgedCursor>,
}

/// The last row that was looked at.
#[derive(Debug, Clone)]
pub(crate) struct AgedCursor {
    last_event_at: i64,
    session: String,
}

impl Store {
    /// The tenants that have sessions, one after another: the first one after `last`, in the order of their names.
    pub(crate) async fn tenant_after(&self, last: &str) -> Result<Option<String>, StoreError> {
        let next = Query::select()
            .expr_as(Expr::col(session::Column::Tenant).min(), "tenant")
            .from(session::Entity)
            .and_where(Expr::col(session::Column::Tenant).gt(last))
            .to_owned();
        match self.database.read().query_one(&next).await? {
            Some(row) => Ok(row.try_get("", "tenant")?),
            None => Ok(None),
        }
    }

    /// Sessions of a partition in which nothing has happened since `limit`, and nothing is to happen; at most a step of
    /// them, the oldest first.
    pub(crate) async fn aged(
        &self,
        (tenant, partition): (&TenantId, u16),
        limit: Timestamp,
        last: Option<&AgedCursor>,
    ) -> Result<Aged, StoreError> {
        use session::Column::{LastEventAt, Places, SessionId as Id};
        let mut query = session::Entity::find_in(tenant)
            .select_only()
            .columns([Id, LastEventAt, Places])
            .filter(is_past(limit))
            .order_by_asc(LastEventAt)
            .order_by_asc(Id)
            .limit(SESSIONS);
        if let Some(last) = last {
            let same = Condition::all()
                .add(LastEventAt.eq(last.last_event_at))
                .add(Id.gt(last.session.as_str()));
            query = query.filter(
                Condition::any()
                    .add(LastEventAt.gt(last.last_event_at))
                    .add(same),
            );
        }
        let rows: Vec<(String, i64, Vec<u8>)> =
            query.into_tuple().all(self.database.read()).await?;
        let next = rows.last().map(|(session, last_event_at, _)| AgedCursor {
            last_event_at: *last_event_at,
            session: session.clone(),
        });
        let mut sessions = Vec::new();
        for (id, _, bytes) in &rows {
            let row = column::Row::of("sessions", id);
            // One whose places cannot be read belongs to whoever comes first.
            let last = places::read(&row, bytes)
                .ok()
                .and_then(|all| all.last().copied());
            if last.is_none_or(|place| place.partition == partition) {
                sessions.push(row.parse("session_id", id)?);
            }
        }
        Ok(Aged { sessions, next })
    }

    /// Forgets those of the sessions in which still nothing has happened since `limit`, for the one writer of a partition:
    /// their rows, what other sessions have left of their events, and whom they name. What they say of consents is kept
    /// for as long as consents are. Answers with those that are gone.
    pub(crate) async fn forget(
        &self,
        tenant: &TenantId,
        (sessions, limit): (Vec<SessionId>, Timestamp),
        (partition, heads): (u16, Heads),
    ) -> Result<Vec<SessionId>, StoreError> {
        let tenant = tenant.clone();
        self.database
            .write(move |tx| {
                let (tenant, sessions) = (tenant.clone(), sessions.clone());
                async move {
                    // Another writer would not know, and go on with them.
                    heads::advance(tx, partition, (heads, heads)).await?;
                    forget(tx, &tenant, (&sessions, limit)).await
                }
                .boxed()
            })
            .await
    }

    /// Looks at the next records of a partition that were written before `limit`, drops from them the sessions that are
    /// past by `past`, and says whether there may be more. No record is touched that a start would read.
    pub(crate) async fn sweep_log(
        &self,
        partition: u16,
        (limit, past): (Timestamp, Timestamp),
    ) -> Result<Swept, StoreError> {
        self.database
            .write(move |tx| sweep(tx, partition, (limit, past)).boxed())
            .await
    }

    /// Forgets that sessions were erased before `limit`, and says how many those were. What is sent of them later is
    /// taken as new.
    pub(crate) async fn forget_erased(&self, limit: Timestamp) -> Result<u64, StoreError> {
        let limit = column::millis(limit);
        let mut forgotten = 0;
        loop {
            let step = self
                .database
                .write(move |tx| forget_erased(tx, limit).boxed())
                .await?;
            forgotten += step;
            if step < ERASED_SESSIONS {
                return Ok(forgotten);
            }
        }
    }
}

/// What one step through the log came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Swept {
    /// Records that are gone.
    pub(crate) dropped: u64,
    /// Whether there is another step to take.
    pub(crate) is_done: bool,
}

async fn forget(
    tx: &Tx,
    tenant: &TenantId,
    (sessions, limit): (&[SessionId], Timestamp),
) -> Result<Vec<SessionId>, StoreError> {
    let mut gone = Vec::new();
    let mut found = BTreeSet::new();
    for sessions in sessions.chunks(CHUNK) {
        let rows: Vec<(String, Vec<u8>)> = session::Entity::find_in(tenant)
            .select_only()
            .columns([session::Column::SessionId, session::Column::Places])
            .filter(session::Column::SessionId.is_in(sessions.iter().map(ToString::to_string)))
            .filter(is_past(limit))
            .into_tuple()
            .all(tx)
            .await?;
        for (id, bytes) in &rows {
            let row = column::Row::of("sessions", id);
            gone.push(row.parse("session_id", id)?);
            // INVARIANT: nothing that cannot be read is kept for ever.
            found.extend(places::read(&row, bytes).unwrap_or_default());
        }
    }
    for place in present(tx, tenant, found).await? {
        rewrite(tx, tenant, place, |session| !gone.contains(&session)).await?;
    }
    persons::forget_names(tx, tenant, &gone).await?;
    for gone in gone.chunks(CHUNK) {
        session::Entity::delete_in(tenant)
            .filter(session::Column::SessionId.is_in(gone.iter().map(ToString::to_string)))
            .exec(tx)
            .await?;
    }
    Ok(gone)
}

/// Nothing has happened since, and nothing is to happen. A timer that should have fired before is that of a session that
/// cannot be read.
fn is_past(limit: Timestamp) -> Condition {
    use session::Column::{DueAt, LastEventAt, State};
    let limit = column::millis(limit);
    let nothing_due = Condition::any().add(DueAt.is_null()).add(DueAt.lt(limit));
    Condition::all()
        .add(LastEventAt.lt(limit))
        .add(State.ne(ERASED))
        .add(nothing_due)
}

/// Those of the places at which there is still a record.
async fn present(
    tx: &Tx,
    tenant: &TenantId,
    places: BTreeSet<LogPlace>,
) -> Result<Vec<LogPlace>, StoreError> {
    let mut by_partition: BTreeMap<u16, Vec<i64>> = BTreeMap::new();
    for place in places {
        let sequences = by_partition.entry(place.partition).or_default();
        sequences.push(signed(place.sequence));
    }
    let mut present = Vec::new();
    for (partition, sequences) in by_partition {
        for sequences in sequences.chunks(CHUNK) {
            let rows: Vec<i64> = event_batch::Entity::find_in(tenant)
                .select_only()
                .column(event_batch::Column::Sequence)
                .filter(event_batch::Column::Partition.eq(i64::from(partition)))
                .filter(event_batch::Column::Sequence.is_in(sequences.iter().copied()))
                .into_tuple()
                .all(tx)
                .await?;
            for sequence in rows {
                let id = sequence.to_string();
                let row = column::Row::of("event_batches", &id);
                let sequence = row.count("sequence", sequence)?;
                present.push(LogPlace {
                    partition,
                    sequence,
                });
            }
        }
    }
    Ok(present)
}

async fn sweep(
    tx: &Tx,
    partition: u16,
    (limit, past): (Timestamp, Timestamp),
) -> Result<Swept, StoreError> {
    use event_batch::Column::{Partition, Sequence};
    let swept = log_sweep::Entity::find_by_id(i64::from(partition))
        .one(tx)
        .await?
        .map_or(0, |row| row.swept);
    let settled = signed(heads::read(tx, partition).await?.settled);
    let batches = event_batch::Entity::find()
        .filter(Partition.eq(i64::from(partition)))
        .filter(Sequence.gt(swept))
        .filter(Sequence.lte(settled))
        .order_by_asc(Sequence)
        .limit(RECORDS)
        .lock_exclusive()
        .all(tx)
        .await?;
    let looked_at = u64::try_from(batches.len()).unwrap_or(u64::MAX);
    let old = batches
        .iter()
        .take_while(|batch| batch.recorded_at < column::millis(limit));
    let (mut dropped, mut last, mut seen) = (0, None, 0);
    for batch in old {
        last = Some(batch.sequence);
        seen += 1;
        if drop_past(tx, batch, past).await? {
            dropped += 1;
        }
    }
    if let Some(last) = last {
        note_swept(tx, partition, last).await?;
    }
    Ok(Swept {
        dropped,
        is_done: looked_at < RECORDS || seen < looked_at,
    })
}

/// Drops the sessions of a record that are past, and says whether the record went with them.
async fn drop_past(
    tx: &Tx,
    batch: &event_batch::Model,
    past: Timestamp,
) -> Result<bool, StoreError> {
    let id = batch.sequence.to_string();
    let tenant: TenantId = column::Row::of("event_batches", &id).parse("tenant", &batch.tenant)?;
    let (place, _, sections) = match row::record(batch, |_| true) {
        Ok(record) => record,
        Err(failure) => {
            // It is of no use to anybody, and whom it is about cannot be said any more.
            tracing::error!(sequence = batch.sequence, %failure, "a record that cannot be read is dropped for its age");
            event_batch::Entity::delete_in(&tenant)
                .filter(event_batch::Column::Partition.eq(batch.partition))
                .filter(event_batch::Column::Sequence.eq(batch.sequence))
                .exec(tx)
                .await?;
            return Ok(true);
        }
    };
    let sessions: Vec<SessionId> = sections.iter().map(|section| section.session).collect();
    let kept = kept(tx, (&tenant, place), &sessions, past).await?;
    if kept.len() < sessions.len() || sessions.is_empty() {
        rewrite(tx, &tenant, place, |session| kept.contains(&session)).await?;
    }
    Ok(kept.is_empty())
}

/// Those of the sessions that go on, and have events at this place.
async fn kept(
    tx: &Tx,
    (tenant, place): (&TenantId, LogPlace),
    sessions: &[SessionId],
    past: Timestamp,
) -> Result<BTreeSet<SessionId>, StoreError> {
    use session::Column::{Places, SessionId as Id, State};
    let mut kept = BTreeSet::new();
    for sessions in sessions.chunks(CHUNK) {
        let rows: Vec<(String, Vec<u8>)> = session::Entity::find_in(tenant)
            .select_only()
            .columns([Id, Places])
            .filter(Id.is_in(sessions.iter().map(ToString::to_string)))
            .filter(State.ne(ERASED))
            .filter(is_past(past).not())
            .into_tuple()
            .all(tx)
            .await?;
        for (id, bytes) in &rows {
            let row = column::Row::of("sessions", id);
            // One whose places cannot be read may be made again from what is here.
            let has_it = places::read(&row, bytes).map_or(true, |all| all.contains(&place));
            if has_it {
                kept.insert(row.parse("session_id", id)?);
            }
        }
    }
    Ok(kept)
}

async fn note_swept(tx: &Tx, partition: u16, swept: i64) -> Result<(), StoreError> {
    let row = log_sweep::ActiveModel {
        partition: Set(i64::from(partition)),
        swept: Set(swept),
    };
    let moved = OnConflict::column(log_sweep::Column::Partition)
        .update_column(log_sweep::Column::Swept)
        .to_owned();
    log_sweep::Entity::insert(row)
        .on_conflict(moved)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

async fn forget_erased(tx: &Tx, limit: i64) -> Result<u64, StoreError> {
    // The engines use the index of what was erased only where its condition stands word for word.
    let is_erased = Expr::cust("state = 'erased'");
    let key = [session::Column::Tenant, session::Column::SessionId];
    let old = Query::select()
        .columns(key)
        .from(session::Entity)
        .and_where(is_erased)
        .and_where(Expr::col(session::Column::LastEventAt).lt(limit))
        .limit(ERASED_SESSIONS)
        .to_owned();
    let delete = Query::delete()
        .from_table(session::Entity)
        .and_where(Expr::tuple(key.map(Expr::col)).in_subquery(old))
        .to_owned();
    Ok(tx.execute(&delete).await?.rows_affected())
}
