//! The signs that a session has shown, counted and timed.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::signal::{Signal, SignalKind};
use domain::time::{Timestamp, elapsed};

/// Signs by kind. One that lasts grows longer as time passes, until it ceases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Signals {
    seen: BTreeMap<SignalKind, Signal>,
    lasting: BTreeMap<SignalKind, Timestamp>,
}

impl Signals {
    /// Notes a sign without length.
    pub(super) fn note(&mut self, kind: SignalKind, at: Timestamp) {
        self.note_lasted(kind, at, Duration::ZERO);
    }

    /// Notes a sign that had lasted so long when it was seen.
    pub(super) fn note_lasted(&mut self, kind: SignalKind, at: Timestamp, dwell: Duration) {
        let signal = self.seen.entry(kind).or_insert(Signal {
            kind,
            count: 0,
            first_seen: at,
            last_seen: at,
            dwell: Duration::ZERO,
        });
        signal.count = signal.count.saturating_add(1);
        signal.last_seen = signal.last_seen.max(at);
        signal.dwell = signal.dwell.saturating_add(dwell);
    }

    /// Notes a sign that began at `since` and goes on.
    pub(super) fn note_lasting(&mut self, kind: SignalKind, since: Timestamp, at: Timestamp) {
        self.note_lasted(kind, at, elapsed(since, at));
        self.lasting.insert(kind, at);
    }

    /// Ends what lasts.
    pub(super) fn cease(&mut self, kind: SignalKind) {
        self.lasting.remove(&kind);
    }

    /// Ends all that lasts.
    pub(super) fn cease_all(&mut self) {
        self.lasting.clear();
    }

    /// Lets what lasts grow until `at`.
    pub(super) fn grow(&mut self, at: Timestamp) {
        for (kind, until) in &mut self.lasting {
            if let Some(signal) = self.seen.get_mut(kind) {
                signal.dwell = signal.dwell.saturating_add(elapsed(*until, at));
            }
            *until = at.max(*until);
        }
    }

    pub(crate) fn has(&self, kind: SignalKind) -> bool {
        self.seen.contains_key(&kind)
    }

    /// All signs, by kind.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Signal> {
        self.seen.values()
    }
}
