//! Shares of a whole in basis points, hundredths of a percent.

use serde::{Deserialize, Serialize};

/// The share is more than the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 0 to 10000 basis points")]
pub struct InvalidShare;

/// A share of a whole, 0 to 10,000 basis points (0 to 100 %).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "u32", into = "u32")]
pub struct BasisPoints(u32);

impl BasisPoints {
    /// None of it.
    pub const ZERO: Self = Self(0);
    /// All of it.
    pub const ALL: Self = Self(10_000);
    /// Basis points in a whole, as what amounts are divided by.
    pub(crate) const PER_WHOLE: i64 = 10_000;

    /// A share of 0 to 10,000 basis points.
    ///
    /// # Errors
    ///
    /// [`InvalidShare`] above 10,000.
    pub const fn new(basis_points: u32) -> Result<Self, InvalidShare> {
        if basis_points > Self::ALL.0 {
            return Err(InvalidShare);
        }
        Ok(Self(basis_points))
    }

    /// The share in basis points.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// What the share leaves of the whole.
    #[must_use]
    pub const fn complement(self) -> Self {
        Self(Self::ALL.0.saturating_sub(self.0))
    }
}

impl TryFrom<u32> for BasisPoints {
    type Error = InvalidShare;

    fn try_from(basis_points: u32) -> Result<Self, InvalidShare> {
        Self::new(basis_points)
    }
}

impl From<BasisPoints> for u32 {
    fn from(share: BasisPoints) -> Self {
        share.0
    }
}
