//! Revenue of the treated against that of the held out.

use super::count::{real, real_squares, real_sum};
use super::share::Interval;
use super::student;

/// What is known of the amounts of one arm: one amount per person, in minor units, nobody left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sample {
    n: u64,
    sum: i128,
    /// `None` once it is too large for its type, for amounts that no shop has.
    sum_of_squares: Option<u128>,
}

/// A gain in minor units, which may be a loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Incremental {
    pub(crate) minor_units: f64,
    pub(crate) interval: Option<Interval>,
}

impl Sample {
    /// Takes one amount per person.
    pub(crate) fn of(amounts: impl IntoIterator<Item = i128>) -> Self {
        let empty = Self {
            sum_of_squares: Some(0),
            ..Self::default()
        };
        amounts.into_iter().fold(empty, |sample, amount| Self {
            n: sample.n + 1,
            sum: sample.sum.saturating_add(amount),
            sum_of_squares: sample.sum_of_squares.and_then(|sum| {
                let square = amount.unsigned_abs().checked_mul(amount.unsigned_abs())?;
                sum.checked_add(square)
            }),
        })
    }

    /// Persons.
    pub(crate) fn n(self) -> u64 {
        self.n
    }

    /// All amounts together.
    pub(crate) fn sum(self) -> i128 {
        self.sum
    }

    fn mean(self) -> Option<f64> {
        (self.n > 0).then(|| real_sum(self.sum) / real(self.n))
    }

    /// Variance of the mean, `s²/n` with `s² = (n·Σx² − (Σx)²) / (n(n−1))`. The bracket is exact: in floats it would be
    /// the small difference of two large numbers.
    fn variance_of_mean(self) -> Option<f64> {
        let n = u128::from(self.n);
        let squared_sum = self
            .sum
            .unsigned_abs()
            .checked_mul(self.sum.unsigned_abs())?;
        let bracket = n
            .checked_mul(self.sum_of_squares?)?
            .checked_sub(squared_sum)?;
        let n = real(self.n);
        (self.n > 1).then(|| real_squares(bracket) / (n * n * (n - 1.0)))
    }
}

/// `(Σ_T/N_T − Σ_C/N_C)·N_T` (DOMAIN 4.5, by intention to treat) with the interval of Welch (1947), Biometrika 34:28:
/// `±t·N_T·√(s_T²/N_T + s_C²/N_C)`, where t has Satterthwaite's degrees of freedom.
///
/// `None` unless both arms have a person; no interval unless both have two and the amounts of an arm differ, since it
/// would pretend to be a point. Carts are heavy-tailed, so below some hundred persons an arm the interval is a guide,
/// not a proof.
pub(crate) fn incremental(treatment: Sample, holdout: Sample) -> Option<Incremental> {
    let persons = real(treatment.n);
    let minor_units = (treatment.mean()? - holdout.mean()?) * persons;
    let interval = half_width(treatment, holdout).map(|half| Interval {
        low: minor_units - half * persons,
        high: minor_units + half * persons,
    });
    Some(Incremental {
        minor_units,
        interval,
    })
}

fn half_width(treatment: Sample, holdout: Sample) -> Option<f64> {
    let (t, c) = (treatment.variance_of_mean()?, holdout.variance_of_mean()?);
    let variance = t + c;
    if variance <= 0.0 {
        return None;
    }
    let parts = t * t / (real(treatment.n) - 1.0) + c * c / (real(holdout.n) - 1.0);
    Some(student::quantile(variance * variance / parts) * variance.sqrt())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(amounts: &[i128]) -> f64 {
        real(u64::try_from(amounts.len()).unwrap())
    }

    /// Mean and variance of the mean by the book, in two passes over floats.
    fn slow(amounts: &[i128]) -> (f64, f64) {
        let n = count(amounts);
        let mean = amounts.iter().map(|x| real_sum(*x)).sum::<f64>() / n;
        let squares: f64 = amounts.iter().map(|x| (real_sum(*x) - mean).powi(2)).sum();
        (mean, squares / (n - 1.0) / n)
    }

    proptest! {
        #[test]
        fn agrees_with_two_passes_over_the_amounts(
            treatment in prop::collection::vec(0_i128..1_000_000, 2..200),
            holdout in prop::collection::vec(0_i128..1_000_000, 2..200),
        ) {
            let found = incremental(Sample::of(treatment.clone()), Sample::of(holdout.clone())).unwrap();
            let ((mt, vt), (mc, vc)) = (slow(&treatment), slow(&holdout));
            let n = count(&treatment);
            let df = (vt + vc).powi(2)
                / (vt * vt / (n - 1.0) + vc * vc / (count(&holdout) - 1.0));
            prop_assert!((found.minor_units - (mt - mc) * n).abs() < 1e-3);
            prop_assume!(vt + vc > 0.0);
            let half = student::quantile(df) * (vt + vc).sqrt() * n;
            let interval = found.interval.unwrap();
            prop_assert!((interval.high - interval.low - 2.0 * half).abs() < 1e-6 * half.max(1.0));
        }
    }

    #[test]
    fn one_person_an_arm_gives_a_figure_without_interval() {
        let found = incremental(Sample::of([100]), Sample::of([40])).unwrap();

        assert!((found.minor_units - 60.0).abs() < 1e-12);
        assert_eq!(found.interval, None);
    }

    #[test]
    fn amounts_that_are_all_equal_give_a_figure_without_interval() {
        let found = incremental(Sample::of([0, 0, 0]), Sample::of([0, 0])).unwrap();

        assert!(found.minor_units.abs() < 1e-12);
        assert_eq!(found.interval, None);
    }

    #[test]
    fn an_empty_arm_gives_nothing() {
        assert_eq!(incremental(Sample::of([100]), Sample::of([])), None);
    }

    #[test]
    fn amounts_too_large_to_square_lose_their_interval_only() {
        let huge = Sample::of([i128::MAX, 1]);

        let found = incremental(huge, Sample::of([1, 2])).unwrap();

        assert!(found.minor_units > 0.0);
        assert_eq!(found.interval, None);
    }
}
