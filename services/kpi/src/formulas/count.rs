//! The one place where counts become floats and back.

#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "std has no other way; a count above 2^53 is rounded to the nearest float, always the same one"
)]

/// A count as a float.
pub(super) const fn real(count: u64) -> f64 {
    count as f64
}

/// A sum as a float.
pub(super) const fn real_sum(sum: i128) -> f64 {
    sum as f64
}

/// A sum of squares as a float.
pub(super) const fn real_squares(sum: u128) -> f64 {
    sum as f64
}
