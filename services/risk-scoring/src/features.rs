//! What a model may look at: numbers made of a moment by one pure function, each with a name in the catalogue.
//!
//! Deliberately absent: amounts of money, since a table of one currency would be wrong in another, and anything that
//! names a person. What a moment does not know is 0, and the catalogue says so.

mod catalogue;
mod language;

use std::collections::BTreeMap;
use std::time::Duration;

use domain::cart::Cart;
use domain::moment::{Moment, MomentKind, Progress};
use domain::phase::RiskPhase;
use domain::time::{LocalHours, Timestamp, Zone, elapsed};

pub(crate) use catalogue::{Direction, Feature, UnknownFeature};
pub(crate) use language::Tongue;

const SECONDS_PER_MINUTE: f64 = 60.0;

/// The values of features; a feature that is not listed is 0.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Features(BTreeMap<Feature, f64>);

impl Features {
    /// Reads the features of a moment, as of the time it happened.
    pub(crate) fn of(moment: &Moment) -> Self {
        let mut features = Self::default();
        features.add_visit(moment);
        features.add_cart(&moment.cart);
        features.add_history(moment);
        features.add_state(moment);
        features.add_local_hour(moment.zone.as_ref(), moment.occurred_at);
        for signal in &moment.signals {
            features.set(Feature::Count(signal.kind), f64::from(signal.count));
            features.set(Feature::Dwell(signal.kind), minutes(signal.dwell));
        }
        features
    }

    /// The value of a feature.
    pub(crate) fn get(&self, feature: Feature) -> f64 {
        self.0.get(&feature).copied().unwrap_or_default()
    }

    /// Sets a feature; a value that is no finite number counts as 0.
    pub(crate) fn set(&mut self, feature: Feature, value: f64) {
        let value = if value.is_finite() { value } else { 0.0 };
        self.0.insert(feature, value);
    }

    fn flag(&mut self, feature: Feature, holds: Holds) {
        let value = match holds {
            Holds::Yes => 1.0,
            Holds::No => 0.0,
        };
        self.set(feature, value);
    }

    fn add_visit(&mut self, moment: &Moment) {
        let Moment {
            occurred_at,
            session_started_at,
            page_entered_at,
            event_count,
            ..
        } = moment;
        let on_site = elapsed(*session_started_at, *occurred_at);
        let on_page = page_entered_at.map_or(Duration::ZERO, |at| elapsed(at, *occurred_at));
        self.set(Feature::MinutesOnSite, minutes(on_site));
        self.set(Feature::MinutesOnPage, minutes(on_page));
        self.set(Feature::EventCount, f64::from(*event_count));
    }

    fn add_cart(&mut self, cart: &Cart) {
        let lines = u32::try_from(cart.lines().len()).unwrap_or(u32::MAX);
        self.set(Feature::CartLines, f64::from(lines));
        self.set(Feature::CartUnits, f64::from(cart.item_count()));
        self.set(Feature::ExtraCostPercent, extra_cost_percent(cart));
    }

    fn add_history(&mut self, moment: &Moment) {
        let history = &moment.history;
        for (feature, count) in [
            (Feature::EarlierSessions, history.earlier_sessions),
            (Feature::EarlierCarts, history.earlier_carts),
            (Feature::EarlierOrders, history.earlier_orders),
            (Feature::EarlierAbandonments, history.earlier_abandonments),
        ] {
            self.set(feature, f64::from(count));
        }
    }

    fn add_state(&mut self, moment: &Moment) {
        for (feature, holds) in [
            (Feature::ShopperKnown, moment.shopper.is_some()),
            (
                Feature::Progressing,
                moment.progress == Progress::Progressing,
            ),
            (
                Feature::CartJustFilled,
                moment.kind == MomentKind::CartAdded,
            ),
            (
                Feature::InCheckout,
                moment.phase == RiskPhase::TransactionalFriction,
            ),
            (
                Feature::AfterOrder,
                moment.phase == RiskPhase::PostClickAnxiety,
            ),
        ] {
            self.flag(feature, holds.into());
        }
    }

    /// Without a zone none of the hours is known, and none of them counts.
    fn add_local_hour(&mut self, zone: Option<&Zone>, at: Timestamp) {
        for (feature, from, until) in [
            (Feature::LocalEarlyHours, 2, 8),
            (Feature::LocalWorkingHours, 8, 14),
        ] {
            let holds = zone.is_some_and(|zone| {
                LocalHours::new(from, until).is_ok_and(|hours| hours.contains(zone, at))
            });
            self.flag(feature, holds.into());
        }
    }
}

impl FromIterator<(Feature, f64)> for Features {
    fn from_iter<I: IntoIterator<Item = (Feature, f64)>>(values: I) -> Self {
        let mut features = Self::default();
        for (feature, value) in values {
            features.set(feature, value);
        }
        features
    }
}

#[derive(Debug, Clone, Copy)]
enum Holds {
    Yes,
    No,
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

fn minutes(span: Duration) -> f64 {
    span.as_secs_f64() / SECONDS_PER_MINUTE
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

#[cfg(test)]
mod tests;
