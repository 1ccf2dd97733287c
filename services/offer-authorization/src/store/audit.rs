//! The audit trail as rows. An entry is written in the transaction of what it notes, after all else that the transaction
//! locks, so that trails make no two transactions wait for each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::TenantId;
use domain::time::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use storage::column::Row;
use storage::{StoreError, TenantScoped, Tx, rows, shape};

use super::entities::{audit_entries as entries, audit_heads as heads};
use crate::audit::{AuditKind, Entry, Head, Note};

const HEADS: &str = "audit_heads";
const MOVE_HEAD: &str =
    "ON CONFLICT (tenant) DO UPDATE SET number = excluded.number, hash = excluded.hash";
/// Entries that are read at once.
const BATCH: usize = 1_000;

/// Something that happened at a tenant, to be noted in its trail.
#[derive(Debug, Clone)]
pub(crate) struct NewNote {
    pub(crate) tenant: TenantId,
    pub(crate) note: Note,
    pub(crate) now: Timestamp,
}

/// Writes the next entries of trails, for each tenant in the order of the notes.
pub(crate) async fn append(tx: &Tx, notes: Vec<NewNote>) -> Result<(), StoreError> {
    let mut heads = lock_heads(tx, &notes).await?;
    let mut entries = Vec::with_capacity(notes.len());
    for NewNote { tenant, note, now } in notes {
        let head = heads.remove(&tenant).unwrap_or_else(Head::none);
        let entry = head.next(&tenant, note, now);
        heads.insert(tenant.clone(), entry.head());
        entries.push((tenant, entry));
    }
    move_heads(tx, heads).await?;
    insert(tx, entries).await
}

/// Writes entries as they are.
pub(crate) async fn insert(tx: &Tx, entries: Vec<(TenantId, Entry)>) -> Result<(), StoreError> {
    let new = entries
        .into_iter()
        .map(|(tenant, entry)| row(&tenant, entry));
    rows::insert(tx, new.collect()).await
}

/// Hands out the entries after the one of `after`, in the order of their numbers, and answers where the trail ends. The
/// end is read once all entries that were there have been, so that this comes to its end however busy a trail is, and
/// an entry beyond the end is handed out too.
pub(crate) async fn follow<C, E>(
    connection: &C,
    tenant: &TenantId,
    after: i64,
    mut take: impl FnMut(Entry) -> Result<(), E>,
) -> Result<Head, E>
where
    C: ConnectionTrait,
    E: From<StoreError>,
{
    let (mut after, mut end) = (after, None);
    loop {
        let until = end.as_ref().map(|head: &Head| head.number);
        let batch = list(connection, tenant, after, until).await?;
        let is_last = batch.len() < BATCH;
        for entry in batch {
            after = entry.number;
            take(entry)?;
        }
        end = match end {
            Some(end) if is_last => return Ok(end),
            None if is_last => Some(head(connection, tenant).await?),
            there_is_more => there_is_more,
        };
    }
}

/// Whether this is an entry of the trail, or where it begins.
pub(crate) async fn passes<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    place: &Head,
) -> Result<bool, StoreError> {
    if *place == Head::none() {
        return Ok(true);
    }
    let found = entries::Entity::find_in(tenant)
        .filter(entries::Column::Number.eq(place.number))
        .one(connection)
        .await?;
    Ok(found.is_some_and(|model| model.hash == place.hash))
}

/// At most [`BATCH`] entries after the one of `after`, up to `until`, in the order of their numbers.
async fn list<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    after: i64,
    until: Option<i64>,
) -> Result<Vec<Entry>, StoreError> {
    let mut query = entries::Entity::find_in(tenant).filter(entries::Column::Number.gt(after));
    if let Some(until) = until {
        query = query.filter(entries::Column::Number.lte(until));
    }
    let models = query
        .order_by_asc(entries::Column::Number)
        .limit(u64::try_from(BATCH).unwrap_or(u64::MAX))
        .all(connection)
        .await?;
    Ok(models.into_iter().map(Entry::from).collect())
}

/// Where the trail of a tenant ends.
pub(crate) async fn head<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
) -> Result<Head, StoreError> {
    let model = heads::Entity::find_in(tenant).one(connection).await?;
    Ok(model.map_or_else(Head::none, Head::from))
}

/// Where the trails of these tenants end; one that has not begun is left out.
pub(crate) async fn ends_of<C: ConnectionTrait>(
    connection: &C,
    tenants: &[TenantId],
) -> Result<Vec<(TenantId, i64)>, StoreError> {
    let query = heads::Entity::find()
        .select_only()
        .column(heads::Column::Tenant)
        .column(heads::Column::Number)
        .filter(heads::Column::Tenant.is_in(tenants.iter().map(TenantId::as_str)));
    let ends: Vec<(String, i64)> = query.into_tuple().all(connection).await?;
    let parsed = ends
        .into_iter()
        .map(|(tenant, number)| Ok((Row::of(HEADS, &tenant).parse("tenant", &tenant)?, number)));
    parsed.collect()
}

