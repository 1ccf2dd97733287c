//! Offers, from their hold to their reversal.

use std::collections::BTreeMap;

use domain::fact::{Fact, FactBody};
use domain::id::{InterventionId, OfferId, PartnerId};
use domain::money::Money;
use domain::time::Timestamp;

use super::stamp::{First, Stamp};

/// All offers, and all refusals, which have no offer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Offers {
    pub(crate) offers: BTreeMap<OfferId, Offer>,
    pub(crate) refusals: BTreeMap<Stamp, Source>,
}

/// Where an offer came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) partner: Option<PartnerId>,
    pub(crate) intervention: Option<InterventionId>,
}

/// What the facts say of one offer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Offer {
    pub(crate) held: First<(Money, Source)>,
    pub(crate) released: First<()>,
    pub(crate) expired: First<()>,
    pub(crate) redeemed: First<Money>,
    pub(crate) reversals: BTreeMap<Stamp, Money>,
}

impl Offers {
    pub(super) fn add(&mut self, stamp: Stamp, fact: &Fact) {
        let source = || Source {
            partner: fact.partner.clone(),
            intervention: fact.intervention,
        };
        match &fact.body {
            FactBody::OfferRefused { .. } => {
                self.refusals.insert(stamp, source());
            }
            FactBody::OfferHeld { offer, amount, .. } => {
                self.offer(*offer).held.see(stamp, (*amount, source()));
            }
            FactBody::OfferReleased { offer, .. } => self.offer(*offer).released.see(stamp, ()),
            FactBody::OfferExpired { offer, .. } => self.offer(*offer).expired.see(stamp, ()),
            FactBody::OfferRedeemed { offer, amount, .. } => {
                self.offer(*offer).redeemed.see(stamp, *amount);
            }
            FactBody::OfferReversed { offer, amount } => {
                self.offer(*offer).reversals.insert(stamp, *amount);
            }
            FactBody::SessionEnded { .. }
            | FactBody::OrderPlaced { .. }
            | FactBody::OrderCancelled { .. }
            | FactBody::ContactReceived { .. }
            | FactBody::MomentAssessed { .. }
            | FactBody::EpisodeAssigned { .. }
            | FactBody::InterventionBlocked { .. }
            | FactBody::InvitationShown
            | FactBody::InvitationAnswered { .. }
            | FactBody::InterventionCancelled { .. }
            | FactBody::ReservationCreated { .. }
            | FactBody::ReservationEnded { .. }
            | FactBody::ConversationStarted
            | FactBody::ShopperEngaged
            | FactBody::ContactWrapped { .. }
            | FactBody::SurveyAnswered { .. } => {}
        }
    }

    fn offer(&mut self, offer: OfferId) -> &mut Offer {
        self.offers.entry(offer).or_default()
    }
}

impl Offer {
    /// When the hold was opened. Without it the offer belongs to no window yet.
    pub(crate) fn held_at(&self) -> Option<Timestamp> {
        self.held.at()
    }
}
