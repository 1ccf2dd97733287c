//! One line of a cart, and the sums over many.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::CartError;
use crate::id::Sku;
use crate::money::{Currency, Money, MoneyError};
use crate::text::Text;
use crate::word::closed_enum;

closed_enum! {
    /// Whether the shopper chooses how the article is made.
    pub enum Configurable {
        /// Size, colour, engraving and the like are chosen.
        Yes = "yes",
        /// It is bought as it is.
        No = "no",
    }
}

/// The quantity is out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 10000 units")]
pub struct InvalidQuantity;

/// Units of one article, 1 to 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Quantity(u32);

impl Quantity {
    /// One unit.
    pub const ONE: Self = Self(1);
    /// Most units of one article.
    pub const MAX: Self = Self(10_000);

    /// A quantity of 1 to 10,000.
    ///
    /// # Errors
    ///
    /// [`InvalidQuantity`] for zero or above 10,000.
    pub const fn new(units: u32) -> Result<Self, InvalidQuantity> {
        if units == 0 || units > Self::MAX.0 {
            return Err(InvalidQuantity);
        }
        Ok(Self(units))
    }

    /// The units.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Both together.
    ///
    /// # Errors
    ///
    /// [`InvalidQuantity`] above 10,000.
    pub const fn checked_add(self, other: Self) -> Result<Self, InvalidQuantity> {
        Self::new(self.0.saturating_add(other.0))
    }
}

impl TryFrom<u32> for Quantity {
    type Error = InvalidQuantity;

    fn try_from(units: u32) -> Result<Self, InvalidQuantity> {
        Self::new(units)
    }
}

impl From<Quantity> for u32 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

/// A category of products, as the shop names it. Compared byte by byte: upper case and accents tell apart.
pub type Category = Text<128>;

/// One article of a cart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartLine {
    /// The article.
    pub sku: Sku,
    /// How many of it.
    pub quantity: Quantity,
    /// What one unit costs the shopper.
    pub unit_price: Money,
    /// What one unit earns the shop, when known; never more than the price. A loss counts as zero.
    pub margin: Option<Money>,
    /// Whether the shopper chooses how it is made.
    pub configurable: Configurable,
    /// What kind of article it is, when known. Left out where it is not, as in carts that were stored before there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
}

pub(super) fn require_distinct(lines: &[CartLine]) -> Result<(), CartError> {
    let mut seen = HashSet::new();
    if lines.iter().all(|line| seen.insert(&line.sku)) {
        Ok(())
    } else {
        Err(CartError::DuplicateSku)
    }
}

pub(super) fn total_value(currency: Currency, lines: &[CartLine]) -> Result<Money, MoneyError> {
    lines.iter().try_fold(Money::zero(currency), |sum, line| {
        sum.checked_add(line.unit_price.times(line.quantity.get())?)
    })
}

/// `None` when one line does not know its margin. Every margin that is known is checked all the same.
pub(super) fn total_margin(
    currency: Currency,
    lines: &[CartLine],
) -> Result<Option<Money>, CartError> {
    let mut sum = Some(Money::zero(currency));
    for line in lines {
        let Some(margin) = line.margin else {
            sum = None;
            continue;
        };
        if margin.compare(line.unit_price)?.is_gt() {
            return Err(CartError::MarginAbovePrice);
        }
        let of_line = margin.times(line.quantity.get())?;
        sum = sum.map(|sum| sum.checked_add(of_line)).transpose()?;
    }
    Ok(sum)
}
