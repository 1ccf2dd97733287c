//! Who could approve a proposal: only the policy is asked, as money and margin are looked at when it is granted.

use domain::time::Timestamp;

use super::{Proposal, Unit, standing_of};
use crate::authority::{
    AuthorityQuestion, BOTH, Circumstances, Grantor, GrantorRole, Seek, Standing,
};
use crate::case::CaseAgent;
use crate::error::OfferError;
use crate::offer::Approver;
use crate::store::standings;

/// Most people of a partner who are looked at for one who could approve.
const MOST_SUPERVISORS: u64 = 200;

/// The right to approve something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::service) struct Authority {
    /// The first instant at which it is gone; absent for no end.
    pub(in crate::service) until: Option<Timestamp>,
}

/// By whose authority somebody approves what this agent asked for.
pub(in crate::service) fn grantor(approver: &Approver, agent: &CaseAgent) -> Grantor {
    match approver {
        Approver::Supervisor(person) => Grantor::Person(GrantorRole::Supervisor, person.clone()),
        Approver::Shop => Grantor::Shop(agent.partner.clone()),
    }
}

impl Proposal<'_> {
    /// Whether some supervisor of the partner could approve it, if need be with another: one of whom nothing is known, or
    /// one of those with a tier or certificates. Only the policy is asked, as nothing but the limit of whoever asks stands
    /// against it.
    pub(in crate::service) async fn a_supervisor_may(
        &self,
        unit: &Unit<'_>,
    ) -> Result<bool, OfferError> {
        let partner = &self.wish.agent.partner;
        if self.would_allow(
            &Grantor::AnySupervisor(partner.clone()),
            Standing::default(),
        ) {
            return Ok(true);
        }
        let (tx, tenant) = (unit.tx, &unit.tenant);
        let mut known = standings::list(tx, tenant, Some(partner), None, MOST_SUPERVISORS).await?;
        known.retain(|known| known.who != *self.wish.agent);
        Ok(known.into_iter().any(|known| {
            let grantor = Grantor::Person(GrantorRole::Supervisor, known.who);
            self.would_allow(&grantor, known.standing)
        }))
    }

    fn would_allow(&self, grantor: &Grantor, standing: Standing) -> bool {
        let circumstances = self.approved_by_both(standing);
        self.wish.policy.allows(AuthorityQuestion {
            grantor,
            circumstances: &circumstances,
            ..self.asked()
        })
    }

    /// By which authority somebody may approve it together with somebody else; `None` for none.
    pub(in crate::service) async fn authority_of(
        &self,
        unit: &Unit<'_>,
        approver: &Approver,
    ) -> Result<Option<Authority>, OfferError> {
        let grantor = grantor(approver, self.wish.agent);
        let rules = self.wish.rules;
        if let Grantor::Person(_, who) = &grantor {
            let who = std::slice::from_ref(who);
            rules.meet(unit.tx, &unit.tenant, who).await?;
        }
        let circumstances = self.approved_by_both(standing_of(&grantor, rules));
        let asked = AuthorityQuestion {
            grantor: &grantor,
            circumstances: &circumstances,
            ..self.asked()
        };
        let amount = self.wish.amount.minor_units();
        let weighed = self.wish.policy.ask(asked).weigh(amount, Seek::Answer);
        let until = weighed.until;
        Ok(weighed.refusals.is_empty().then_some(Authority { until }))
    }

    /// What a policy can see of somebody who approves with somebody else.
    fn approved_by_both(&self, standing: Standing) -> Circumstances {
        Circumstances {
            standing,
            approvals: BOTH,
            ..self.circumstances.clone()
        }
    }
}
