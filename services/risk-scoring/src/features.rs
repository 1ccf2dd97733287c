//! What a model may look at: numbers made of a session at a moment by one pure function, each with a name in the
//! catalogue.
//!
//! Training, evaluation and serving all call [`SessionFeatures::of`]; a row of recorded decision points and a live moment
//! only differ in how the [`Snapshot`] before it is filled. Deliberately absent: amounts of money, since a table of one
//! currency would be wrong in another, and anything that names a person. What a moment does not know is missing where the
//! catalogue says so, and else 0.

mod catalogue;
mod language;
mod snapshot;

use std::sync::LazyLock;
use std::time::Duration;

use domain::moment::{MomentKind, Progress};
use domain::phase::RiskPhase;

pub(crate) use catalogue::{Direction, Feature, UnknownFeature};
pub(crate) use language::Tongue;
pub(crate) use snapshot::{Shopped, Snapshot};

/// Version of the definition: rises when a feature is left out or comes to mean something else. New features do not raise it.
/// 3: what models are trained on counts shopping events, looks at products and additions to the cart, live as in recordings.
pub(crate) const VERSION: u32 = 3;

const SECONDS_PER_MINUTE: f64 = 60.0;

/// Local hours in which few shop, and those in which offices order.
const EARLY_HOURS: std::ops::Range<u8> = 2..8;
const WORKING_HOURS: std::ops::Range<u8> = 8..14;

/// The values of all features at one moment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SessionFeatures {
    // INVARIANT: finite, or NaN for a feature that may be missing and is. Nobody outside sees the NaN but tree nodes,
    // which say where it goes.
    values: [f64; Feature::SLOTS],
}

impl SessionFeatures {
    /// Reads the features off a session at a moment: from what had happened up to then, and nothing else.
    pub(crate) fn of(snapshot: &Snapshot<'_>) -> Self {
        let mut features = Self::default();
        features.add_visit(snapshot);
        features.add_cart(snapshot);
        if let Some(shopped) = &snapshot.shopped {
            features.add_shopping(shopped);
        }
        features.add_history(snapshot);
        features.add_state(snapshot);
        features.add_local_hour(snapshot.local_hour);
        for signal in snapshot.signals {
            features.set(Feature::Count(signal.kind), f64::from(signal.count));
            features.set(Feature::Dwell(signal.kind), minutes(signal.dwell));
        }
        features
    }

    /// The value of a feature; `None` when it is missing.
    pub(crate) fn get(&self, feature: Feature) -> Option<f64> {
        let value = self.raw(feature.slot());
        (!value.is_nan()).then_some(value)
    }

    /// The value in a slot; NaN when it is missing.
    pub(crate) fn raw(&self, slot: usize) -> f64 {
        self.values.get(slot).copied().unwrap_or_default()
    }

    /// Sets a feature. What is no finite number is missing where that may be, and else counts as 0.
    pub(crate) fn set(&mut self, feature: Feature, value: f64) {
        let value = if value.is_finite() {
            value
        } else if feature.may_be_missing() {
            f64::NAN
        } else {
            0.0
        };
        if let Some(place) = self.values.get_mut(feature.slot()) {
            *place = value;
        }
    }

    /// Forgets a feature, if it may be missing.
    #[cfg(any(test, feature = "training"))]
    pub(crate) fn forget(&mut self, feature: Feature) {
        self.set(feature, f64::NAN);
    }

    fn set_if_known(&mut self, feature: Feature, value: Option<f64>) {
        if let Some(value) = value {
            self.set(feature, value);
        }
    }

    fn add_visit(&mut self, snapshot: &Snapshot<'_>) {
        self.set(Feature::MinutesOnSite, minutes(snapshot.on_site));
        self.set(Feature::MinutesOnPage, minutes(snapshot.on_page));
        self.set(Feature::EventCount, f64::from(snapshot.events));
    }

    fn add_cart(&mut self, snapshot: &Snapshot<'_>) {
        self.set(Feature::CartLines, f64::from(snapshot.cart_lines));
        self.set(Feature::CartUnits, f64::from(snapshot.cart_units));
        self.set(Feature::ExtraCostPercent, snapshot.extra_cost_percent);
    }

