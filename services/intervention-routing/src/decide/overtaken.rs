//! What has become of a session since an intervention was decided on it, and what that does to the intervention.

use domain::fact::CancelReason;
use domain::moment::{Moment, MomentKind, Page};
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

/// A session as it is seen after a decision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) cart_version: u64,
    pub(crate) page: Option<&'a Page>,
    pub(crate) order: Order,
}

/// Whether there is anything left to sell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// No order.
    None,
    /// The order is placed.
    Placed,
}

impl<'a> Seen<'a> {
    fn at(moment: &'a Moment) -> Self {
        Self {
            cart_version: moment.cart.version(),
            page: moment.page.as_ref(),
            order: Order::at(moment),
        }
    }
}

impl Order {
    /// What a moment tells of an order.
    pub(crate) fn at(moment: &Moment) -> Self {
        if moment.kind == MomentKind::OrderPlaced || moment.order.is_some() {
            Self::Placed
        } else {
            Self::None
        }
    }
}

/// Judges one intervention by a moment of its session. One that is not newer than the moment that made it tells of an order
/// or of nothing.
pub(crate) fn overtaken(intervention: &Intervention, moment: &Moment, rules: &Rules) -> Overtaken {
    let seen = Seen::at(moment);
    let newer = moment.id != intervention.moment && moment.occurred_at >= intervention.moment_at;
    if newer {
        return outlived(intervention, &seen, rules);
    }
    // INVARIANT: an order counts whenever it is heard of. It comes on a way of its own, and late.
    bought(intervention, seen.order).unwrap_or(Overtaken::Holds)
}

/// Judges one intervention by its session as it is now.
pub(crate) fn outlived(intervention: &Intervention, seen: &Seen<'_>, rules: &Rules) -> Overtaken {
    if !intervention.state.is_open() {
        return Overtaken::Holds;
    }
    if let Some(by_order) = bought(intervention, seen.order) {
        return by_order;
    }
    let cart_changed = seen.cart_version != intervention.cart_version;
    let page_changed = seen.page != intervention.page.as_ref();
    if !cart_changed && !page_changed {
        return Overtaken::Holds;
    }
    // Whoever is to be called has long left the page.
    let nobody_waits =
        intervention.state.is_waiting() || (intervention.is_call_to_make() && cart_changed);
    match rules.page_change {
        _ if !nobody_waits => Overtaken::Goes,
        PageChange::Tolerated if !cart_changed => Overtaken::Holds,
        PageChange::Stale | PageChange::Tolerated => Overtaken::Ends(CancelReason::Stale),
    }
}

/// What an order does to what sells; `None` when there is none, or help is for after it.
fn bought(intervention: &Intervention, order: Order) -> Option<Overtaken> {
    let sells = intervention.phase != RiskPhase::PostClickAnxiety;
    if order == Order::None || !sells || !intervention.state.is_open() {
        return None;
    }
    Some(match (&intervention.state, &intervention.agent) {
        (State::Scheduled | State::Shown, _) | (State::Accepted, None) => {
            Overtaken::Ends(CancelReason::Ordered)
        }
        // INVARIANT: a conversation is never cut; the agent is told not to sell any more.
        _ => Overtaken::Goes,
    })
}
