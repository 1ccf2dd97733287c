//! What a report is asked: the window, what counts in it, and for whom.

use std::time::Duration;

use domain::id::PartnerId;
use domain::money::Currency;
use domain::time::{Timestamp, earlier, later};

/// Longest time between the beginning of a session and its end.
pub(super) const LONGEST_SESSION: Duration = Duration::from_hours(24);

/// Longest time between the beginning of an intervention and its last step: plays go stale after 24 hours at most.
const LONGEST_INTERVENTION: Duration = Duration::from_hours(24);

/// From its start to before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

/// Asks for the figures of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// The window in which episodes began.
    pub(crate) window: Window,
    /// W: how long after it began an order counts for an episode.
    pub(crate) horizon: Duration,
    /// F: how long after a contact another one shows that it did not settle the issue.
    pub(crate) follow_up: Duration,
    /// Only this partner.
    pub(crate) partner: Option<PartnerId>,
    /// Currency of the amounts; the only one there is when absent.
    pub(crate) currency: Option<Currency>,
    /// The present time, by which episodes are mature or open.
    pub(crate) as_of: Timestamp,
}

impl Window {
    pub(crate) fn holds(&self, instant: Timestamp) -> bool {
        self.from <= instant && instant < self.until
    }
}

impl Question {
    /// The time in which all facts lie that the figures can depend on, but for reversals: interventions that began
    /// before the window have to be known as such, and orders and contacts count long after it.
    pub(crate) fn reading(&self) -> Window {
        let tail = LONGEST_INTERVENTION.saturating_add(self.horizon.max(self.follow_up));
        Window {
            from: earlier(self.window.from, LONGEST_INTERVENTION),
            until: later(self.window.until, tail),
        }
    }

    /// The time after [`Self::reading`]. Goods come back weeks after the order, and take their redemption with them.
    pub(crate) fn reversals(&self) -> Window {
        Window {
            from: self.reading().until,
            until: Timestamp::MAX,
        }
    }
}
