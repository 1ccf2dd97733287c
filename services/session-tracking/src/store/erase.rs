//! Forgetting a person: sessions, their events in the log, and the history of the devices.

use std::collections::BTreeSet;

use domain::id::{PersonId, SessionId, TenantId};
use domain::time::Timestamp;
use futures::FutureExt;
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait, Condition, QueryFilter, QuerySelect, Set};
use serde::{Deserialize, Serialize};
use storage::{RequestKey, StoreError, TenantScoped, Tx, column};

use super::entities::{event_batch, session, visitor};
use super::record::encode;
use super::{CHUNK, Store, places, row, signed};
use crate::session::LogPlace;

/// What was erased. Stored as the first answer to its request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Erased {
    pub(crate) session_count: usize,
    pub(crate) erased_at: Timestamp,
}

impl Store {
    /// Removes everything about a person, once per request.
    pub(crate) async fn erase(
        &self,
        key: RequestKey,
        person: PersonId,
        now: Timestamp,
    ) -> Result<Erased, StoreError> {
        let tenant = key.tenant.clone();
        self.database
            .write_once(key, now, move |tx| {
                let tenant = tenant.clone();
                async move { erase(tx, &tenant, person, now).await }.boxed()
            })
            .await
    }

    /// The sessions of a person that have rows.
    pub(crate) async fn sessions_of(
        &self,
        tenant: &TenantId,
        person: PersonId,
    ) -> Result<Vec<SessionId>, StoreError> {
        let ids: Vec<String> = session::Entity::find_in(tenant)
            .select_only()
            .column(session::Column::SessionId)
            .filter(of(person))
            .into_tuple()
            .all(self.database.read())
            .await?;
        ids.iter()
            .map(|id| column::Row::of("sessions", id).parse("session_id", id))
            .collect()
    }
}

fn of(person: PersonId) -> SimpleExpr {
    match person {
        PersonId::Shopper(id) => session::Column::ShopperId.eq(id.to_string()),
        PersonId::Visitor(id) => session::Column::VisitorId.eq(id.to_string()),
    }
}

async fn erase(
    tx: &Tx,
    tenant: &TenantId,
    person: PersonId,
    now: Timestamp,
) -> Result<Erased, StoreError> {
    let rows = session::Entity::find_in(tenant)
        .filter(of(person))
        .all(tx)
        .await?;
    let mut sessions = Vec::new();
    let mut found = BTreeSet::new();
    let mut visitors = BTreeSet::new();
    for model in &rows {
        let row = column::Row::of("sessions", &model.session_id);
        sessions.push(row.parse("session_id", &model.session_id)?);
        found.extend(places::read(&row, &model.places)?);
        visitors.insert(model.visitor_id.clone());
    }
    if let PersonId::Visitor(id) = person {
        visitors.insert(id.to_string());
    }
    for place in found {
        rewrite(tx, tenant, place, &sessions).await?;
    }
    delete_sessions(tx, tenant, &sessions).await?;
    delete_histories(tx, tenant, visitors).await?;
    Ok(Erased {
        session_count: sessions.len(),
        erased_at: now,
    })
}

async fn delete_sessions(
    tx: &Tx,
    tenant: &TenantId,
    sessions: &[SessionId],
) -> Result<(), StoreError> {
    let names: Vec<String> = sessions.iter().map(SessionId::to_string).collect();
    for names in names.chunks(CHUNK) {
        session::Entity::delete_in(tenant)
            .filter(session::Column::SessionId.is_in(names))
            .exec(tx)
            .await?;
    }
    Ok(())
}

async fn delete_histories(
    tx: &Tx,
    tenant: &TenantId,
    visitors: BTreeSet<String>,
) -> Result<(), StoreError> {
    let names: Vec<String> = visitors.into_iter().collect();
    for names in names.chunks(CHUNK) {
        visitor::Entity::delete_in(tenant)
            .filter(visitor::Column::VisitorId.is_in(names))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Writes one batch of the log again without the erased sessions.
async fn rewrite(
    tx: &Tx,
    tenant: &TenantId,
    place: LogPlace,
    sessions: &[SessionId],
) -> Result<(), StoreError> {
    let here = Condition::all()
        .add(event_batch::Column::Partition.eq(i64::from(place.partition)))
        .add(event_batch::Column::Sequence.eq(signed(place.sequence)));
    let batch = event_batch::Entity::find_in(tenant)
        .filter(here.clone())
        .one(tx)
        .await?;
    let Some(batch) = batch else { return Ok(()) };
    let (_, now, left) = row::record(&batch, |session| !sessions.contains(&session))?;
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
