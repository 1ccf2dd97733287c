//! The signs that a session has shown, counted and timed.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::signal::{Signal, SignalKind};
use domain::time::{Timestamp, elapsed};

use crate::packed::pack_fields;

/// Signs by kind. One that lasts grows longer as time passes, until it ceases; how much longer is reckoned when somebody
/// reads it, so that the passing of time alone changes nothing here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Signals {
    seen: BTreeMap<SignalKind, Signal>,
    /// Since when the length of a sign that lasts has not been added up.
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
        self.cease(kind, at);
        self.note_lasted(kind, at, elapsed(since, at));
        self.lasting.insert(kind, at);
    }

    /// Ends what lasts.
    pub(super) fn cease(&mut self, kind: SignalKind, at: Timestamp) {
        if let Some(since) = self.lasting.remove(&kind)
            && let Some(signal) = self.seen.get_mut(&kind)
        {
            signal.dwell = signal.dwell.saturating_add(elapsed(since, at));
        }
    }

    /// Ends all that lasts.
    pub(super) fn cease_all(&mut self, at: Timestamp) {
        for kind in SignalKind::ALL {
            self.cease(*kind, at);
        }
    }

    pub(crate) fn has(&self, kind: SignalKind) -> bool {
        self.seen.contains_key(&kind)
    }

    /// All signs, by kind, each as long as it has lasted by `now`.
    pub(crate) fn iter_at(&self, now: Timestamp) -> impl Iterator<Item = Signal> {
        self.seen.values().map(move |signal| {
            let since = self.lasting.get(&signal.kind);
            let growth = since.map_or(Duration::ZERO, |since| elapsed(*since, now));
            Signal {
                dwell: signal.dwell.saturating_add(growth),
                ..*signal
            }
        })
    }

    /// All signs, by kind, with when and how often they were seen; their lengths are as of when they were noted.
    pub(crate) fn noted(&self) -> impl Iterator<Item = &Signal> {
        self.seen.values()
    }
}

pack_fields! {
    Signals { seen, lasting }
}
