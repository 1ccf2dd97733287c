//! Thresholds of the signals and timers, as DOMAIN states them; each is a setting.

use std::time::Duration;

use domain::money::Currency;
use platform::config::{Faults, Validate};
use serde::Deserialize;

use crate::config::millis;
use crate::packed::{self, pack_fields};

/// When something counts as a sign of hesitation, and when a session is over.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignalSettings {
    /// Currency of a cart in which nothing was put yet.
    pub(crate) currency: Currency,
    /// A look at a configurable product that takes this long is a doubt.
    #[serde(rename = "long_dwell_ms", deserialize_with = "millis")]
    pub(crate) long_dwell: Duration,
    /// So many policy or FAQ views ...
    pub(crate) policy_views: usize,
    /// ... within this time are a hunt.
    #[serde(rename = "policy_window_ms", deserialize_with = "millis")]
    pub(crate) policy_window: Duration,
    /// So many comparisons ...
    pub(crate) compare_views: usize,
    /// ... within this time are a doubt.
    #[serde(rename = "compare_window_ms", deserialize_with = "millis")]
    pub(crate) compare_window: Duration,
    /// So many searches without opening a product ...
    pub(crate) search_count: usize,
    /// ... within this time are a loop.
    #[serde(rename = "search_window_ms", deserialize_with = "millis")]
    pub(crate) search_window: Duration,
    /// So many refusals by forms ...
    pub(crate) form_errors: usize,
    /// ... within this time are a retry.
    #[serde(rename = "form_window_ms", deserialize_with = "millis")]
    pub(crate) form_window: Duration,
    /// So many rejected coupons, ...
    pub(crate) coupon_rejections: usize,
    /// ... declined payments, ...
    pub(crate) payment_declines: usize,
    /// ... edits of an address, ...
    pub(crate) address_edits: usize,
    /// ... failed pages, ...
    pub(crate) page_faults: usize,
    /// ... slow pages, ...
    pub(crate) slow_pages: usize,
    /// ... or moves towards the exit ...
    pub(crate) exit_intents: usize,
    /// ... within this time are a sign each.
    #[serde(rename = "friction_window_ms", deserialize_with = "millis")]
    pub(crate) friction_window: Duration,
    /// A page that took less than this was not slow.
    #[serde(rename = "slow_page_ms", deserialize_with = "millis")]
    pub(crate) slow_page: Duration,
    /// A step back within this time after a cost was revealed is a shock, ...
    #[serde(rename = "shock_window_ms", deserialize_with = "millis")]
    pub(crate) shock_window: Duration,
    /// ... and so is a pause this long that begins within it.
    #[serde(rename = "shock_pause_ms", deserialize_with = "millis")]
    pub(crate) shock_pause: Duration,
    /// A pause this long in checkout is idleness.
    #[serde(rename = "checkout_idle_ms", deserialize_with = "millis")]
    pub(crate) checkout_idle: Duration,
    /// A pause this long with a filled cart outside checkout is idleness.
    #[serde(rename = "cart_idle_ms", deserialize_with = "millis")]
    pub(crate) cart_idle: Duration,
    /// A stay this long on the last page before the order is a stall.
    #[serde(rename = "last_page_stall_ms", deserialize_with = "millis")]
    pub(crate) last_page_stall: Duration,
    /// So many looks at the status of an order ...
    pub(crate) order_status_views: usize,
    /// ... within this time are anxiety.
    #[serde(rename = "order_status_window_ms", deserialize_with = "millis")]
    pub(crate) order_status_window: Duration,
    /// So many looks at the page that cancels an order ...
    pub(crate) cancel_page_views: usize,
    /// ... within this time are regret.
    #[serde(rename = "cancel_page_window_ms", deserialize_with = "millis")]
    pub(crate) cancel_page_window: Duration,
    /// A shipment on its way that is silent this long is stalled, and again after each further such time ...
    #[serde(rename = "shipment_stalled_ms", deserialize_with = "millis")]
    pub(crate) shipment_stalled: Duration,
    /// ... so many times.
    pub(crate) shipment_stalled_times: u32,
    /// A shipment silent this long is given up.
    #[serde(rename = "shipment_expired_ms", deserialize_with = "millis")]
    pub(crate) shipment_expired: Duration,
    /// A delivery that the buyer has not confirmed after this time is in doubt.
    #[serde(rename = "delivered_unconfirmed_ms", deserialize_with = "millis")]
    pub(crate) delivered_unconfirmed: Duration,
    /// A promised delivery that moves by this much, earlier or later, is revised.
    #[serde(rename = "delivery_revised_ms", deserialize_with = "millis")]
    pub(crate) delivery_revised: Duration,
    /// A session ends after this long without an act of the shopper, ...
    #[serde(rename = "session_idle_end_ms", deserialize_with = "millis")]
    pub(crate) session_idle_end: Duration,
    /// ... and this long after its start in any case.
    #[serde(rename = "session_hard_limit_ms", deserialize_with = "millis")]
    pub(crate) session_hard_limit: Duration,
    /// A shopper who took a step this recently, and met no trouble since, moves ahead.
    #[serde(rename = "progress_window_ms", deserialize_with = "millis")]
    pub(crate) progress_window: Duration,
}

impl SignalSettings {
    /// Names these settings among others: a state that was folded under others cannot be gone on with under these.
    pub(crate) fn fingerprint(&self) -> u64 {
        packed::fingerprint(self)
    }

    /// How many of something make a sign, by the name of the setting.
    fn counts(&self) -> [(&'static str, usize); 12] {
        [
            ("policy_views", self.policy_views),
            ("compare_views", self.compare_views),
            ("search_count", self.search_count),
            ("form_errors", self.form_errors),
            ("coupon_rejections", self.coupon_rejections),
            ("payment_declines", self.payment_declines),
            ("address_edits", self.address_edits),
            ("page_faults", self.page_faults),
            ("slow_pages", self.slow_pages),
            ("exit_intents", self.exit_intents),
            ("order_status_views", self.order_status_views),
            ("cancel_page_views", self.cancel_page_views),
        ]
    }
}

pack_fields! {
    SignalSettings {
        currency, long_dwell, policy_views, policy_window, compare_views, compare_window, search_count, search_window,
        form_errors, form_window, coupon_rejections, payment_declines, address_edits, page_faults, slow_pages,
        exit_intents, friction_window, slow_page, shock_window, shock_pause, checkout_idle, cart_idle, last_page_stall,
        order_status_views, order_status_window, cancel_page_views, cancel_page_window, shipment_stalled, shipment_stalled_times, shipment_expired,
        delivered_unconfirmed, delivery_revised, session_idle_end, session_hard_limit, progress_window,
    }
}

impl Validate for SignalSettings {
    fn validate(&self, faults: &mut Faults) {
        let idle = self.checkout_idle.max(self.cart_idle);
        faults.check(
            idle < self.session_idle_end,
            "session_idle_end_ms",
            "must be longer than checkout_idle_ms and cart_idle_ms",
        );
        faults.check(
            self.session_idle_end < self.session_hard_limit,
            "session_hard_limit_ms",
            "must be longer than session_idle_end_ms",
        );
        faults.check(
            self.shipment_stalled < self.shipment_expired,
            "shipment_expired_ms",
            "must be longer than shipment_stalled_ms",
        );
        for (name, times) in self.counts() {
            faults.range(name, times, 1..=100);
        }
        faults.range(
            "shipment_stalled_times",
            self.shipment_stalled_times,
            1..=30,
        );
    }
}
