//! One row for each version of a play.

use domain::id::TenantId;
use domain::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use storage::column::{Row, json, millis};
use storage::{StoreError, TenantScoped};

use crate::play::Play;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plays")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub play_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub state: String,
    pub rule: String,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantScoped for Entity {
    fn tenant_column() -> Column {
        Column::Tenant
    }
}

/// The row of a new version.
pub(crate) fn row(
    tenant: &TenantId,
    play: &Play,
    now: Timestamp,
) -> Result<ActiveModel, StoreError> {
    let Play {
        id,
        version,
        state,
        rule,
    } = play;
    Ok(ActiveModel {
        tenant: Set(tenant.as_str().to_owned()),
        play_id: Set(id.as_str().to_owned()),
        version: Set(i64::from(*version)),
        state: Set(state.as_str().to_owned()),
        rule: Set(json(rule)?),
        created_at: Set(millis(now)),
        updated_at: Set(millis(now)),
    })
}

/// The version of a row.
pub(crate) fn play(model: &Model) -> Result<Play, StoreError> {
    let row = Row::of("plays", &model.play_id);
    Ok(Play {
        id: row.parse("play_id", &model.play_id)?,
        version: row.count("version", model.version)?,
        state: row.parse("state", &model.state)?,
        rule: row.json("rule", &model.rule)?,
    })
}
