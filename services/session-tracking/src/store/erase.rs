//! Forgetting a person: sessions, their events in the log, consents, the history of the devices, and what waits to be
//! told of them.

use std::collections::BTreeSet;

use domain::id::{PersonId, SessionId, TenantId};
use domain::time::Timestamp;
use futures::FutureExt;
use messaging::outbox;
use sea_orm::{ColumnTrait, Condition, QueryFilter, QuerySelect, Set};
use serde::{Deserialize, Serialize};
use storage::{RequestKey, StoreError, TenantScoped, Tx, column};

use super::entities::{event_batch, history, session};
use super::record::encode;
use super::{CHUNK, Heads, Store, heads, of_person, persons, places, row, signed};
use crate::outbound::{DESTINATIONS, blanked};
use crate::session::LogPlace;

/// The state of a session that was erased, in its row.
pub(super) const ERASED: &str = "erased";

/// What was erased. Stored as the first answer to its request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Erased {
    pub(crate) session_count: usize,
    pub(crate) erased_at: Timestamp,
}

impl Store {
    /// Removes everything about a person, once per request, for the one writer of a partition.
    pub(crate) async fn erase(
        &self,
        key: RequestKey,
        person: PersonId,
        now: Timestamp,
        (partition, heads): (u16, Heads),
    ) -> Result<Erased, StoreError> {
        let tenant = key.tenant.clone();
        self.database
            .write_once(key, now, move |tx| {
                let tenant = tenant.clone();
                async move {
                    // Another writer would not know, and write everything again.
                    heads::advance(tx, partition, (heads, heads)).await?;
                    erase(tx, &tenant, person, now).await
                }
                .boxed()
            })
            .await
    }

    /// The sessions that have rows and are about a person, or name one.
    pub(crate) async fn sessions_of(
        &self,
        tenant: &TenantId,
        person: PersonId,
    ) -> Result<Vec<SessionId>, StoreError> {
        let ids = of_person::of(self.database.read(), tenant, person).await?;
        ids.iter()
            .map(|id| column::Row::of("sessions", id).parse("session_id", id))
            .collect()
    }
}

async fn erase(
    tx: &Tx,
    tenant: &TenantId,
    person: PersonId,
    now: Timestamp,
) -> Result<Erased, StoreError> {
    let ids = of_person::of(tx, tenant, person).await?;
    let mut sessions = Vec::new();
    let mut found = BTreeSet::new();
    let mut persons = BTreeSet::new();
    for ids in ids.chunks(CHUNK) {
        let rows = session::Entity::find_in(tenant)
            .filter(session::Column::SessionId.is_in(ids.iter().map(String::as_str)))
            .all(tx)
            .await?;
        for model in rows {
            let row = column::Row::of("sessions", &model.session_id);
            sessions.push(row.parse("session_id", &model.session_id)?);
            found.extend(places::read(&row, &model.places)?);
            persons.insert(model.visitor_id);
        }
    }
    persons.insert(person.to_string());
    let persons: Vec<String> = persons.into_iter().collect();
    for place in found {
        rewrite(tx, tenant, place, |session| !sessions.contains(&session)).await?;
    }
    let names: Vec<String> = sessions.iter().map(SessionId::to_string).collect();
    blank_sessions(tx, tenant, &names, now).await?;
    delete_histories(tx, tenant, &persons).await?;
    persons::forget(tx, tenant, (&sessions, &persons)).await?;
    outbox::revise(tx, tenant, (DESTINATIONS, &names), blanked).await?;
    Ok(Erased {
        session_count: sessions.len(),
        erased_at: now,
    })
}

/// Leaves of each session that it was erased, and nothing else: what is sent of it later, or again, is not taken.
async fn blank_sessions(
    tx: &Tx,
    tenant: &TenantId,
    sessions: &[String],
    now: Timestamp,
) -> Result<(), StoreError> {
    for names in sessions.chunks(CHUNK) {
        let blank = session::ActiveModel {
            visitor_id: Set(String::new()),
            shopper_id: Set(None),
            state: Set(ERASED.to_owned()),
            phase: Set(String::new()),
            cart_value_minor: Set(0),
            cart_value_currency: Set(String::new()),
            doubted: Set(0),
            progress_until: Set(None),
            last_event_at: Set(column::millis(now)),
            due_at: Set(None),
            packed: Set(Vec::new()),
            places: Set(Vec::new()),
            ..Default::default()
        };
        session::Entity::update_in(tenant)
            .set(blank)
            .filter(session::Column::SessionId.is_in(names.iter().map(String::as_str)))
            .exec(tx)
            .await?;
    }
    Ok(())
}

async fn delete_histories(
    tx: &Tx,
    tenant: &TenantId,
    persons: &[String],
) -> Result<(), StoreError> {
    for persons in persons.chunks(CHUNK) {
        history::Entity::delete_in(tenant)
            .filter(history::Column::PersonId.is_in(persons.iter().map(String::as_str)))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Writes one batch of the log again with the sessions that are to be kept, or none when no session is.
pub(super) async fn rewrite(
    tx: &Tx,
    tenant: &TenantId,
    place: LogPlace,
    is_kept: impl Fn(SessionId) -> bool,
) -> Result<(), StoreError> {
    let here = Condition::all()
        .add(event_batch::Column::Partition.eq(i64::from(place.partition)))
        .add(event_batch::Column::Sequence.eq(signed(place.sequence)));
    // Retention rewrites batches too: what one of the two takes away, the other must not bring back.
    let batch = event_batch::Entity::find_in(tenant)
        .filter(here.clone())
        .lock_exclusive()
        .one(tx)
        .await?;
    let Some(batch) = batch else { return Ok(()) };
    let (_, now, left) = row::record(&batch, is_kept)?;
    if left.is_empty() {
        event_batch::Entity::delete_in(tenant)
            .filter(here)
            .exec(tx)
            .await?;
        return Ok(());
    }
    let update = event_batch::ActiveModel {
        payload: Set(encode(now, &left)),
        ..Default::default()
    };
    event_batch::Entity::update_in(tenant)
        .set(update)
        .filter(here)
        .exec(tx)
        .await?;
    Ok(())
}
