//! One row for each reservation.

use domain::id::TenantId;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use storage::column::{Row, millis};
use storage::{StoreError, TenantScoped};

use super::{number, word};
use crate::intervention::AssignedAgent;
use crate::reservation::{Declined, Reservation};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reservations")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub reservation_id: String,
    pub task_id: String,
    pub intervention_id: String,
    pub partner_id: String,
    pub agent_id: String,
    pub queue_id: String,
    pub channel: String,
    pub state: String,
    pub version: i64,
    pub units: i64,
    pub decline_reason: Option<String>,
    pub decline_load: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantScoped for Entity {
    fn tenant_column() -> Column {
        Column::Tenant
    }
}

/// The row of a reservation.
pub(crate) fn row(reservation: &Reservation) -> ActiveModel {
    let Reservation {
        id,
        tenant,
        task,
        intervention,
        agent: AssignedAgent { partner, agent },
        queue,
        channel,
        state,
        version,
        units,
        declined,
        created_at,
        updated_at,
        expires_at,
    } = reservation;
    let reason = declined.as_ref().and_then(|how| how.reason.as_ref());
    ActiveModel {
        tenant: word(tenant.as_str()),
        reservation_id: Set(id.to_string()),
        task_id: Set(task.to_string()),
        intervention_id: Set(intervention.to_string()),
        partner_id: word(partner.as_str()),
        agent_id: word(agent.as_str()),
        queue_id: word(queue.as_str()),
        channel: word(channel.as_str()),
        state: word(state.as_str()),
        version: Set(number(*version)),
        units: Set(i64::from(*units)),
        decline_reason: Set(reason.map(|reason| reason.as_str().to_owned())),
        decline_load: Set(declined.as_ref().map(|how| i64::from(how.used_units))),
        created_at: Set(millis(*created_at)),
        updated_at: Set(millis(*updated_at)),
        expires_at: Set(millis(*expires_at)),
    }
}

/// The reservation of a row.
pub(crate) fn reservation(model: &Model) -> Result<Reservation, StoreError> {
    let row = Row::of("reservations", &model.reservation_id);
    Ok(Reservation {
        id: row.parse("reservation_id", &model.reservation_id)?,
        tenant: row.valid("tenant", TenantId::parse(&model.tenant))?,
        task: row.parse("task_id", &model.task_id)?,
        intervention: row.parse("intervention_id", &model.intervention_id)?,
        agent: AssignedAgent {
            partner: row.parse("partner_id", &model.partner_id)?,
            agent: row.parse("agent_id", &model.agent_id)?,
        },
        queue: row.parse("queue_id", &model.queue_id)?,
        channel: row.parse("channel", &model.channel)?,
        state: row.parse("state", &model.state)?,
        version: row.count("version", model.version)?,
        units: row.count("units", model.units)?,
        declined: declined(&row, model)?,
        created_at: row.instant("created_at", model.created_at)?,
        updated_at: row.instant("updated_at", model.updated_at)?,
        expires_at: row.instant("expires_at", model.expires_at)?,
    })
}

fn declined(row: &Row<'_>, model: &Model) -> Result<Option<Declined>, StoreError> {
    let Some(load) = model.decline_load else {
        return Ok(None);
    };
    Ok(Some(Declined {
        reason: row.parse_optional("decline_reason", model.decline_reason.as_deref())?,
        used_units: row.count("decline_load", load)?,
    }))
}
