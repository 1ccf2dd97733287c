//! What is known of an intervention, in its newest revision.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cases")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) intervention_id: String,
    pub(crate) revision: i64,
    pub(crate) session_id: String,
    pub(crate) person_id: String,
    pub(crate) cause: String,
    /// The cart, whole.
    pub(crate) cart: String,
    pub(crate) partner_id: Option<String>,
    pub(crate) agent_id: Option<String>,
    pub(crate) recorded_at: i64,
    /// The trace of the first record: the one in which the intervention was decided.
    pub(crate) traceparent: Option<String>,
    /// How the shopper is reached.
    pub(crate) channel: Option<String>,
}

super::scoped_by_tenant!();
