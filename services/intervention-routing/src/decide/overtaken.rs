//! What a newer moment of a session does to the interventions that are open in it.

use domain::fact::CancelReason;
use domain::moment::{Moment, MomentKind};
use domain::phase::RiskPhase;

use super::Rules;
use crate::config::PageChange;
use crate::intervention::{Intervention, State};

/// What becomes of one open intervention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overtaken {
    /// Nothing: what it was decided on still holds.
    Holds,
    /// It ends.
    Ends(CancelReason),
    /// It runs on, and whoever handles it is told what is new.
    Goes,
}

/// Judges one intervention of the session of the moment. A moment older than the one that made it says nothing.
pub(crate) fn overtaken(intervention: &Intervention, moment: &Moment, rules: &Rules) -> Overtaken {
    if !intervention.state.is_open() || moment.occurred_at < intervention.moment_at {
        return Overtaken::Holds;
    }
    if bought(moment) && intervention.phase != RiskPhase::PostClickAnxiety {
        return match (&intervention.state, &intervention.agent) {
            (State::Scheduled | State::Shown, _) | (State::Accepted, None) => {
                Overtaken::Ends(CancelReason::Ordered)
            }
            // INVARIANT: a conversation is never cut; the agent is told not to sell any more.
            _ => Overtaken::Goes,
        };
    }
    if moment.id == intervention.moment {
        return Overtaken::Holds;
    }
    let changed = Changed::between(intervention, moment);
    if !changed.anything() {
        return Overtaken::Holds;
    }
    if intervention.state.is_waiting() {
        return changed.makes_stale(rules.page_change);
    }
    Overtaken::Goes
}

fn bought(moment: &Moment) -> bool {
    moment.kind == MomentKind::OrderPlaced || moment.order.is_some()
}

#[derive(Debug, Clone, Copy)]
struct Changed {
    cart: Change,
    page: Change,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    No,
    Yes,
}

impl Change {
    fn between<T: PartialEq>(before: &T, after: &T) -> Self {
        if before == after { Self::No } else { Self::Yes }
    }
}

impl Changed {
    fn between(intervention: &Intervention, moment: &Moment) -> Self {
        Self {
            cart: Change::between(&intervention.cart_version, &moment.cart.version()),
            page: Change::between(&intervention.page, &moment.page),
        }
    }

    fn anything(self) -> bool {
        self.cart == Change::Yes || self.page == Change::Yes
    }

    fn makes_stale(self, page_change: PageChange) -> Overtaken {
        match (self.cart, page_change) {
            (Change::Yes, _) | (Change::No, PageChange::Stale) => {
                Overtaken::Ends(CancelReason::Stale)
            }
            (Change::No, PageChange::Tolerated) => Overtaken::Holds,
        }
    }
}
