//! What is known of agents and supervisors beyond their roles.

use domain::id::{PartnerId, TenantId};
use domain::time::Timestamp;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
};
use serde::{Deserialize, Serialize};
use storage::column::{self, Row};
use storage::{StoreError, TenantScoped, Tx};

use super::entities::standings::{ActiveModel, Column, Entity, Model};
use super::people::{self, PersonCursor};
use crate::authority::Standing;
use crate::case::CaseAgent;

const TABLE: &str = "standings";

/// Somebody, and what is known of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownPerson {
    pub(crate) who: CaseAgent,
    pub(crate) standing: Standing,
}

/// Stores what is known of somebody, in place of what was.
pub(crate) async fn set(
    tx: &Tx,
    tenant: &TenantId,
    known: &KnownPerson,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = ActiveModel {
        tenant: Set(tenant.to_string()),
        partner_id: Set(known.who.partner.to_string()),
        agent_id: Set(known.who.agent.to_string()),
        standing: Set(column::json(&known.standing)?),
        set_at: Set(column::millis(now)),
    };
    let replace = OnConflict::columns([Column::Tenant, Column::PartnerId, Column::AgentId])
        .update_columns([Column::Standing, Column::SetAt])
        .to_owned();
    Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// What is known of these people, in their order; nothing of whom nobody set anything.
pub(crate) async fn of_all<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    people: &[CaseAgent],
) -> Result<Vec<Standing>, StoreError> {
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let partners = people.iter().map(|who| who.partner.as_str());
    let agents = people.iter().map(|who| who.agent.as_str());
    let models = Entity::find_in(tenant)
        .filter(Column::PartnerId.is_in(partners))
        .filter(Column::AgentId.is_in(agents))
        .all(connection)
        .await?;
    let known: Vec<KnownPerson> = models.iter().map(parse).collect::<Result<_, _>>()?;
    let standing = |who: &CaseAgent| {
        let found = known.iter().find(|known| known.who == *who);
        found.map_or_else(Standing::default, |known| known.standing.clone())
    };
    Ok(people.iter().map(standing).collect())
}

/// Lists standings by partner and name.
pub(crate) async fn list<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    partner: Option<&PartnerId>,
    after: Option<&PersonCursor>,
    limit: u64,
) -> Result<Vec<KnownPerson>, StoreError> {
    let columns = [Column::PartnerId, Column::AgentId];
    let rows = people::page(Entity::find_in(tenant), columns, partner, after);
    let models = rows.limit(limit).all(connection).await?;
    models.iter().map(parse).collect()
}

fn parse(model: &Model) -> Result<KnownPerson, StoreError> {
    let row = Row::of(TABLE, &model.agent_id);
    Ok(KnownPerson {
        who: CaseAgent {
            partner: row.parse("partner_id", &model.partner_id)?,
            agent: row.parse("agent_id", &model.agent_id)?,
        },
        standing: row.json("standing", &model.standing)?,
    })
}
