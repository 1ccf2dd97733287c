//! The set of facts, folded into what the figures are made of: interventions, assignments, orders, contacts, offers.
//!
//! INVARIANT: the result is a function of the set of facts. Every place that a fact can change is keyed by the fact's
//! stamp or keeps the earliest stamp, so neither order nor repetition can be seen afterwards. Deliberately absent: the
//! window, the horizon and the present time; they are the question, and belong to `report`.

mod intervention;
mod offers;
mod orders;
mod people;
mod stamp;

use std::collections::{BTreeMap, BTreeSet};

use domain::experiment::Arm;
use domain::fact::{Fact, FactBody, FollowUp};
use domain::id::{ExperimentId, FactId, InterventionId, IssueCode, PartnerId};
use domain::phase::RiskPhase;

pub(crate) use intervention::Intervention;
pub(crate) use offers::{Offer, Offers, Source as OfferSource};
pub(crate) use orders::{Orders, Purchase, Purchases};
pub(crate) use people::{People, Subject, Who};
pub(crate) use stamp::Stamp;

/// What the facts say so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Episodes {
    pub(crate) people: People,
    pub(crate) interventions: BTreeMap<EpisodeKey, Intervention>,
    pub(crate) assignments: BTreeMap<Stamp, Assignment>,
    pub(crate) orders: Orders,
    pub(crate) contacts: BTreeMap<Stamp, Contact>,
    pub(crate) offers: Offers,
    pub(crate) assessed_moments: BTreeSet<Stamp>,
}

/// Names an intervention. A step that names none stands for itself, so that it is counted and joined with nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EpisodeKey {
    Intervention(InterventionId),
    Unnamed(FactId),
}

/// A person was assigned to an arm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) subject: Subject,
    pub(crate) experiment: ExperimentId,
    pub(crate) arm: Arm,
    pub(crate) phase: RiskPhase,
}

/// A person contacted the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contact {
    pub(crate) subject: Subject,
    pub(crate) intervention: Option<InterventionId>,
    pub(crate) follow_up: FollowUp,
    pub(crate) issue: IssueCode,
}

impl Episodes {
    /// Takes one more fact, in any order and as often as it comes.
    pub(crate) fn add(&mut self, fact: &Fact) {
        let stamp = Stamp::of(fact);
        let subject = Subject::of(fact);
        match &fact.body {
            FactBody::SessionEnded { .. } => self.people.see(stamp, subject),
            FactBody::OrderPlaced { order, value, .. } => {
                self.people.see(stamp, subject);
                self.orders
                    .place(order, stamp, Purchase::new(stamp.at, subject, *value));
            }
            FactBody::OrderCancelled { order } => self.orders.cancel(order, stamp),
            FactBody::ContactReceived {
                follow_up, issue, ..
            } => self.add_contact(stamp, fact, *follow_up, issue),
            FactBody::MomentAssessed { .. } => {
                self.assessed_moments.insert(stamp);
            }
            FactBody::EpisodeAssigned {
                experiment,
                arm,
                phase,
                ..
            } => {
                let assignment = Assignment::new(subject, experiment, *arm, *phase);
                self.assign(stamp, fact, assignment);
            }
            FactBody::InterventionBlocked { .. }
            | FactBody::InvitationShown
            | FactBody::InvitationAnswered { .. }
            | FactBody::InterventionCancelled { .. }
            | FactBody::ReservationCreated { .. }
            | FactBody::ReservationEnded { .. }
            | FactBody::ConversationStarted
            | FactBody::ShopperEngaged
            | FactBody::ContactWrapped { .. }
            | FactBody::SurveyAnswered { .. } => self.intervention(fact).add(stamp, fact),
            FactBody::OfferRefused { .. }
            | FactBody::OfferHeld { .. }
            | FactBody::OfferReleased { .. }
            | FactBody::OfferExpired { .. }
            | FactBody::OfferRedeemed { .. }
            | FactBody::OfferReversed { .. } => self.offers.add(stamp, fact),
        }
    }

    /// The partner whose agent was the first to talk to the shopper, or else the first who was asked to.
    pub(crate) fn partner_of(&self, intervention: Option<InterventionId>) -> Option<&PartnerId> {
        let key = EpisodeKey::Intervention(intervention?);
        self.interventions.get(&key)?.partner()
    }

    fn add_contact(&mut self, stamp: Stamp, fact: &Fact, follow_up: FollowUp, issue: &IssueCode) {
        let contact = Contact {
            subject: Subject::of(fact),
            intervention: fact.intervention,
            follow_up,
            issue: issue.clone(),
        };
        self.contacts.insert(stamp, contact);
    }

    fn assign(&mut self, stamp: Stamp, fact: &Fact, assignment: Assignment) {
        self.people.see(stamp, assignment.subject);
        self.assignments.insert(stamp, assignment);
        self.intervention(fact).add(stamp, fact);
    }

    fn intervention(&mut self, fact: &Fact) -> &mut Intervention {
        let key = fact
            .intervention
            .map_or(EpisodeKey::Unnamed(fact.id), EpisodeKey::Intervention);
        self.interventions.entry(key).or_default()
    }
}

impl Assignment {
    fn new(subject: Subject, experiment: &ExperimentId, arm: Arm, phase: RiskPhase) -> Self {
        Self {
            subject,
            experiment: experiment.clone(),
            arm,
            phase,
        }
    }
}

#[cfg(test)]
mod tests;
