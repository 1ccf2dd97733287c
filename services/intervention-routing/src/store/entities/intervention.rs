//! One row for each intervention.

use domain::block::Block;
use domain::fact::{CancelReason, Resolution};
use domain::id::TenantId;
use domain::moment::Page;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use storage::column::{Row, json, millis};
use storage::{StoreError, TenantScoped};

use super::{assigned, number};
use crate::intervention::{Intervention, State};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "interventions")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub intervention_id: String,
    pub state: String,
    pub block: Option<String>,
    pub cancel_reason: Option<String>,
    pub session_id: String,
    pub person_id: String,
    pub visitor_id: String,
    pub play_id: String,
    pub play_version: i64,
    pub channel: String,
    pub cause: String,
    pub phase: String,
    pub arm: String,
    pub moment_id: String,
    pub moment_at: i64,
    pub assessment_id: String,
    pub cart_version: i64,
    pub page: Option<String>,
    pub task_id: Option<String>,
    pub partner_id: Option<String>,
    pub agent_id: Option<String>,
    pub case_revision: i64,
    pub case_cart_version: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub expires_at: i64,
    pub traceparent: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantScoped for Entity {
    fn tenant_column() -> Column {
        Column::Tenant
    }
}

/// The row of an intervention.
pub(crate) fn row(intervention: &Intervention) -> Result<ActiveModel, StoreError> {
    let Ending {
        block,
        cancel_reason,
    } = Ending::of(&intervention.state)?;
    let text = |word: &str| Set(word.to_owned());
    Ok(ActiveModel {
        tenant: text(intervention.tenant.as_str()),
        intervention_id: Set(intervention.id.to_string()),
        state: text(intervention.state.as_str()),
        block: Set(block),
        cancel_reason: Set(cancel_reason),
        session_id: Set(intervention.session.to_string()),
        person_id: Set(intervention.person.to_string()),
        visitor_id: Set(intervention.visitor.to_string()),
        play_id: text(intervention.play.as_str()),
        play_version: Set(i64::from(intervention.play_version)),
        channel: text(intervention.channel.as_str()),
        cause: text(intervention.cause.as_str()),
        phase: text(intervention.phase.as_str()),
        arm: text(intervention.arm.as_str()),
        moment_id: Set(intervention.moment.to_string()),
        moment_at: Set(millis(intervention.moment_at)),
        assessment_id: Set(intervention.assessment.to_string()),
        cart_version: Set(number(intervention.cart_version)),
        page: Set(intervention
            .page
            .as_ref()
            .map(|page| page.as_str().to_owned())),
        task_id: Set(intervention.task.map(|task| task.to_string())),
        partner_id: Set(intervention
            .agent
            .as_ref()
            .map(|agent| agent.partner.as_str().to_owned())),
        agent_id: Set(intervention
            .agent
            .as_ref()
            .map(|agent| agent.agent.as_str().to_owned())),
        case_revision: Set(number(intervention.case_revision)),
        case_cart_version: Set(number(intervention.case_cart_version)),
        created_at: Set(millis(intervention.created_at)),
        updated_at: Set(millis(intervention.updated_at)),
        expires_at: Set(millis(intervention.expires_at)),
        traceparent: Set(intervention.traceparent.clone()),
    })
}

/// The intervention of a row.
pub(crate) fn intervention(model: &Model) -> Result<Intervention, StoreError> {
    let row = Row::of("interventions", &model.intervention_id);
    let handler = (model.partner_id.as_deref(), model.agent_id.as_deref());
    Ok(Intervention {
        id: row.parse("intervention_id", &model.intervention_id)?,
        tenant: row.valid("tenant", TenantId::parse(&model.tenant))?,
        state: state(&row, model)?,
        session: row.parse("session_id", &model.session_id)?,
        person: row.parse("person_id", &model.person_id)?,
        visitor: row.parse("visitor_id", &model.visitor_id)?,
        play: row.parse("play_id", &model.play_id)?,
        play_version: row.count("play_version", model.play_version)?,
        channel: row.parse("channel", &model.channel)?,
        cause: row.parse("cause", &model.cause)?,
        phase: row.parse("phase", &model.phase)?,
        arm: row.parse("arm", &model.arm)?,
        moment: row.parse("moment_id", &model.moment_id)?,
        moment_at: row.instant("moment_at", model.moment_at)?,
        assessment: row.parse("assessment_id", &model.assessment_id)?,
        cart_version: row.count("cart_version", model.cart_version)?,
        page: row.parse_optional::<Page>("page", model.page.as_deref())?,
        task: row.parse_optional("task_id", model.task_id.as_deref())?,
        agent: assigned(&row, handler)?,
        case_revision: row.count("case_revision", model.case_revision)?,
        case_cart_version: row.count("case_cart_version", model.case_cart_version)?,
        created_at: row.instant("created_at", model.created_at)?,
        updated_at: row.instant("updated_at", model.updated_at)?,
        expires_at: row.instant("expires_at", model.expires_at)?,
        traceparent: model.traceparent.clone(),
    })
}

/// What two of the states carry, in columns of their own.
struct Ending {
    block: Option<String>,
    cancel_reason: Option<String>,
}

impl Ending {
    fn of(state: &State) -> Result<Self, StoreError> {
        let (block, cancel_reason) = match state {
            State::Blocked { block } => (Some(json(block)?), None),
            State::Cancelled { reason } => (None, Some(reason.as_str().to_owned())),
            State::HeldOut
            | State::Scheduled
            | State::Shown
            | State::Accepted
            | State::Declined
            | State::Ignored
            | State::Engaged
            | State::Ended { .. }
            | State::Unanswered => (None, None),
        };
        Ok(Self {
            block,
            cancel_reason,
        })
    }
}

fn state(row: &Row<'_>, model: &Model) -> Result<State, StoreError> {
    let ended = |resolution| State::Ended { resolution };
    let state = match (model.state.as_str(), &model.block, &model.cancel_reason) {
        ("blocked", Some(block), None) => State::Blocked {
            block: row.json::<Block>("block", block)?,
        },
        ("cancelled", None, Some(reason)) => State::Cancelled {
            reason: row.parse::<CancelReason>("cancel_reason", reason)?,
        },
        (word, None, None) => match word {
            "held_out" => State::HeldOut,
            "scheduled" => State::Scheduled,
            "shown" => State::Shown,
            "accepted" => State::Accepted,
            "declined" => State::Declined,
            "ignored" => State::Ignored,
            "engaged" => State::Engaged,
            "resolved" => ended(Resolution::Resolved),
            "unresolved" => ended(Resolution::Unresolved),
            "left" => ended(Resolution::Left),
            "unanswered" => State::Unanswered,
            _ => return Err(row.corrupt("state")),
        },
        (_, _, _) => return Err(row.corrupt("state")),
    };
    Ok(state)
}
