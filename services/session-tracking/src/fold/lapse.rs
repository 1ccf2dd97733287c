//! What happens by itself when time passes: pauses, stalls, the end of a session, a shipment that falls silent.
//!
//! Each lapse is due at an instant that follows from the state, and happening makes it due no more. So the same code
//! closes the gap between two events and drives the timers after the last one.

use domain::id::OrderId;
use domain::signal::SignalKind;
use domain::time::{Timestamp, later};

use super::order::Overdue;
use super::{Pause, SignalSettings, State};

/// Something that time brings about. The order is that in which lapses of one instant happen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Lapse {
    LongLook,
    ShockingPause,
    Idle(SignalKind),
    LastPageStall,
    Order(OrderId, Overdue),
    End,
}

impl State {
    /// Lets time pass until `to`, which changes nothing while nothing is due. Going back is no time at all.
    pub(crate) fn pass(&mut self, to: Timestamp, settings: &SignalSettings) {
        while self.due.is_some_and(|due| due <= to)
            && let Some((due, lapse)) = self.next_lapse(settings)
        {
            // A carrier may tell today what was overdue yesterday.
            self.clock = due.max(self.clock);
            self.happen(lapse, self.clock);
            self.plan(settings);
        }
    }

    /// When something will happen by itself, if no event comes before.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.due
    }

    /// Notes when something will happen next; to be called after each change.
    pub(super) fn plan(&mut self, settings: &SignalSettings) {
        self.due = self.next_lapse(settings).map(|(due, _)| due);
    }

    fn happen(&mut self, lapse: Lapse, at: Timestamp) {
        match lapse {
            Lapse::LongLook => self.note_long_look(at),
            Lapse::ShockingPause => self.note_shocking_pause(at),
            Lapse::Idle(kind) => {
                self.pause = Pause::Noted;
                self.signals.note_lasting(kind, self.active_at, at);
            }
            Lapse::LastPageStall => self.note_stall(at),
            Lapse::Order(order, overdue) => self.note_overdue(&order, overdue, at),
            Lapse::End => {
                self.ended_at = Some(at);
                self.signals.cease_all(at);
            }
        }
    }

    fn next_lapse(&self, settings: &SignalSettings) -> Option<(Timestamp, Lapse)> {
        let orders = self.orders.iter().filter_map(|(id, order)| {
            let (due, overdue) = order.next_overdue(settings)?;
            Some((due, Lapse::Order(id.clone(), overdue)))
        });
        self.next_of_selling(settings)
            .into_iter()
            .chain(orders)
            .min()
    }

    fn next_of_selling(&self, settings: &SignalSettings) -> Option<(Timestamp, Lapse)> {
        if !self.is_selling() {
            return None;
        }
        let end = later(self.active_at, settings.session_idle_end)
            .min(later(self.started_at, settings.session_hard_limit));
        let look = self.look.as_ref();
        let look = look.and_then(|look| look.becomes_long(settings));
        let shock = self.costs.pause(self.active_at, settings);
        let stall = self.checkout.and_then(|checkout| checkout.stall(settings));
        let candidates = [
            look.map(|due| (due, Lapse::LongLook)),
            shock.map(|due| (due, Lapse::ShockingPause)),
            stall.map(|due| (due, Lapse::LastPageStall)),
            self.next_idle(settings),
            Some((end, Lapse::End)),
        ];
        candidates.into_iter().flatten().min()
    }

    fn next_idle(&self, settings: &SignalSettings) -> Option<(Timestamp, Lapse)> {
        if self.pause == Pause::Noted {
            return None;
        }
        let (kind, after) = if self.checkout.is_some() {
            (SignalKind::CheckoutIdle, settings.checkout_idle)
        } else if self.cart.is_empty() {
            return None;
        } else {
            (SignalKind::CartIdle, settings.cart_idle)
        };
        Some((later(self.active_at, after), Lapse::Idle(kind)))
    }
}
