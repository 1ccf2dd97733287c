//! Offers, each with its state and what belongs to the state.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "offers")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) offer_id: String,
    pub(crate) tenant: String,
    pub(crate) intervention_id: String,
    pub(crate) session_id: String,
    pub(crate) person_id: String,
    pub(crate) remedy: String,
    pub(crate) amount_minor: i64,
    pub(crate) amount_currency: String,
    pub(crate) programme_id: String,
    pub(crate) partner_id: String,
    pub(crate) agent_id: String,
    pub(crate) cart_version: i64,
    pub(crate) policy_version: i64,
    pub(crate) created_at: i64,
    pub(crate) traceparent: Option<String>,
    pub(crate) state: String,
    pub(crate) until: i64,
    pub(crate) purse_day: Option<i64>,
    pub(crate) approved_by: Option<String>,
    pub(crate) redemption_id: Option<String>,
    pub(crate) order_id: Option<String>,
    pub(crate) redeemed_at: Option<i64>,
    pub(crate) reversed_minor: i64,
    pub(crate) authority_until: Option<i64>,
    /// The policies by which it was granted.
    pub(crate) decided_by: Option<String>,
    /// By which version of the policy it was granted.
    pub(crate) hold_policy_version: Option<i64>,
    /// The first day of the period whose budget it draws on; `NULL` for a budget without periods.
    pub(crate) budget_day: Option<i64>,
    /// Who approved it first, where it takes two.
    pub(crate) first_approved_by: Option<String>,
}

super::scoped_by_tenant!();
