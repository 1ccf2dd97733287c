//! Currencies of ISO 4217 that have minor units; metals, funds' units and test codes are no money to pay with.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The text is no currency that a cart can be paid in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an iso 4217 code in capitals of a currency with minor units, such as `EUR`")]
pub struct InvalidCurrency;

/// A currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Canadian dollar.
    pub const CAD: Self = Self(iso_currency::Currency::CAD);
    /// Euro.
    pub const EUR: Self = Self(iso_currency::Currency::EUR);
    /// Pound sterling.
    pub const GBP: Self = Self(iso_currency::Currency::GBP);
    /// Yen, which has no decimals.
    pub const JPY: Self = Self(iso_currency::Currency::JPY);
    /// Mexican peso.
    pub const MXN: Self = Self(iso_currency::Currency::MXN);
    /// United States dollar.
    pub const USD: Self = Self(iso_currency::Currency::USD);

    /// Reads the three-letter code, in capitals.
    ///
    /// # Errors
    ///
    /// [`InvalidCurrency`] for an unknown code or one without minor units (gold is one).
    pub fn parse(code: &str) -> Result<Self, InvalidCurrency> {
        iso_currency::Currency::from_code(code)
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
            .ok_or(InvalidCurrency)
    }

    /// The three-letter code.
    pub fn as_str(self) -> &'static str {
        self.0.code()
    }

    /// Decimals of an amount in major units: 2 for most, 0 for the yen.
    pub fn minor_digits(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(code: &str) -> Result<Self, InvalidCurrency> {
        Self::parse(code)
    }
}

impl TryFrom<String> for Currency {
    type Error = InvalidCurrency;

    fn try_from(code: String) -> Result<Self, InvalidCurrency> {
        Self::parse(&code)
    }
}

impl From<Currency> for &'static str {
    fn from(currency: Currency) -> Self {
        currency.as_str()
    }
}
