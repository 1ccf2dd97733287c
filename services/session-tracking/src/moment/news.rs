//! What is in a state that has not been told yet.

use domain::id::OrderId;
use domain::moment::MomentKind;
use domain::signal::{Signal, SignalKind};

use super::{Cue, Told, ToldOrder, is_about_selling};
use crate::fold::{Order, State, Tally};

impl Told {
    /// Everything new, and notes it as told. A count that fell, because a late event explained a pause, falls here too,
    /// so that the next sign is told again.
    pub(super) fn news(&mut self, state: &State) -> Vec<Cue> {
        let mut found = Vec::new();
        for (id, order) in &state.orders {
            self.orders
                .entry(id.clone())
                .or_default()
                .news(id, order, &mut found);
        }
        found.sort_by_key(|cue: &Cue| cue.occurred_at);
        tally(
            &mut self.cart_adds,
            state.cart_adds,
            MomentKind::CartAdded,
            &mut found,
        );
        tally(
            &mut self.checkouts,
            state.checkouts,
            MomentKind::CheckoutEntered,
            &mut found,
        );
        for signal in state.signals.iter() {
            let told = self.signals.insert(signal.kind, signal.count);
            if signal.count > told.unwrap_or(0) {
                found.push(cue_of(signal, state));
            }
        }
        self.signals.retain(|kind, _| state.signals.has(*kind));
        if !state.is_selling() {
            found.retain(|cue| !is_about_selling(cue));
        }
        found
    }
}

impl ToldOrder {
    fn news(&mut self, id: &OrderId, order: &Order, found: &mut Vec<Cue>) {
        let mut tell = |kind, occurred_at| {
            found.push(Cue {
                kind,
                trigger: None,
                order: Some(id.clone()),
                occurred_at,
            });
        };
        if let Some(placed) = order.placed
            && !self.placed
        {
            self.placed = true;
            tell(MomentKind::OrderPlaced, placed.at);
        }
        if let Some(at) = order
            .changes
            .last
            .filter(|_| order.changes.count > self.changes)
        {
            self.changes = order.changes.count;
            tell(MomentKind::OrderChanged, at);
        }
        if let Some(at) = order.cancelled_at
            && !self.cancelled
        {
            self.cancelled = true;
            tell(MomentKind::OrderCancelled, at);
        }
        for (status, at) in order.entered() {
            if self.statuses.insert(status) {
                tell(MomentKind::ShipmentMilestone, at);
            }
        }
    }
}

fn tally(told: &mut u32, now: Tally, kind: MomentKind, found: &mut Vec<Cue>) {
    if let Some(occurred_at) = now.last.filter(|_| now.count > *told) {
        found.push(Cue {
            kind,
            trigger: None,
            order: None,
            occurred_at,
        });
    }
    *told = now.count;
}

fn cue_of(signal: &Signal, state: &State) -> Cue {
    Cue {
        kind: kind_of(signal.kind),
        trigger: Some(signal.kind),
        order: state.troubled.get(&signal.kind).cloned(),
        occurred_at: signal.last_seen,
    }
}

fn kind_of(signal: SignalKind) -> MomentKind {
    match signal {
        SignalKind::LongDwellConfigurable
        | SignalKind::PolicyHunting
        | SignalKind::RepeatedCompare
        | SignalKind::SearchLoop
        | SignalKind::ShippingShock
        | SignalKind::TaxShock
        | SignalKind::TotalShock
        | SignalKind::CouponRejected
        | SignalKind::PaymentDeclined
        | SignalKind::FormRetry
        | SignalKind::AddressEdited
        | SignalKind::PageFault
        | SignalKind::SlowPage => MomentKind::Friction,
        SignalKind::ExitIntent => MomentKind::ExitIntent,
        SignalKind::CheckoutIdle | SignalKind::LastPageStall => MomentKind::IdleInCheckout,
        SignalKind::CartIdle => MomentKind::IdleCart,
        SignalKind::OrderStatusRepeat | SignalKind::CancelPageViewed => MomentKind::StatusAnxiety,
        SignalKind::ShipmentLate
        | SignalKind::ShipmentStalled
        | SignalKind::ShipmentException
        | SignalKind::DeliveryFailed
        | SignalKind::DeliveredUnconfirmed => MomentKind::ShipmentTrouble,
    }
}
