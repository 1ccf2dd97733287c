//! The Net Transaction Score, and how it goes with orders.

use super::Z;
use super::count::{real, real_squares, real_sum};
use super::share::Interval;

/// Fewest answers from which a score is shown: below it says more about chance than about help.
pub(crate) const MIN_ANSWERS: u64 = 30;

/// Answers by score, 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Answers([u64; 5]);

impl Answers {
    /// Counts scores; those outside 1 to 5 are no answers.
    pub(crate) fn of(scores: impl IntoIterator<Item = u8>) -> Self {
        let mut answers = Self::default();
        for score in scores {
            let count = usize::from(score)
                .checked_sub(1)
                .and_then(|at| answers.0.get_mut(at));
            if let Some(count) = count {
                *count += 1;
            }
        }
        answers
    }

    /// Counts by score, 1 first.
    pub(crate) fn counts(self) -> [u64; 5] {
        self.0
    }

    /// Number of answers.
    pub(crate) fn n(self) -> u64 {
        self.0.iter().sum()
    }

    /// `100·(share of 4 and 5 − share of 1 and 2)`, −100 to 100 (DOMAIN 4.4, definition 1). `None` below 30 answers.
    pub(crate) fn score(self) -> Option<f64> {
        let (helped, _, not) = self.shares()?;
        Some(100.0 * (helped - not))
    }

    /// 95 % interval of the score, `±z·100·√((p + q − (p−q)²)/n)`: the variance of a difference of two shares of one
    /// multinomial sample (Rowan and Rocks use the same for the net promoter score). Cut at −100 and 100.
    pub(crate) fn interval(self) -> Option<Interval> {
        let (helped, n, not) = self.shares()?;
        let difference = helped - not;
        let half = Z * ((helped + not - difference * difference) / n).sqrt();
        Some(Interval {
            low: (100.0 * (difference - half)).max(-100.0),
            high: (100.0 * (difference + half)).min(100.0),
        })
    }

    fn shares(self) -> Option<(f64, f64, f64)> {
        if self.n() < MIN_ANSWERS {
            return None;
        }
        let [one, two, _, four, five] = self.0;
        let n = real(self.n());
        Some((real(four + five) / n, n, real(one + two) / n))
    }

    /// Sum of the scores, and of their squares.
    fn sums(self) -> (u128, u128) {
        (1_u128..)
            .zip(self.0)
            .fold((0, 0), |(sum, squares), (score, count)| {
                let count = u128::from(count);
                (sum + score * count, squares + score * score * count)
            })
    }
}

/// Point-biserial correlation of the score with a yes or no (Lev 1949, Annals 20:125):
/// `(M₁ − M₀)/s · √(n₁n₀/n²)`, here as `(n₀Σ₁ − n₁Σ₀) / √(n₁n₀(nΣx² − (Σx)²))`, exact up to the root.
///
/// `None` unless both groups have an answer and the scores differ. It is a correlation, not an effect.
pub(crate) fn point_biserial(yes: Answers, no: Answers) -> Option<f64> {
    let (n1, n0) = (yes.n(), no.n());
    let ((sum1, squares1), (sum0, squares0)) = (yes.sums(), no.sums());
    let sum = sum1.checked_add(sum0)?;
    let spread = u128::from(n1)
        .checked_add(u128::from(n0))?
        .checked_mul(squares1.checked_add(squares0)?)?
        .checked_sub(sum.checked_mul(sum)?)?;
    if n1 == 0 || n0 == 0 || spread == 0 {
        return None;
    }
    let signed = |count: u64, sum: u128| i128::from(count).checked_mul(i128::try_from(sum).ok()?);
    let numerator = signed(n0, sum1)?.checked_sub(signed(n1, sum0)?)?;
    Some(real_sum(numerator) / (real(n1) * real(n0) * real_squares(spread)).sqrt())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pearson's correlation of the score with 1 or 0, in two passes over floats.
    fn slow_correlation(pairs: &[(u8, bool)]) -> f64 {
        let n = real(u64::try_from(pairs.len()).unwrap());
        let values = || {
            pairs
                .iter()
                .map(|(score, yes)| (f64::from(*score), f64::from(u8::from(*yes))))
        };
        let (mx, my) = (
            values().map(|(x, _)| x).sum::<f64>() / n,
            values().map(|(_, y)| y).sum::<f64>() / n,
        );
        let xy: f64 = values().map(|(x, y)| (x - mx) * (y - my)).sum();
        let xx: f64 = values().map(|(x, _)| (x - mx).powi(2)).sum();
        let yy: f64 = values().map(|(_, y)| (y - my).powi(2)).sum();
        xy / (xx * yy).sqrt()
    }

    fn those(pairs: &[(u8, bool)], wanted: fn(bool) -> bool) -> Answers {
        let wanted = pairs.iter().filter(|(_, yes)| wanted(*yes));
        Answers::of(wanted.map(|(score, _)| *score))
    }

    proptest! {
        #[test]
        fn point_biserial_is_pearsons_correlation(
            pairs in prop::collection::vec((1_u8..=5, any::<bool>()), 2..100)
        ) {
            let slow = slow_correlation(&pairs);
            match point_biserial(those(&pairs, |yes| yes), those(&pairs, |yes| !yes)) {
                Some(fast) => prop_assert!((fast - slow).abs() < 1e-9, "{} {}", fast, slow),
                None => prop_assert!(!slow.is_finite()),
            }
        }
    }

    #[test]
    fn a_score_is_hidden_below_thirty_answers() {
        assert_eq!(Answers::of([5; 29]).score(), None);
        assert_eq!(Answers::of([5; 30]).score(), Some(100.0));
    }

    #[test]
    fn threes_count_as_answers_only() {
        let answers = Answers::of([5, 4, 3, 3, 2].repeat(10));

        assert!((answers.score().unwrap() - 20.0).abs() < 1e-12);
        let interval = answers.interval().unwrap();
        // √((0.4 + 0.2 − 0.04)/50) = 0.105830, times z and 100.
        assert!(
            (interval.high - 20.0 - 20.7423).abs() < 1e-3,
            "{interval:?}"
        );
    }

    #[test]
    fn correlation_needs_both_groups_and_different_scores() {
        assert_eq!(
            point_biserial(Answers::of([1, 5]), Answers::default()),
            None
        );
        assert_eq!(point_biserial(Answers::of([3, 3]), Answers::of([3])), None);
    }
}
