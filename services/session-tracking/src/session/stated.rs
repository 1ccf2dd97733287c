//! What the events since the last decision say of persons, beside what they fold to: it is kept over the session.

use std::collections::BTreeSet;

use domain::consent::Consents;
use domain::id::{PersonId, VisitorId};

use super::{Rules, Session};
use crate::event::{Event, Payload, PersonEvent};
use crate::fold::State;

/// Gathered as events are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stated {
    has_consent: bool,
    /// Persons who are named, but for those that the session was known to belong to then.
    names: BTreeSet<PersonId>,
}

/// What is to be kept of a session's word on persons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    /// Whom the session belongs to.
    pub(crate) person: PersonId,
    /// Others whom its events name.
    pub(crate) names: Vec<PersonId>,
    /// All that was agreed to in the session, when that is new, or when it belongs to another person from now on.
    pub(crate) consents: Option<Consents>,
}

/// Whether a session has still the visitor that its row names, if it has a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VisitorOfRow {
    Same,
    /// An event came late that stands before all others, and names another one.
    Another,
}

impl VisitorOfRow {
    pub(crate) fn of(before: Option<VisitorId>, after: Option<VisitorId>) -> Self {
        if before.is_none() || before == after {
            Self::Same
        } else {
            Self::Another
        }
    }
}

impl Stated {
    /// Takes note of an event and of the state that it led to.
    pub(super) fn note(&mut self, event: &Event, state: &State) {
        match &event.payload {
            Payload::Person(PersonEvent::ConsentChanged(_)) => self.has_consent = true,
            Payload::Person(
                PersonEvent::IdentityLinked(shopper) | PersonEvent::IdentityUnlinked(shopper),
            ) => {
                self.names.insert(PersonId::Shopper(*shopper));
            }
            Payload::Person(PersonEvent::ContactReceived { .. })
            | Payload::Browse(_)
            | Payload::Cart(_)
            | Payload::Checkout(_)
            | Payload::Order(_)
            | Payload::Custom { .. } => {}
        }
        if let Some(shopper) = event.shopper.filter(|name| state.shopper != Some(*name)) {
            self.names.insert(PersonId::Shopper(shopper));
        }
        if event.visitor != state.visitor {
            let visitors = [event.visitor, state.visitor];
            self.names.extend(visitors.map(PersonId::Visitor));
        }
    }
}

impl Session {
    /// Hands out what is to be kept of persons; asked once before each decision.
    pub(crate) fn statement(&mut self, rules: &Rules) -> Option<Statement> {
        self.settle_order(&rules.signals);
        let Stated {
            has_consent,
            mut names,
        } = std::mem::take(&mut self.stated);
        let state = self.state.as_ref()?;
        let moved = self.memory.known_as != state.shopper;
        if moved {
            names.extend(self.memory.known_as.map(PersonId::Shopper));
        }
        // By these the row of the session is found.
        let own = [
            Some(state.visitor.into()),
            state.shopper.map(PersonId::from),
        ];
        names.retain(|name| !own.contains(&Some(*name)));
        let is_new = (has_consent || moved) && !state.consents.is_empty();
        if names.is_empty() && !is_new {
            return None;
        }
        Some(Statement {
            person: state.person(),
            names: names.into_iter().collect(),
            consents: is_new.then(|| state.consents.clone()),
        })
    }

    /// The visitor whom the first event names; `None` before it.
    pub(crate) fn visitor(&self) -> Option<VisitorId> {
        self.state.as_ref().map(|state| state.visitor)
    }

    /// The persons whose consents hold in the session: the visitor, and the shopper once known.
    pub(crate) fn persons(&self) -> impl Iterator<Item = PersonId> + use<> {
        let visitor = self.state.as_ref().map(|state| state.visitor.into());
        let shopper = self.state.as_ref().and_then(|state| state.shopper);
        visitor.into_iter().chain(shopper.map(PersonId::from))
    }

    /// The shopper as who the visitor is known from now on, when that is another one.
    pub(crate) fn becomes(&self) -> Option<domain::id::ShopperId> {
        let shopper = self.state.as_ref()?.shopper;
        shopper.filter(|_| self.memory.known_as != shopper)
    }
}
