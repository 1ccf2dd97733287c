//! The checkout: its steps, the stall on the last of them, and the shock of costs seen for the first time.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use domain::money::Money;
use domain::signal::SignalKind;
use domain::time::{Timestamp, later};

use super::{SignalSettings, State};
use crate::event::{CheckoutAct, CheckoutStep, CostKind};
use crate::packed::{pack_fields, pack_members};

/// A shopper in checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Checkout {
    step: Option<CheckoutStep>,
    step_entered_at: Timestamp,
    stall_noted: bool,
}

impl Checkout {
    /// When a stay on the last page becomes a stall; `None` elsewhere, and once it was noted.
    pub(super) fn stall(&self, settings: &SignalSettings) -> Option<Timestamp> {
        let waiting = self.step == Some(CheckoutStep::Review) && !self.stall_noted;
        waiting.then(|| later(self.step_entered_at, settings.last_page_stall))
    }
}

/// The costs that the shopper has seen for the first time just now, and may be shocked by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Costs {
    revealed: BTreeMap<CostKind, Timestamp>,
    open: BTreeMap<CostKind, Timestamp>,
}

impl Costs {
    /// Forgets what the shopper has taken calmly.
    pub(super) fn close_before(&mut self, at: Timestamp, settings: &SignalSettings) {
        self.open
            .retain(|_, revealed_at| later(*revealed_at, settings.shock_window) >= at);
    }

    /// When a pause that began at `since` becomes a shock; `None` while no cost is fresh.
    pub(super) fn pause(&self, since: Timestamp, settings: &SignalSettings) -> Option<Timestamp> {
        (!self.open.is_empty()).then(|| later(since, settings.shock_pause))
    }
}

impl State {
    pub(super) fn check_out(&mut self, act: &CheckoutAct, at: Timestamp) {
        if self.sold_at.is_some() {
            return;
        }
        match act {
            CheckoutAct::StepEntered(step) => self.enter_step(*step, at),
            CheckoutAct::CostRevealed(kind, amount) => self.reveal(*kind, *amount, at),
            CheckoutAct::CouponApplied { .. }
            | CheckoutAct::CouponRejected { .. }
            | CheckoutAct::PaymentAttempted { .. }
            | CheckoutAct::PaymentDeclined { .. }
            | CheckoutAct::FormError { .. }
            | CheckoutAct::AddressEdited => {}
        }
    }

    pub(super) fn enter_checkout(&mut self, at: Timestamp) {
        if self.checkout.is_some() || self.sold_at.is_some() {
            return;
        }
        self.checkouts.note(at);
        self.checkout = Some(Checkout {
            step: None,
            step_entered_at: at,
            stall_noted: false,
        });
    }

    /// Goes back to the shop, which is a shock when a cost was just revealed.
    pub(super) fn leave_checkout(&mut self, at: Timestamp) {
        self.checkout = None;
        self.signals.cease(SignalKind::LastPageStall, at);
        self.step_back(at);
    }

    /// Notes a shock for each cost that was just revealed.
    pub(super) fn step_back(&mut self, at: Timestamp) {
        for kind in std::mem::take(&mut self.costs.open).into_keys() {
            if self.is_selling() {
                self.signals.note(shock_of(kind), at);
            }
        }
    }

    /// Notes a shock for each fresh cost: the shopper has paused since the last act.
    pub(super) fn note_shocking_pause(&mut self, at: Timestamp) {
        for kind in std::mem::take(&mut self.costs.open).into_keys() {
            self.signals
                .note_lasting(shock_of(kind), self.active_at, at);
        }
    }

    pub(super) fn note_stall(&mut self, at: Timestamp) {
        if let Some(checkout) = &mut self.checkout {
            checkout.stall_noted = true;
            let since = checkout.step_entered_at;
            self.signals
                .note_lasting(SignalKind::LastPageStall, since, at);
        }
    }

    fn enter_step(&mut self, step: CheckoutStep, at: Timestamp) {
        self.end_look(None, at);
        self.enter_checkout(at);
        self.signals.cease(SignalKind::LastPageStall, at);
        self.checkout = Some(Checkout {
            step: Some(step),
            step_entered_at: at,
            stall_noted: false,
        });
    }

    fn reveal(&mut self, kind: CostKind, amount: Money, at: Timestamp) {
        match kind {
            CostKind::Shipping => self.move_cart(|cart| cart.reveal_costs(Some(amount), None)),
            CostKind::Tax => self.move_cart(|cart| cart.reveal_costs(None, Some(amount))),
            CostKind::Total => {}
        }
        let first = !self.costs.revealed.contains_key(&kind);
        if first && self.is_unexpected(kind, amount) && self.is_selling() {
            self.costs.revealed.insert(kind, at);
            self.costs.open.insert(kind, at);
        }
    }

    /// Free shipping shocks nobody, and a total that is no more than the lines was expected.
    fn is_unexpected(&self, kind: CostKind, amount: Money) -> bool {
        match kind {
            CostKind::Shipping | CostKind::Tax => !amount.is_zero(),
            CostKind::Total => {
                let value = self.cart.value();
                amount.compare(value).is_ok_and(Ordering::is_gt)
            }
        }
    }
}

fn shock_of(kind: CostKind) -> SignalKind {
    match kind {
        CostKind::Shipping => SignalKind::ShippingShock,
        CostKind::Tax => SignalKind::TaxShock,
        CostKind::Total => SignalKind::TotalShock,
    }
}

pack_fields! {
    Checkout { step, step_entered_at, stall_noted }
    Costs { revealed, open }
}

pack_members! {
    CheckoutStep { Account, Address, Delivery, Payment, Review }
    CostKind { Shipping, Tax, Total }
}