/// To whom something of these kinds happened after the entry of `after` and up to `until`, each entry with its number and in
/// the order of those.
pub(crate) async fn happened<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    kinds: &[AuditKind],
    (after, until): (i64, i64),
    limit: u64,
) -> Result<Vec<(i64, String)>, StoreError> {
    let query = entries::Entity::find_in(tenant)
        .select_only()
        .column(entries::Column::Number)
        .column(entries::Column::Subject)
        .filter(entries::Column::Number.gt(after))
        .filter(entries::Column::Number.lte(until))
        .filter(entries::Column::Kind.is_in(kinds.iter().map(|kind| kind.as_str())))
        .order_by_asc(entries::Column::Number)
        .limit(limit);
    Ok(query.into_tuple().all(connection).await?)
}

/// Where all trails end. The one read that spans tenants: each end is then signed for its own.
pub(crate) async fn heads<C: ConnectionTrait>(
    connection: &C,
) -> Result<Vec<(TenantId, Head)>, StoreError> {
    let models = heads::Entity::find().all(connection).await?;
    let parsed = models.into_iter().map(|model| {
        let tenant = Row::of(HEADS, &model.tenant).parse("tenant", &model.tenant)?;
        Ok((tenant, Head::from(model)))
    });
    parsed.collect()
}

/// The ends of the trails of those whom the notes are about, locked until the end of the transaction. The first entry of a
/// tenant makes its trail.
async fn lock_heads(tx: &Tx, notes: &[NewNote]) -> Result<BTreeMap<TenantId, Head>, StoreError> {
    let tenants: BTreeSet<&str> = notes.iter().map(|new| new.tenant.as_str()).collect();
    let tenants: Vec<&str> = tenants.into_iter().collect();
    let mut found = locked(tx, &tenants).await?;
    let mut missing = tenants;
    missing.retain(|tenant| !found.iter().any(|model| model.tenant == *tenant));
    if !missing.is_empty() {
        begin(tx, &missing).await?;
        found.extend(locked(tx, &missing).await?);
    }
    let parsed = found.into_iter().map(|model| {
        let tenant = Row::of(HEADS, &model.tenant).parse("tenant", &model.tenant)?;
        Ok((tenant, Head::from(model)))
    });
    parsed.collect()
}

async fn locked(tx: &Tx, tenants: &[&str]) -> Result<Vec<heads::Model>, StoreError> {
    let mut found = Vec::with_capacity(tenants.len());
    for some in shape::names(tenants) {
        let query = heads::Entity::find().filter(heads::Column::Tenant.is_in(some));
        let query = query.order_by_asc(heads::Column::Tenant).lock_exclusive();
        found.extend(query.all(tx).await?);
    }
    Ok(found)
}

/// Begins trails, unless somebody else does.
async fn begin(tx: &Tx, tenants: &[&str]) -> Result<(), StoreError> {
    let first = tenants.iter().map(|tenant| {
        let Head { number, hash } = Head::none();
        heads::ActiveModel {
            tenant: Set((*tenant).to_owned()),
            number: Set(number),
            hash: Set(hash),
        }
    });
    rows::upsert(tx, first.collect(), "ON CONFLICT (tenant) DO NOTHING").await?;
    Ok(())
}

/// Writes where trails end that this transaction has locked.
async fn move_heads(tx: &Tx, ends: BTreeMap<TenantId, Head>) -> Result<(), StoreError> {
    let moved = ends
        .into_iter()
        .map(|(tenant, Head { number, hash })| heads::ActiveModel {
            tenant: Set(tenant.to_string()),
            number: Set(number),
            hash: Set(hash),
        });
    rows::upsert(tx, moved.collect(), MOVE_HEAD).await?;
    Ok(())
}

fn row(tenant: &TenantId, entry: Entry) -> entries::ActiveModel {
    let Entry {
        number,
        at_ms,
        kind,
        subject,
        body,
        by,
        previous,
        hash,
    } = entry;
    entries::ActiveModel {
        tenant: Set(tenant.to_string()),
        number: Set(number),
        at_ms: Set(at_ms),
        kind: Set(kind),
        subject: Set(subject),
        body: Set(body),
        by_client: Set(by),
        previous: Set(previous),
        hash: Set(hash),
    }
}

impl From<entries::Model> for Entry {
    fn from(model: entries::Model) -> Self {
        let entries::Model {
            tenant: _,
            number,
            at_ms,
            kind,
            subject,
            body,
            by_client: by,
            previous,
            hash,
        } = model;
        Self {
            number,
            at_ms,
            kind,
            subject,
            body,
            by,
            previous,
            hash,
        }
    }
}

impl From<heads::Model> for Head {
    fn from(model: heads::Model) -> Self {
        let heads::Model {
            tenant: _,
            number,
            hash,
        } = model;
        Self { number, hash }
    }
}
