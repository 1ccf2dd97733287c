//! Who a fact is about. A visitor who turns out to be a shopper within a session is that shopper for all of it.
//!
//! Identity is joined inside one session only. Joining over devices would make one person of a household that shares
//! a computer, and their arms would mix.

use std::collections::BTreeMap;

use domain::fact::Fact;
use domain::id::{FactId, PersonId, SessionId, ShopperId, VisitorId};

use super::stamp::{First, Stamp};

/// Whom a fact names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Subject {
    person: Option<PersonId>,
    session: Option<SessionId>,
}

/// One person, as well as the facts tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Who {
    Person(PersonId),
    /// A session of which nobody said whose it is.
    Session(SessionId),
    /// Nobody was named.
    Nobody(FactId),
}

/// Whose a session is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct People {
    sessions: BTreeMap<SessionId, Owner>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Owner {
    shopper: First<ShopperId>,
    visitor: First<VisitorId>,
}

impl Subject {
    pub(crate) fn of(fact: &Fact) -> Self {
        Self {
            person: fact.person,
            session: fact.session,
        }
    }

    pub(crate) fn is_named(self) -> bool {
        self.person.is_some() || self.session.is_some()
    }
}

impl People {
    /// Learns from a fact that names both a session and a person. Only assignments, orders and ends of sessions teach:
    /// each session has them, and what is read for one experiment has them too.
    pub(super) fn see(&mut self, stamp: Stamp, subject: Subject) {
        let (Some(session), Some(person)) = (subject.session, subject.person) else {
            return;
        };
        let owner = self.sessions.entry(session).or_default();
        match person {
            PersonId::Shopper(shopper) => owner.shopper.see(stamp, shopper),
            PersonId::Visitor(visitor) => owner.visitor.see(stamp, visitor),
        }
    }

    /// The shopper of the session, else the person named, else the visitor of the session, else the session itself.
    pub(crate) fn resolve(&self, subject: Subject, stamp: Stamp) -> Who {
        let owner = subject
            .session
            .and_then(|session| self.sessions.get(&session));
        let shopper = owner.and_then(|owner| owner.shopper.get().copied());
        let visitor = owner.and_then(|owner| owner.visitor.get().copied());
        shopper
            .map(PersonId::Shopper)
            .or(subject.person)
            .or(visitor.map(PersonId::Visitor))
            .map(Who::Person)
            .or(subject.session.map(Who::Session))
            .unwrap_or(Who::Nobody(stamp.fact()))
    }
}
