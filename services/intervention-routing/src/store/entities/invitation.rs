//! One row for each invitation or notice.

use domain::fact::SurveyScore;
use domain::id::TenantId;
use domain::text::Text;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use storage::column::{Row, json, millis};
use storage::{StoreError, TenantScoped};

use super::{asked, number, word};
use crate::invitation::Invitation;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitations")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub invitation_id: String,
    pub intervention_id: String,
    pub session_id: String,
    pub state: String,
    pub version: i64,
    pub channel: String,
    pub queue_id: Option<String>,
    pub skill: Option<String>,
    pub language: Option<String>,
    pub text: String,
    pub brief: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub expires_at: i64,
    pub shown_at: Option<i64>,
    pub survey_score: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantScoped for Entity {
    fn tenant_column() -> Column {
        Column::Tenant
    }
}

/// The row of an invitation.
pub(crate) fn row(invitation: &Invitation) -> Result<ActiveModel, StoreError> {
    let Invitation {
        id,
        tenant,
        intervention,
        session,
        state,
        version,
        channel,
        queue,
        text,
        brief,
        created_at,
        updated_at,
        expires_at,
        shown_at,
        survey,
    } = invitation;
    let (skill, language) = asked(brief);
    Ok(ActiveModel {
        tenant: word(tenant.as_str()),
        invitation_id: Set(id.to_string()),
        intervention_id: Set(intervention.to_string()),
        session_id: Set(session.to_string()),
        state: word(state.as_str()),
        version: Set(number(*version)),
        channel: word(channel.as_str()),
        queue_id: Set(queue.as_ref().map(ToString::to_string)),
        skill,
        language,
        text: word(text.as_str()),
        brief: Set(json(brief)?),
        created_at: Set(millis(*created_at)),
        updated_at: Set(millis(*updated_at)),
        expires_at: Set(millis(*expires_at)),
        shown_at: Set(shown_at.map(millis)),
        survey_score: Set(survey.map(|score| i64::from(score.get()))),
    })
}

/// The invitation of a row.
pub(crate) fn invitation(model: &Model) -> Result<Invitation, StoreError> {
    let row = Row::of("invitations", &model.invitation_id);
    Ok(Invitation {
        id: row.parse("invitation_id", &model.invitation_id)?,
        tenant: row.valid("tenant", TenantId::parse(&model.tenant))?,
        intervention: row.parse("intervention_id", &model.intervention_id)?,
        session: row.parse("session_id", &model.session_id)?,
        state: row.parse("state", &model.state)?,
        version: row.count("version", model.version)?,
        channel: row.parse("channel", &model.channel)?,
        queue: row.parse_optional("queue_id", model.queue_id.as_deref())?,
        text: row.valid("text", Text::parse(&model.text))?,
        brief: row.json("brief", &model.brief)?,
        created_at: row.instant("created_at", model.created_at)?,
        updated_at: row.instant("updated_at", model.updated_at)?,
        expires_at: row.instant("expires_at", model.expires_at)?,
        shown_at: row.instant_optional("shown_at", model.shown_at)?,
        survey: model
            .survey_score
            .map(|score| survey(&row, score))
            .transpose()?,
    })
}

fn survey(row: &Row<'_>, score: i64) -> Result<SurveyScore, StoreError> {
    let score: u8 = row.count("survey_score", score)?;
    row.valid("survey_score", SurveyScore::new(score))
}
