//! Signs that are a number of like occurrences within a time. What counts towards which sign, how many make it and within
//! which time stands here, in one table; the numbers are settings. Signs that last are where their clocks are: looks in
//! `browse`, costs and stalls in `checkout`, pauses in `lapse`, shipments in `order`.

use std::time::Duration;

use domain::phase::RiskPhase;
use domain::signal::SignalKind;
use domain::time::Timestamp;

use super::{SignalSettings, State};
use crate::event::{Browse, CheckoutAct, FaultKind, PageKind, Payload};

/// What counts towards a sign: so many of it within the time are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Occurrence {
    of: SignalKind,
    times: usize,
    within: Duration,
}

impl State {
    /// Counts an event towards its sign, and notes the sign when there are enough. Nothing that sells is noted after the
    /// end of the selling.
    pub(super) fn count_towards_sign(
        &mut self,
        payload: &Payload,
        at: Timestamp,
        settings: &SignalSettings,
    ) {
        let Some(Occurrence { of, times, within }) = occurrence(payload, settings) else {
            return;
        };
        if of.phase() != RiskPhase::PostClickAnxiety && !self.is_selling() {
            return;
        }
        if self
            .recent
            .entry(of)
            .or_default()
            .reaches(times, within, at)
        {
            self.recent.remove(&of);
            self.signals.note(of, at);
        }
    }

    /// Something was opened or taken, so the searches led somewhere.
    pub(super) fn end_search(&mut self) {
        self.recent.remove(&SignalKind::SearchLoop);
    }
}

fn occurrence(payload: &Payload, settings: &SignalSettings) -> Option<Occurrence> {
    match payload {
        Payload::Browse(act) => of_browsing(act, settings),
        Payload::Checkout(act) => of_checkout(act, settings),
        Payload::Cart(_) | Payload::Order(_) | Payload::Person(_) | Payload::Custom { .. } => None,
    }
}

fn of_browsing(act: &Browse, settings: &SignalSettings) -> Option<Occurrence> {
    let friction = settings.friction_window;
    let (of, times, within) = match act {
        Browse::PageViewed(kind) => return of_page(*kind, settings),
        Browse::FaqViewed { .. } => return of_page(PageKind::Policy, settings),
        Browse::Searched { .. } => (
            SignalKind::SearchLoop,
            settings.search_count,
            settings.search_window,
        ),
        Browse::PageFault { kind, load_time } => match kind {
            FaultKind::Error => (SignalKind::PageFault, settings.page_faults, friction),
            FaultKind::Slow if is_slow(*load_time, settings) => {
                (SignalKind::SlowPage, settings.slow_pages, friction)
            }
            FaultKind::Slow => return None,
        },
        Browse::ExitIntent => (SignalKind::ExitIntent, settings.exit_intents, friction),
        Browse::ProductViewed(_) | Browse::ProductConfigured(_) | Browse::HelpOpened => {
            return None;
        }
    };
    Some(Occurrence { of, times, within })
}

fn of_page(kind: PageKind, settings: &SignalSettings) -> Option<Occurrence> {
    let (of, times, within) = match kind {
        PageKind::Compare => (
            SignalKind::RepeatedCompare,
            settings.compare_views,
            settings.compare_window,
        ),
        PageKind::Policy => (
            SignalKind::PolicyHunting,
            settings.policy_views,
            settings.policy_window,
        ),
        PageKind::OrderStatus => (
            SignalKind::OrderStatusRepeat,
            settings.order_status_views,
            settings.order_status_window,
        ),
        PageKind::CancelOrder => (
            SignalKind::CancelPageViewed,
            settings.cancel_page_views,
            settings.cancel_page_window,
        ),
        PageKind::Browse | PageKind::Cart | PageKind::Checkout | PageKind::Other => return None,
    };
    Some(Occurrence { of, times, within })
}

fn of_checkout(act: &CheckoutAct, settings: &SignalSettings) -> Option<Occurrence> {
    let friction = settings.friction_window;
    let (of, times, within) = match act {
        CheckoutAct::CouponRejected { .. } => (
            SignalKind::CouponRejected,
            settings.coupon_rejections,
            friction,
        ),
        CheckoutAct::PaymentDeclined { .. } => (
            SignalKind::PaymentDeclined,
            settings.payment_declines,
            friction,
        ),
        CheckoutAct::FormError { .. } => (
            SignalKind::FormRetry,
            settings.form_errors,
            settings.form_window,
        ),
        CheckoutAct::AddressEdited => (SignalKind::AddressEdited, settings.address_edits, friction),
        CheckoutAct::StepEntered(_)
        | CheckoutAct::CostRevealed(_, _)
        | CheckoutAct::CouponApplied { .. }
        | CheckoutAct::PaymentAttempted { .. } => return None,
    };
    Some(Occurrence { of, times, within })
}

/// A page without a time was slow by the word of the storefront.
fn is_slow(load_time: Option<Duration>, settings: &SignalSettings) -> bool {
    load_time.is_none_or(|load_time| load_time >= settings.slow_page)
}
