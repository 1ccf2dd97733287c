//! One row for each decision, with the moment and assessment that it was made on.

use domain::id::TenantId;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use storage::column::{Row, json, millis};
use storage::{StoreError, TenantScoped};

use crate::decision::{Decision, Explanation};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "decisions")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub decision_id: String,
    pub moment_id: String,
    pub session_id: String,
    pub session_version: i64,
    pub outcome: String,
    pub intervention_id: Option<String>,
    pub steps: String,
    pub moment: String,
    pub assessment: String,
    pub decided_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantScoped for Entity {
    fn tenant_column() -> Column {
        Column::Tenant
    }
}

/// The row of a decision.
pub(crate) fn row(tenant: &TenantId, explained: &Explanation) -> Result<ActiveModel, StoreError> {
    let Explanation {
        decision,
        steps,
        moment,
        assessment,
    } = explained;
    let Decision {
        id,
        moment: moment_id,
        session,
        outcome,
        intervention,
        decided_at,
    } = decision;
    Ok(ActiveModel {
        tenant: Set(tenant.as_str().to_owned()),
        decision_id: Set(id.to_string()),
        moment_id: Set(moment_id.to_string()),
        session_id: Set(session.to_string()),
        session_version: Set(i64::try_from(moment.session_version).unwrap_or(i64::MAX)),
        outcome: Set(outcome.as_str().to_owned()),
        intervention_id: Set(intervention.map(|intervention| intervention.to_string())),
        steps: Set(json(steps)?),
        moment: Set(json(moment)?),
        assessment: Set(json(assessment)?),
        decided_at: Set(millis(*decided_at)),
    })
}

/// The decision of a row.
pub(crate) fn decision(model: &Model) -> Result<Decision, StoreError> {
    let row = Row::of("decisions", &model.decision_id);
    Ok(Decision {
        id: row.parse("decision_id", &model.decision_id)?,
        moment: row.parse("moment_id", &model.moment_id)?,
        session: row.parse("session_id", &model.session_id)?,
        outcome: row.parse("outcome", &model.outcome)?,
        intervention: row.parse_optional("intervention_id", model.intervention_id.as_deref())?,
        decided_at: row.instant("decided_at", model.decided_at)?,
    })
}

/// The decision of a row with all that it saw.
pub(crate) fn explanation(model: &Model) -> Result<Explanation, StoreError> {
    let row = Row::of("decisions", &model.decision_id);
    Ok(Explanation {
        decision: decision(model)?,
        steps: row.json("steps", &model.steps)?,
        moment: row.json("moment", &model.moment)?,
        assessment: row.json("assessment", &model.assessment)?,
    })
}
