//! Whether a shopper moves ahead. One who does is never interrupted, so this is a rule with tests, not advice.

use domain::moment::Progress;
use domain::phase::RiskPhase;
use domain::time::{Timestamp, later};

use super::{SignalSettings, State};
use crate::event::{Browse, CartMove, CheckoutAct, OrderChange, PageKind, Payload};

impl State {
    /// Moving ahead means: a step towards the order lately, and no sign of hesitation since. After the order it means
    /// that no sign of trouble with it was seen.
    pub(crate) fn progress(&self, now: Timestamp, settings: &SignalSettings) -> Progress {
        match self.progress_until(settings) {
            Some(until) if now < until => Progress::Progressing,
            Some(_) | None => Progress::Hesitating,
        }
    }

    /// Until when the shopper moves ahead if nothing else happens; `None` when not at all.
    pub(crate) fn progress_until(&self, settings: &SignalSettings) -> Option<Timestamp> {
        if self.phase() == RiskPhase::PostClickAnxiety {
            let trouble = self
                .signals
                .noted()
                .any(|signal| signal.kind.phase() == RiskPhase::PostClickAnxiety);
            return (!trouble).then_some(Timestamp::MAX);
        }
        let step = self.forward_at?;
        let doubted = self.signals.noted().any(|signal| signal.last_seen >= step);
        (!doubted).then(|| later(step, settings.progress_window))
    }

    pub(super) fn note_forward(&mut self, payload: &Payload, at: Timestamp) {
        if leads_to_order(payload) {
            self.forward_at = Some(at);
        }
    }
}

/// Steps as they follow one another for those who buy: products, cart, checkout, payment.
fn leads_to_order(payload: &Payload) -> bool {
    match payload {
        Payload::Browse(act) => match act {
            Browse::PageViewed(kind) => matches!(kind, PageKind::Cart | PageKind::Checkout),
            Browse::ProductViewed(view) => view.dwell.is_none(),
            Browse::ProductConfigured(_) => true,
            Browse::Searched { .. }
            | Browse::HelpOpened
            | Browse::FaqViewed { .. }
            | Browse::PageFault { .. }
            | Browse::ExitIntent => false,
        },
        Payload::Cart(act) => matches!(act, CartMove::Added(_) | CartMove::Changed(_, _)),
        Payload::Checkout(act) => matches!(
            act,
            CheckoutAct::StepEntered(_)
                | CheckoutAct::CouponApplied { .. }
                | CheckoutAct::PaymentAttempted { .. }
        ),
        Payload::Order(event) => matches!(event.change, OrderChange::Placed { .. }),
        Payload::Person(_) | Payload::Custom { .. } => false,
    }
}
