//! A session at a moment, as far as models may know it: what had happened up to then, without names, money or future.

use std::time::Duration;

use domain::cart::Cart;
use domain::moment::{Moment, MomentKind, Progress, VisitHistory};
use domain::phase::RiskPhase;
use domain::signal::Signal;
use domain::time::{LocalHours, Timestamp, Zone, elapsed};

/// What features are made of. A field that is `None` is not known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Snapshot<'a> {
    /// Since the first event of the session.
    pub(crate) on_site: Duration,
    /// Since the page was entered; zero when that is not known.
    pub(crate) on_page: Duration,
    /// From the event before to this one; absent on the first, too.
    pub(crate) since_event: Option<Duration>,
    /// Events of the session, this one included.
    pub(crate) events: u32,
    /// Different products seen, those in the cart included.
    pub(crate) products_viewed: Option<u32>,
    /// Looks at products that are in the cart now.
    pub(crate) cart_item_views: Option<u32>,
    pub(crate) cart_lines: u32,
    pub(crate) cart_units: u32,
    /// Shipping and tax in percent of the cart; 0 for an empty cart or before they are seen.
    pub(crate) extra_cost_percent: f64,
    /// What the person did in earlier sessions.
    pub(crate) history: VisitHistory,
    pub(crate) shopper_known: bool,
    pub(crate) progress: Progress,
    pub(crate) phase: RiskPhase,
    /// What made the moment; `None` for a decision point that nothing made.
    pub(crate) kind: Option<MomentKind>,
    /// Hour on the wall where the person is, 0 to 23.
    pub(crate) local_hour: Option<u8>,
    pub(crate) signals: &'a [Signal],
}

impl<'a> From<&'a Moment> for Snapshot<'a> {
    fn from(moment: &'a Moment) -> Self {
        let at = moment.occurred_at;
        let cart = &moment.cart;
        Self {
            on_site: elapsed(moment.session_started_at, at),
            on_page: moment
                .page_entered_at
                .map_or(Duration::ZERO, |entered| elapsed(entered, at)),
            // A moment does not tell these three yet.
            since_event: None,
            products_viewed: None,
            cart_item_views: None,
            events: moment.event_count,
            cart_lines: u32::try_from(cart.lines().len()).unwrap_or(u32::MAX),
            cart_units: cart.item_count(),
            extra_cost_percent: extra_cost_percent(cart),
            history: moment.history,
            shopper_known: moment.shopper.is_some(),
            progress: moment.progress,
            phase: moment.phase,
            kind: Some(moment.kind),
            local_hour: moment.zone.as_ref().map(|zone| local_hour(zone, at)),
            signals: &moment.signals,
        }
    }
}

/// Shipping and tax in percent of the cart, to a hundredth; 0 for an empty cart or before they are seen.
fn extra_cost_percent(cart: &Cart) -> f64 {
    let value = cart.value().minor_units();
    let extra = cart.total().minor_units().saturating_sub(value);
    extra
        .saturating_mul(10_000)
        .checked_div(value)
        .map_or(0.0, |hundredths| {
            f64::from(u32::try_from(hundredths).unwrap_or(u32::MAX)) / 100.0
        })
}

/// The hour on the wall: halved down, since a zone only says whether an instant lies in a window.
fn local_hour(zone: &Zone, at: Timestamp) -> u8 {
    let (mut from, mut until) = (0_u8, 24_u8);
    while until - from > 1 {
        let middle = u8::midpoint(from, until);
        let later = LocalHours::new(middle, until).is_ok_and(|hours| hours.contains(zone, at));
        if later {
            from = middle;
        } else {
            until = middle;
        }
    }
    from
}
