//! Numbers that a model makes: bounded, never NaN, hence with a total order.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

/// Why a number is no score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidScore {
    /// A probability out of range.
    #[error("must be a probability from 0 to 1")]
    Probability,
    /// Log-odds that are infinite or no number.
    #[error("must be finite log-odds")]
    LogOdds,
}

/// Equality, order, hash, display and serde for a float that is never NaN and never negative zero.
macro_rules! score {
    ($name:ident) => {
        impl $name {
            /// The number.
            pub const fn get(self) -> f64 {
                self.0
            }

            /// Negative zero would equal zero, and differ from it in order and hash.
            const fn normalised(value: f64) -> Self {
                Self(if value == 0.0 { 0.0 } else { value })
            }
        }

        // INVARIANT: without NaN and negative zero, the total order of IEEE 754 is the usual one.
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other).is_eq()
            }
        }

        impl Eq for $name {}

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                self.0.total_cmp(&other.0)
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.0.to_bits().hash(state);
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, formatter)
            }
        }

        impl TryFrom<f64> for $name {
            type Error = InvalidScore;

            fn try_from(value: f64) -> Result<Self, InvalidScore> {
                Self::new(value)
            }
        }

        impl From<$name> for f64 {
            fn from(score: $name) -> Self {
                score.0
            }
        }
    };
}

/// A probability, 0 to 1.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Probability(f64);

impl Probability {
    /// It does not happen.
    pub const ZERO: Self = Self(0.0);
    /// It happens.
    pub const ONE: Self = Self(1.0);

    /// A probability of 0 to 1.
    ///
    /// # Errors
    ///
    /// [`InvalidScore::Probability`] out of range, NaN included.
    pub const fn new(value: f64) -> Result<Self, InvalidScore> {
        if 0.0 <= value && value <= 1.0 {
            Ok(Self::normalised(value))
        } else {
            Err(InvalidScore::Probability)
        }
    }
}

score!(Probability);

/// Log-odds: finite, of either sign.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct LogOdds(f64);

impl LogOdds {
    /// Even odds.
    pub const ZERO: Self = Self(0.0);

    /// Finite log-odds.
    ///
    /// # Errors
    ///
    /// [`InvalidScore::LogOdds`] for an infinity or NaN.
    pub const fn new(value: f64) -> Result<Self, InvalidScore> {
        if value.is_finite() {
            Ok(Self::normalised(value))
        } else {
            Err(InvalidScore::LogOdds)
        }
    }
}

score!(LogOdds);
