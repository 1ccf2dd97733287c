//! Carts: what a shopper means to buy, as a value with a version.
//!
//! Every change is a move that consumes the cart and counts its version up, so that whoever decided on a cart can see
//! later that it is no longer the same. Deliberately absent: stock, prices of other shops, offers.

mod line;
mod moves;

use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money, MoneyError};

pub use line::{CartLine, Category, Configurable, InvalidQuantity, Quantity};

/// Most lines in a cart.
pub const MAX_LINES: usize = 200;

/// Why a cart cannot be, or a move cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CartError {
    /// There are too many lines.
    #[error("must have at most {MAX_LINES} lines")]
    TooManyLines,
    /// Two lines have one article.
    #[error("must name each sku once")]
    DuplicateSku,
    /// The article is not in the cart.
    #[error("must name a sku of the cart")]
    NotInCart,
    /// The quantity of a line would leave its range.
    #[error(transparent)]
    Quantity(#[from] InvalidQuantity),
    /// A unit earns more than it costs the shopper.
    #[error("must have a margin of at most the unit price")]
    MarginAbovePrice,
    /// An amount is out of range or in another currency.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// A cart, all of it in one currency, with each article once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "CartParts", into = "CartParts")]
pub struct Cart {
    parts: CartParts,
    // Derived from the lines when the cart is made: a cart that exists has sums that fit.
    value: Money,
    margin: Option<Money>,
    total: Money,
}

/// All that a cart is made of, unchecked: how it comes from the wire or a row, and how it goes there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartParts {
    /// Counts the changes.
    pub version: u64,
    /// The currency of all amounts.
    pub currency: Currency,
    /// The lines, in the order in which they were added.
    pub lines: Vec<CartLine>,
    /// Shipping, once the shopper has seen it.
    pub shipping: Option<Money>,
    /// Tax, once the shopper has seen it.
    pub tax: Option<Money>,
}

impl Cart {
    /// A cart without lines, version 0.
    pub fn empty(currency: Currency) -> Self {
        Self {
            parts: CartParts {
                version: 0,
                currency,
                lines: Vec::new(),
                shipping: None,
                tax: None,
            },
            value: Money::zero(currency),
            margin: Some(Money::zero(currency)),
            total: Money::zero(currency),
        }
    }

    /// Checks the parts and adds them up.
    ///
    /// # Errors
    ///
    /// [`CartError`]: too many lines, an article twice, a margin above its price, a foreign currency, or a sum
    /// beyond [`MAX_MINOR_UNITS`](crate::money::MAX_MINOR_UNITS).
    pub fn new(parts: CartParts) -> Result<Self, CartError> {
        if parts.lines.len() > MAX_LINES {
            return Err(CartError::TooManyLines);
        }
        line::require_distinct(&parts.lines)?;
        let value = line::total_value(parts.currency, &parts.lines)?;
        let margin = line::total_margin(parts.currency, &parts.lines)?;
        let mut costs = [parts.shipping, parts.tax].into_iter().flatten();
        let total = costs.try_fold(value, Money::checked_add)?;
        Ok(Self {
            parts,
            value,
            margin,
            total,
        })
    }

    /// Counts the changes; two carts of one session with one version are the same.
    pub const fn version(&self) -> u64 {
        self.parts.version
    }

    /// The currency of all amounts.
    pub const fn currency(&self) -> Currency {
        self.parts.currency
    }

    /// The lines, in the order in which they were added.
    pub fn lines(&self) -> &[CartLine] {
        &self.parts.lines
    }

    /// Shipping, once the shopper has seen it.
    pub const fn shipping(&self) -> Option<Money> {
        self.parts.shipping
    }

    /// Tax, once the shopper has seen it.
    pub const fn tax(&self) -> Option<Money> {
        self.parts.tax
    }

    /// The sum of the lines, without shipping and tax.
    pub const fn value(&self) -> Money {
        self.value
    }

    /// The margin of all lines; `None` when it is not known of any one of them.
    pub const fn margin(&self) -> Option<Money> {
        self.margin
    }

    /// What the shopper would pay, as far as it is known: value, shipping and tax.
    pub const fn total(&self) -> Money {
        self.total
    }

    /// Units in the cart, over all lines.
    pub fn item_count(&self) -> u32 {
        // INVARIANT: 200 lines of 10,000 units stay far below the end of `u32`.
        self.lines()
            .iter()
            .map(|line| line.quantity.get())
            .fold(0, u32::saturating_add)
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.parts.lines.is_empty()
    }
}

impl TryFrom<CartParts> for Cart {
    type Error = CartError;

    fn try_from(parts: CartParts) -> Result<Self, CartError> {
        Self::new(parts)
    }
}

impl From<Cart> for CartParts {
    fn from(cart: Cart) -> Self {
        cart.parts
    }
}

#[cfg(test)]
mod tests;
