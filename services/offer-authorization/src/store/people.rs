//! The place in a list by partner and agent.

use domain::id::{AgentId, PartnerId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QueryTrait, Select};
use serde::{Deserialize, Serialize};

/// Rows of such a list in its order: of one partner or of all, from the start or after a place.
pub(super) fn page<E: EntityTrait>(
    rows: Select<E>,
    [partner, agent]: [E::Column; 2],
    of: Option<&PartnerId>,
    after: Option<&PersonCursor>,
) -> Select<E> {
    let (of_partner, of_agent) = (Expr::col(partner), Expr::col(agent));
    rows.apply_if(of, |rows, of| rows.filter(partner.eq(of.as_str())))
        .apply_if(after, |rows, after| {
            rows.filter(after.is_before(&of_partner, &of_agent))
        })
        .order_by_asc(partner)
        .order_by_asc(agent)
}

/// The sort key of such a list; the agent is empty for a whole partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PersonCursor {
    partner: String,
    agent: String,
}

impl PersonCursor {
    /// The place of somebody, or of a whole partner.
    pub(crate) fn of(partner: &PartnerId, agent: Option<&AgentId>) -> Self {
        Self {
            partner: partner.to_string(),
            agent: agent.map_or_else(String::new, AgentId::to_string),
        }
    }

    /// Whether a row with these columns comes later.
    fn is_before(&self, partner: &Expr, agent: &Expr) -> Condition {
        let Self {
            partner: of_partner,
            agent: of_agent,
        } = self;
        let same_partner = partner.clone().eq(of_partner.as_str());
        Condition::any()
            .add(partner.clone().gt(of_partner.as_str()))
            .add(same_partner.and(agent.clone().gt(of_agent.as_str())))
    }
}
