//! When a fact happened, made unique by its id, and the earliest of several.

use domain::fact::Fact;
use domain::id::FactId;
use domain::time::Timestamp;

/// The place of a fact among all: by time, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp {
    pub(crate) at: Timestamp,
    fact: FactId,
}

impl Stamp {
    pub(crate) fn of(fact: &Fact) -> Self {
        Self {
            at: fact.occurred_at,
            fact: fact.id,
        }
    }

    /// Stands for a subject that nobody names: a fact without person and session.
    pub(crate) fn fact(self) -> FactId {
        self.fact
    }
}

/// The earliest of what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct First<T>(Option<(Stamp, T)>);

impl<T> Default for First<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> First<T> {
    /// Keeps the value when nothing earlier is known.
    pub(crate) fn see(&mut self, stamp: Stamp, value: T) {
        if self.0.as_ref().is_none_or(|(known, _)| stamp < *known) {
            self.0 = Some((stamp, value));
        }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_ref().map(|(_, value)| value)
    }

    pub(crate) fn stamp(&self) -> Option<Stamp> {
        self.0.as_ref().map(|(stamp, _)| *stamp)
    }

    pub(crate) fn at(&self) -> Option<Timestamp> {
        self.stamp().map(|stamp| stamp.at)
    }

    pub(crate) fn is_known(&self) -> bool {
        self.0.is_some()
    }
}
