//! One row for each task.

use domain::id::TenantId;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use storage::column::{Row, json, millis};
use storage::{StoreError, TenantScoped};

use super::{asked, assigned, number, word};
use crate::task::Task;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tasks")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub task_id: String,
    pub intervention_id: String,
    pub session_id: String,
    pub state: String,
    pub version: i64,
    pub channel: String,
    pub queue_id: String,
    pub skill: Option<String>,
    pub language: Option<String>,
    pub partner_id: Option<String>,
    pub agent_id: Option<String>,
    pub brief: String,
    pub cart_now: Option<String>,
    pub started_at: Option<i64>,
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

/// The row of a task.
pub(crate) fn row(task: &Task) -> Result<ActiveModel, StoreError> {
    let Task {
        id,
        tenant,
        intervention,
        session,
        state,
        version,
        channel,
        queue,
        brief,
        cart_now,
        agent,
        started_at,
        created_at,
        updated_at,
        expires_at,
    } = task;
    let (skill, language) = asked(brief);
    Ok(ActiveModel {
        tenant: word(tenant.as_str()),
        task_id: Set(id.to_string()),
        intervention_id: Set(intervention.to_string()),
        session_id: Set(session.to_string()),
        state: word(state.as_str()),
        version: Set(number(*version)),
        channel: word(channel.as_str()),
        queue_id: word(queue.as_str()),
        skill,
        language,
        partner_id: Set(agent.as_ref().map(|agent| agent.partner.to_string())),
        agent_id: Set(agent.as_ref().map(|agent| agent.agent.to_string())),
        brief: Set(json(brief)?),
        cart_now: Set(cart_now.as_ref().map(json).transpose()?),
        started_at: Set(started_at.map(millis)),
        created_at: Set(millis(*created_at)),
        updated_at: Set(millis(*updated_at)),
        expires_at: Set(millis(*expires_at)),
    })
}

/// The task of a row.
pub(crate) fn task(model: &Model) -> Result<Task, StoreError> {
    let row = Row::of("tasks", &model.task_id);
    let holder = (model.partner_id.as_deref(), model.agent_id.as_deref());
    Ok(Task {
        id: row.parse("task_id", &model.task_id)?,
        tenant: row.valid("tenant", TenantId::parse(&model.tenant))?,
        intervention: row.parse("intervention_id", &model.intervention_id)?,
        session: row.parse("session_id", &model.session_id)?,
        state: row.parse("state", &model.state)?,
        version: row.count("version", model.version)?,
        channel: row.parse("channel", &model.channel)?,
        queue: row.parse("queue_id", &model.queue_id)?,
        brief: row.json("brief", &model.brief)?,
        cart_now: model
            .cart_now
            .as_deref()
            .map(|cart| row.json("cart_now", cart))
            .transpose()?,
        agent: assigned(&row, holder)?,
        started_at: row.instant_optional("started_at", model.started_at)?,
        created_at: row.instant("created_at", model.created_at)?,
        updated_at: row.instant("updated_at", model.updated_at)?,
        expires_at: row.instant("expires_at", model.expires_at)?,
    })
}
