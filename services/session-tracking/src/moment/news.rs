//! What is in a state that has not been told yet.

use domain::id::OrderId;
use domain::moment::MomentKind;
use domain::signal::SignalKind;
use domain::time::Timestamp;

use super::{Cue, Told, ToldOrder, is_about_selling};
use crate::fold::{Order, State, Tally};

impl Told {
    /// Everything new, and notes it as told. A count that fell, because a late event explained a pause, falls here too,
    /// so that the next sign is told again.
    pub(super) fn news(&mut self, state: &State) -> Vec<Cue> {
        let mut cues = Vec::new();
        for (id, order) in &state.orders {
            let told = self.orders.entry(id.clone()).or_default();
            let of = Some(id);
            let mut news = News {
                of,
                cues: &mut cues,
            };
            told.news(order, &mut news);
        }
        cues.sort_by_key(|cue: &Cue| cue.occurred_at);
        let mut news = News {
            of: None,
            cues: &mut cues,
        };
        let (adds, checkouts) = (state.cart_adds, state.checkouts);
        news.tally(&mut self.cart_adds, adds, MomentKind::CartAdded, None);
        let entered = MomentKind::CheckoutEntered;
        news.tally(&mut self.checkouts, checkouts, entered, None);
        for signal in state.signals.noted() {
            if let Some(kind) = kind_of(signal.kind) {
                let told = self.signals.entry(signal.kind).or_default();
                let seen = Tally {
                    count: signal.count,
                    last: Some(signal.last_seen),
                };
                news.tally(told, seen, kind, Some(signal.kind));
            }
        }
        self.signals.retain(|kind, _| state.signals.has(*kind));
        if !state.is_selling() {
            cues.retain(|cue| !is_about_selling(cue));
        }
        cues
    }
}

impl ToldOrder {
    fn news(&mut self, order: &Order, news: &mut News<'_>) {
        if let Some(placed) = order.placed
            && !self.placed
        {
            self.placed = true;
            news.tell(MomentKind::OrderPlaced, None, placed.at);
        }
        let (changes, revisions) = (order.changes, order.revisions);
        news.tally(&mut self.changes, changes, MomentKind::OrderChanged, None);
        if let Some(at) = order.cancelled_at
            && !self.cancelled
        {
            self.cancelled = true;
            news.tell(MomentKind::OrderCancelled, None, at);
        }
        for (sku, at) in &order.ready {
            if self.ready.insert(sku.clone()) {
                news.tell(MomentKind::BackOrderReady, None, *at);
            }
        }
        for (status, at) in order.entered() {
            if self.statuses.insert(status) {
                news.tell(MomentKind::ShipmentMilestone, None, at);
            }
        }
        let revised = MomentKind::DeliveryRevised;
        news.tally(&mut self.revisions, revisions, revised, None);
        for (kind, seen) in &order.troubles {
            let told = self.troubles.entry(*kind).or_default();
            news.tally(told, *seen, MomentKind::ShipmentTrouble, Some(*kind));
        }
        self.troubles
            .retain(|kind, _| order.troubles.contains_key(kind));
    }
}

/// Where news is gathered.
struct News<'n> {
    /// The order that it is about, if any.
    of: Option<&'n OrderId>,
    cues: &'n mut Vec<Cue>,
}

impl News<'_> {
    fn tell(&mut self, kind: MomentKind, trigger: Option<SignalKind>, occurred_at: Timestamp) {
        self.cues.push(Cue {
            kind,
            trigger,
            order: self.of.cloned(),
            occurred_at,
        });
    }

    /// Tells the last of what was counted, when there is more of it than was told.
    fn tally(
        &mut self,
        told: &mut u32,
        seen: Tally,
        kind: MomentKind,
        trigger: Option<SignalKind>,
    ) {
        if let Some(occurred_at) = seen.last.filter(|_| seen.count > *told) {
            self.tell(kind, trigger, occurred_at);
        }
        *told = seen.count;
    }
}

/// The moment that a sign makes. Trouble with a shipment makes none here: it is told of its order.
fn kind_of(signal: SignalKind) -> Option<MomentKind> {
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
        | SignalKind::SlowPage => Some(MomentKind::Friction),
        SignalKind::ExitIntent => Some(MomentKind::ExitIntent),
        SignalKind::CheckoutIdle | SignalKind::LastPageStall => Some(MomentKind::IdleInCheckout),
        SignalKind::CartIdle => Some(MomentKind::IdleCart),
        SignalKind::OrderStatusRepeat | SignalKind::CancelPageViewed => {
            Some(MomentKind::StatusAnxiety)
        }
        SignalKind::ShipmentLate
        | SignalKind::ShipmentStalled
        | SignalKind::ShipmentException
        | SignalKind::DeliveryFailed
        | SignalKind::DeliveredUnconfirmed => None,
    }
}
