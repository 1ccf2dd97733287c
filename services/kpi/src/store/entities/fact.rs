//! One row for each fact. The payload is the fact itself, in the bytes of its wire contract; the columns beside it are
//! copies for queries.

use domain::fact::Fact;
use domain::id::TenantId;
use domain::time::Timestamp;
use prost::Message;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use storage::column::{Row, millis};
use storage::{StoreError, TenantScoped};

use crate::store::FactKind;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "facts")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub fact_id: String,
    pub occurred_at: i64,
    pub recorded_at: i64,
    pub kind: String,
    pub session: Option<String>,
    pub person: Option<String>,
    pub intervention: Option<String>,
    pub partner: Option<String>,
    pub payload: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantScoped for Entity {
    fn tenant_column() -> Column {
        Column::Tenant
    }
}

/// The row of a fact.
pub(crate) fn row(tenant: &TenantId, fact: &Fact, now: Timestamp) -> ActiveModel {
    ActiveModel {
        tenant: Set(tenant.as_str().to_owned()),
        fact_id: Set(fact.id.to_string()),
        occurred_at: Set(millis(fact.occurred_at)),
        recorded_at: Set(millis(now)),
        kind: Set(FactKind::of(&fact.body).as_str().to_owned()),
        session: Set(fact.session.map(|session| session.to_string())),
        person: Set(fact.person.map(|person| person.to_string())),
        intervention: Set(fact
            .intervention
            .map(|intervention| intervention.to_string())),
        partner: Set(fact
            .partner
            .as_ref()
            .map(|partner| partner.as_str().to_owned())),
        payload: Set(proto::fact::v1::Fact::from(fact.clone()).encode_to_vec()),
    }
}

/// The fact of a row. Its time and id must be those of the columns that found it.
pub(crate) fn fact(model: &Model) -> Result<Fact, StoreError> {
    let row = Row::of("facts", &model.fact_id);
    let wire = row.valid(
        "payload",
        proto::fact::v1::Fact::decode(model.payload.as_slice()),
    )?;
    let fact = row.valid("payload", Fact::try_from(wire))?;
    if fact.id.to_string() != model.fact_id {
        return Err(row.corrupt("fact_id"));
    }
    if millis(fact.occurred_at) != model.occurred_at {
        return Err(row.corrupt("occurred_at"));
    }
    Ok(fact)
}
