//! Amounts and shares, exact to the minor unit.
//!
//! An amount never travels without its currency and is never negative: what goes the other way has another name
//! (a redemption and its reversal). There is no conversion between currencies and no float.

mod currency;
mod share;

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use currency::{Currency, InvalidCurrency};
pub use share::{BasisPoints, InvalidShare};

/// Largest amount in minor units, 10^15: far above any cart, far below the end of `i64`.
pub const MAX_MINOR_UNITS: i64 = 1_000_000_000_000_000;

/// Why an amount cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The amount is below zero.
    #[error("must not be below zero")]
    Negative,
    /// The amount is above [`MAX_MINOR_UNITS`].
    #[error("must be at most {MAX_MINOR_UNITS} minor units")]
    Overflow,
    /// Two amounts of different currencies meet.
    #[error("must be in the same currency")]
    CurrencyMismatch,
}

/// An amount of money, zero or more. It has no order across currencies, hence no `Ord`: see [`Money::compare`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawMoney", into = "RawMoney")]
pub struct Money {
    minor_units: i64,
    currency: Currency,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMoney {
    minor_units: i64,
    currency: Currency,
}

impl Money {
    /// An amount in minor units (cents), 0 to [`MAX_MINOR_UNITS`].
    ///
    /// # Errors
    ///
    /// [`MoneyError::Negative`] or [`MoneyError::Overflow`].
    pub const fn new(minor_units: i64, currency: Currency) -> Result<Self, MoneyError> {
        if minor_units < 0 {
            return Err(MoneyError::Negative);
        }
        if minor_units > MAX_MINOR_UNITS {
            return Err(MoneyError::Overflow);
        }
        Ok(Self {
            minor_units,
            currency,
        })
    }

    /// Nothing, in a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self {
            minor_units: 0,
            currency,
        }
    }

    /// The amount in minor units.
    pub const fn minor_units(self) -> i64 {
        self.minor_units
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether the amount is nothing.
    pub const fn is_zero(self) -> bool {
        self.minor_units == 0
    }

    /// The sum.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.require_same_currency(other)?;
        let sum = self.minor_units.checked_add(other.minor_units);
        Self::new(sum.ok_or(MoneyError::Overflow)?, self.currency)
    }

    /// The difference.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrencyMismatch`], or [`MoneyError::Negative`] when `other` is more.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.require_same_currency(other)?;
        let difference = self.minor_units.checked_sub(other.minor_units);
        Self::new(difference.ok_or(MoneyError::Negative)?, self.currency)
    }

    /// The sum of many, zero when there are none.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn total(
        currency: Currency,
        amounts: impl IntoIterator<Item = Self>,
    ) -> Result<Self, MoneyError> {
        amounts
            .into_iter()
            .try_fold(Self::zero(currency), Self::checked_add)
    }

    /// The amount so many times.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`].
    pub fn times(self, count: u32) -> Result<Self, MoneyError> {
        let product = self.minor_units.checked_mul(i64::from(count));
        Self::new(product.ok_or(MoneyError::Overflow)?, self.currency)
    }

    /// A share of the amount, rounded down to the minor unit: what we give never exceeds its share.
    #[must_use]
    pub fn share(self, share: BasisPoints) -> Self {
        self.share_rounded(share, 0)
    }

    /// A share of the amount, rounded up to the minor unit: what we must keep never falls short of its share.
    ///
    /// `share(x)` and `share_up(x.complement())` add up to the amount.
    #[must_use]
    pub fn share_up(self, share: BasisPoints) -> Self {
        self.share_rounded(share, BasisPoints::PER_WHOLE.saturating_sub(1))
    }

    /// The smaller of two amounts.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrencyMismatch`].
    pub fn min(self, other: Self) -> Result<Self, MoneyError> {
        Ok(match self.compare(other)? {
            Ordering::Less | Ordering::Equal => self,
            Ordering::Greater => other,
        })
    }

    /// How two amounts stand to each other.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrencyMismatch`].
    pub fn compare(self, other: Self) -> Result<Ordering, MoneyError> {
        self.require_same_currency(other)?;
        Ok(self.minor_units.cmp(&other.minor_units))
    }

    fn require_same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch)
        }
    }

    /// Whole ten-thousands and the rest are multiplied apart.
    // INVARIANT: minor_units <= 10^15 and share <= 10^4, so neither product passes 10^15 and nothing saturates.
    fn share_rounded(self, share: BasisPoints, round_by: i64) -> Self {
        let points = i64::from(share.get());
        let whole = (self.minor_units / BasisPoints::PER_WHOLE).saturating_mul(points);
        let rest = (self.minor_units % BasisPoints::PER_WHOLE)
            .saturating_mul(points)
            .saturating_add(round_by)
            / BasisPoints::PER_WHOLE;
        Self {
            minor_units: whole.saturating_add(rest),
            currency: self.currency,
        }
    }
}

/// The amount in major units with all its decimals, then the code: `12.30 EUR`, `1200 JPY`.
impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.minor_digits();
        let Some(unit) = 10_i64.checked_pow(digits).filter(|_| digits > 0) else {
            return write!(formatter, "{} {}", self.minor_units, self.currency);
        };
        let major = self.minor_units.checked_div(unit).unwrap_or_default();
        let minor = self.minor_units.checked_rem(unit).unwrap_or_default();
        let width = usize::try_from(digits).unwrap_or_default();
        write!(formatter, "{major}.{minor:0width$} {}", self.currency)
    }
}

impl TryFrom<RawMoney> for Money {
    type Error = MoneyError;

    fn try_from(raw: RawMoney) -> Result<Self, MoneyError> {
        let RawMoney {
            minor_units,
            currency,
        } = raw;
        Self::new(minor_units, currency)
    }
}

impl From<Money> for RawMoney {
    fn from(money: Money) -> Self {
        let Money {
            minor_units,
            currency,
        } = money;
        Self {
            minor_units,
            currency,
        }
    }
}

#[cfg(test)]
mod tests;
