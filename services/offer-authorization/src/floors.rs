//! Margin floors that a shop sets by category of articles and by remedy, beside those of its programmes.
//!
//! An offer on a cart is spread over its lines in proportion to their value, as revenue accounting spreads a discount on a
//! bundle over what is in it (IFRS 15, paragraph 81), and each part of the cart keeps its own floor. Deliberately absent: how
//! a checkout rounds the share of a line. Shares are exact here, and no rounding is ever at the shop's expense.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use domain::cart::{Cart, Category};
use domain::id::ProgrammeId;
use domain::money::{BasisPoints, Money};
use domain::remedy::RemedyKind;
use serde::{Deserialize, Serialize};

use crate::amounts::{largest, lowers_value};

/// The whole in basis points.
const WHOLE: i128 = 10_000;

/// What a floor is for. What is absent does not limit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct FloorScope {
    pub(crate) category: Option<Category>,
    pub(crate) remedy: Option<RemedyKind>,
}

impl fmt::Display for FloorScope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let category = self.category.as_ref().map_or("*", Category::as_str);
        write!(
            out,
            "{}/{category}",
            self.remedy.map_or("*", |remedy| remedy.as_str())
        )
    }
}

/// A floor as it is told, or taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FloorSetting {
    pub(crate) scope: FloorScope,
    /// Least margin after the offer, as a share of the value after the offer. Absent for no such floor.
    pub(crate) least: Option<BasisPoints>,
}

/// A floor that is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MarginFloor {
    pub(crate) scope: FloorScope,
    pub(crate) least: BasisPoints,
}

/// The floors of a shop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MarginFloors {
    /// Those for articles of whatever category.
    of_any: ByRemedy,
    of_category: HashMap<Category, ByRemedy>,
}

/// Floors for one remedy each, and that for any.
type ByRemedy = BTreeMap<Option<RemedyKind>, BasisPoints>;

/// Which part of a cart keeps a floor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FloorOf {
    /// The articles of a category.
    Category(Category),
    /// The articles of all categories without a floor of their own, and of unknown category.
    OtherArticles,
    /// The cart as a whole, by the floor of a programme.
    Programme(ProgrammeId),
}

/// A floor, and what it leaves room for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FloorLimit {
    pub(crate) of: FloorOf,
    pub(crate) least: BasisPoints,
    /// The largest offer on the cart that keeps it; zero when none does.
    pub(crate) most: Money,
}

/// What the lines of a part come to, in minor units.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    value: i128,
    margin: i128,
}

impl MarginFloors {
    pub(crate) fn new(floors: Vec<MarginFloor>) -> Self {
        let mut all = Self::default();
        for MarginFloor { scope, least } in floors {
            let of_scope = match scope.category {
                None => &mut all.of_any,
                Some(category) => all.of_category.entry(category).or_default(),
            };
            of_scope.insert(scope.remedy, least);
        }
        all
    }

    /// The largest offer that each part of the cart bears. `granted` is what earlier offers on the cart cost, in its currency: it
    /// comes off the margin, but not off the value that a floor is a share of, which errs on the safe side. A cart of unknown margin
    /// has no limits here: it bears nothing, whatever its floors.
    pub(crate) fn limits(
        &self,
        cart: &Cart,
        remedy: RemedyKind,
        granted: Money,
    ) -> Vec<FloorLimit> {
        let Some(whole_margin) = cart.margin() else {
            return Vec::new();
        };
        let whole = i128::from(cart.value().minor_units());
        let granted = i128::from(granted.minor_units());
        let limits = self
            .parts(cart, remedy)
            .into_iter()
            .filter_map(|(category, part)| {
                let least = self.least(category, remedy)?;
                let keeps = |offer: Money| {
                    let offer = i128::from(offer.minor_units());
                    part.keeps(
                        least,
                        whole,
                        Spread {
                            offer,
                            granted,
                            remedy,
                        },
                    )
                };
                Some(FloorLimit {
                    of: category
                        .cloned()
                        .map_or(FloorOf::OtherArticles, FloorOf::Category),
                    least,
                    most: largest(whole_margin, keeps),
                })
            });
        limits.collect()
    }

    /// The floor for a category, or for articles without one that a floor names. The more exact one counts; of that for the
    /// category and that for the remedy, which are equally exact, the higher one.
    fn least(&self, category: Option<&Category>, remedy: RemedyKind) -> Option<BasisPoints> {
        let named = |remedy| category.and_then(|category| self.find(Some(category), remedy));
        let (exact, of_category) = (named(Some(remedy)), named(None));
        let of_remedy = self.find(None, Some(remedy));
        exact
            .or_else(|| of_category.max(of_remedy))
            .or_else(|| self.find(None, None))
    }

    fn find(&self, category: Option<&Category>, remedy: Option<RemedyKind>) -> Option<BasisPoints> {
        let floors = match category {
            None => &self.of_any,
            Some(category) => self.of_category.get(category)?,
        };
        floors.get(&remedy).copied()
    }

    /// The lines by the categories that have a floor of their own, and the others together.
    fn parts<'c>(
        &self,
        cart: &'c Cart,
        remedy: RemedyKind,
    ) -> BTreeMap<Option<&'c Category>, Part> {
        let has_own = |category: &&Category| {
            let own = [Some(remedy), None].map(|remedy| self.find(Some(category), remedy));
            own.iter().any(Option::is_some)
        };
        let mut parts: BTreeMap<Option<&Category>, Part> = BTreeMap::new();
        for line in cart.lines() {
            let part = parts
                .entry(line.category.as_ref().filter(has_own))
                .or_default();
            let units = i128::from(line.quantity.get());
            let margin = line.margin.map_or(0, Money::minor_units);
            part.value += i128::from(line.unit_price.minor_units()) * units;
            part.margin += i128::from(margin) * units;
        }
        parts
    }
}

/// What is spread over a cart, in minor units.
#[derive(Debug, Clone, Copy)]
struct Spread {
    offer: i128,
    granted: i128,
    remedy: RemedyKind,
}

impl Part {
    /// Whether the part keeps its floor in a cart that is worth `whole`. Both sides are multiplied by the value of the cart and by
    /// 10,000, so that nothing is rounded.
    // INVARIANT: no cart is worth more than 10^15, so that no product here is above 10^35, and all fit.
    fn keeps(self, least: BasisPoints, whole: i128, spread: Spread) -> bool {
        let share = |amount: i128| amount * self.value;
        let margin = self.margin * whole - share(spread.granted + spread.offer);
        let value = if lowers_value(spread.remedy) {
            self.value * whole - share(spread.offer)
        } else {
            self.value * whole
        };
        margin >= 0 && margin * WHOLE >= value * i128::from(least.get())
    }
}

#[cfg(test)]
mod tests;