    fn add_shopping(&mut self, shopped: &Shopped) {
        let since_first = minutes(shopped.since_first);
        let additions = f64::from(shopped.additions);
        let events = f64::from(shopped.views) + additions;
        for (feature, value) in [
            (Feature::MinutesShopping, since_first),
            (Feature::ShoppingEvents, events),
            (Feature::CartAdditions, additions),
            (Feature::ProductsViewed, f64::from(shopped.products)),
            (Feature::CartItemViews, f64::from(shopped.cart_item_views)),
        ] {
            self.set(feature, value);
        }
        let gaps = events - 1.0;
        for (feature, value) in [
            (
                Feature::MinutesPerShoppingEvent,
                (gaps > 0.0).then(|| since_first / gaps),
            ),
            (
                Feature::MinutesSinceShoppingEvent,
                shopped.since_previous.map(minutes),
            ),
            (
                Feature::ShoppingEventsPerAddition,
                (additions > 0.0).then(|| events / additions),
            ),
        ] {
            self.set_if_known(feature, value);
        }
    }

    fn add_history(&mut self, snapshot: &Snapshot<'_>) {
        let history = &snapshot.history;
        for (feature, count) in [
            (Feature::EarlierSessions, history.earlier_sessions),
            (Feature::EarlierCarts, history.earlier_carts),
            (Feature::EarlierOrders, history.earlier_orders),
            (Feature::EarlierAbandonments, history.earlier_abandonments),
        ] {
            self.set(feature, f64::from(count));
        }
        // Laplace's rule of succession: one order and one cart without are added, so that a first visit says one half.
        let orders = f64::from(history.earlier_orders);
        let carts = orders + f64::from(history.earlier_abandonments);
        self.set(Feature::EarlierOrderShare, (orders + 1.0) / (carts + 2.0));
    }

    fn add_state(&mut self, snapshot: &Snapshot<'_>) {
        for (feature, holds) in [
            (Feature::ShopperKnown, snapshot.shopper_known),
            (
                Feature::Progressing,
                snapshot.progress == Progress::Progressing,
            ),
            (
                Feature::CartJustFilled,
                snapshot.kind == Some(MomentKind::CartAdded),
            ),
            (
                Feature::InCheckout,
                snapshot.phase == RiskPhase::TransactionalFriction,
            ),
            (
                Feature::AfterOrder,
                snapshot.phase == RiskPhase::PostClickAnxiety,
            ),
        ] {
            self.set(feature, f64::from(holds));
        }
    }

    /// Without a zone the hour is missing, and none of the windows counts.
    fn add_local_hour(&mut self, hour: Option<u8>) {
        self.set_if_known(Feature::LocalHour, hour.map(f64::from));
        for (feature, hours) in [
            (Feature::LocalEarlyHours, EARLY_HOURS),
            (Feature::LocalWorkingHours, WORKING_HOURS),
        ] {
            let holds = hour.is_some_and(|hour| hours.contains(&hour));
            self.set(feature, f64::from(holds));
        }
    }
}

/// Nothing seen, which every session begins with.
static NOTHING: LazyLock<SessionFeatures> = LazyLock::new(|| {
    let mut features = SessionFeatures {
        values: [0.0; Feature::SLOTS],
    };
    for feature in Feature::MAY_BE_MISSING {
        features.set(*feature, f64::NAN);
    }
    features
});

/// Nothing seen: every feature is 0, or missing where it may be.
impl Default for SessionFeatures {
    fn default() -> Self {
        NOTHING.clone()
    }
}

impl FromIterator<(Feature, f64)> for SessionFeatures {
    fn from_iter<I: IntoIterator<Item = (Feature, f64)>>(values: I) -> Self {
        let mut features = Self::default();
        for (feature, value) in values {
            features.set(feature, value);
        }
        features
    }
}

fn minutes(span: Duration) -> f64 {
    span.as_secs_f64() / SECONDS_PER_MINUTE
}

#[cfg(test)]
mod tests;
