//! Whether memory is flat: what it does over the second half of a run, when everything has been seen once. Pure.

use serde::Serialize;

use crate::numbers::{count, ratio, real};

const SECONDS_AN_HOUR: f64 = 3_600.0;

/// What memory does over the second half of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Flatness {
    pub(super) from_seconds: f64,
    pub(super) to_seconds: f64,
    pub(super) resident_min_bytes: u64,
    pub(super) resident_max_bytes: u64,
    pub(super) max_over_min: f64,
    /// Slope of the straight line through all samples (least squares), in percent of their mean.
    pub(super) percent_an_hour: f64,
}

impl Flatness {
    /// Of samples in order: seconds since the start, and bytes. `None` for fewer than two in the second half.
    pub(super) fn of(samples: &[(f64, u64)]) -> Option<Self> {
        let (last, _) = samples.last()?;
        let half: Vec<_> = samples.iter().filter(|(at, _)| *at >= last / 2.0).collect();
        let (first, _) = half.first()?;
        let bytes = || half.iter().map(|(_, bytes)| *bytes);
        let (min, max) = (bytes().min()?, bytes().max()?);
        let n = real(count(half.len()));
        let mean_at = half.iter().map(|(at, _)| at).sum::<f64>() / n;
        let mean = bytes().map(real).sum::<f64>() / n;
        let spread: f64 = half.iter().map(|(at, _)| (at - mean_at).powi(2)).sum();
        if spread <= 0.0 {
            return None;
        }
        let together = half
            .iter()
            .map(|(at, b)| (at - mean_at) * (real(*b) - mean));
        let slope = together.sum::<f64>() / spread;
        Some(Self {
            from_seconds: *first,
            to_seconds: *last,
            resident_min_bytes: min,
            resident_max_bytes: max,
            max_over_min: ratio(real(max), real(min)),
            percent_an_hour: slope * SECONDS_AN_HOUR / mean * 100.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(bytes: impl Fn(u32) -> f64) -> Vec<(f64, u64)> {
        let at = |second| (f64::from(second), bytes(second));
        let whole = |(at, bytes): (f64, f64)| (at, format!("{bytes:.0}").parse().unwrap());
        (0..=3_600).map(at).map(whole).collect()
    }

    #[test]
    fn memory_that_stays_is_flat() {
        let flat = Flatness::of(&samples(|_| 1e8)).unwrap();

        assert!(flat.percent_an_hour.abs() < 1e-9, "{flat:?}");
        assert!((flat.max_over_min - 1.0).abs() < 1e-9);
        assert!((flat.from_seconds - 1_800.0).abs() < 1e-9);
    }

    #[test]
    fn what_grows_is_told_in_percent_an_hour_and_the_first_half_does_not_count() {
        // Up steeply, then by 10 MB an hour around a mean of 102.5 MB.
        let grown = |second: u32| match second {
            0..1_800 => f64::from(second) * 1e5,
            1_800.. => 1e8 + (f64::from(second) - 1_800.0) / 3_600.0 * 1e7,
        };
        let flat = Flatness::of(&samples(grown)).unwrap();

        assert!((flat.percent_an_hour - 1e7 / 1.025e8 * 100.0).abs() < 0.01);
        assert!((flat.max_over_min - 1.05).abs() < 1e-3);
    }

    #[test]
    fn one_sample_says_nothing() {
        assert_eq!(Flatness::of(&[(0.0, 1), (9.0, 1)]), None);
        assert_eq!(Flatness::of(&[]), None);
    }
}
