//! A session at a moment, as far as models may know it: what had happened up to then, without names, money or future.

use std::time::Duration;

use domain::cart::Cart;
use domain::moment::{Moment, MomentKind, Progress, Shopping, VisitHistory};
use domain::phase::RiskPhase;
use domain::signal::Signal;
use domain::time::{Timestamp, elapsed};

/// What features are made of. A field that is `None` is not known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Snapshot<'a> {
    /// Since the first event of the session.
    pub(crate) on_site: Duration,
    /// Since the page was entered; zero when that is not known.
    pub(crate) on_page: Duration,
    /// Events of the session, this one included.
    pub(crate) events: u32,
    /// `None` before the first look or addition, too.
    pub(crate) shopped: Option<Shopped>,
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

/// What was done with products: all that a recording of looks and additions tells of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shopped {
    /// Looks at products.
    pub(crate) views: u32,
    /// Additions to the cart.
    pub(crate) additions: u32,
    /// Different products of either.
    pub(crate) products: u32,
    /// Looks at products that are in the cart now.
    pub(crate) cart_item_views: u32,
    /// Since the first look or addition.
    pub(crate) since_first: Duration,
    /// From the look or addition before to this moment; absent when there is none.
    pub(crate) since_previous: Option<Duration>,
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
            events: moment.event_count,
            shopped: moment.shopping.map(|shopping| Shopped::of(shopping, at)),
            cart_lines: u32::try_from(cart.lines().len()).unwrap_or(u32::MAX),
            cart_units: cart.item_count(),
            extra_cost_percent: extra_cost_percent(cart),
            history: moment.history,
            shopper_known: moment.shopper.is_some(),
            progress: moment.progress,
            phase: moment.phase,
            kind: Some(moment.kind),
            local_hour: moment.zone.as_ref().map(|zone| zone.hour(at)),
            signals: &moment.signals,
        }
    }
}

impl Shopped {
    fn of(shopping: Shopping, at: Timestamp) -> Self {
        Self {
            views: shopping.product_views,
            additions: shopping.cart_additions,
            products: shopping.products_seen,
            cart_item_views: shopping.cart_item_views,
            since_first: elapsed(shopping.first_at, at),
            since_previous: shopping.previous_at.map(|previous| elapsed(previous, at)),
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
