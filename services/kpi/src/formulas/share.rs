//! Shares of persons: the interval of one, the difference of two, and their quotient.

use serde::Serialize;

use super::Z;
use super::count::real;

/// A 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// A share with what it is made of; the numerator is at most the denominator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Ratio {
    pub(crate) numerator: u64,
    pub(crate) denominator: u64,
}

impl Ratio {
    /// How many of the verdicts are yes.
    pub(crate) fn of(verdicts: impl IntoIterator<Item = bool>) -> Self {
        verdicts
            .into_iter()
            .fold(Self::default(), |ratio, yes| Self {
                numerator: ratio.numerator + u64::from(yes),
                denominator: ratio.denominator + 1,
            })
    }

    /// The denominator times a share: how many persons it stands for.
    pub(crate) fn times(self, share: f64) -> f64 {
        real(self.denominator) * share
    }

    /// The share, 0 to 1; `None` of nothing.
    pub(crate) fn value(self) -> Option<f64> {
        (self.denominator > 0).then(|| real(self.numerator) / real(self.denominator))
    }

    /// The score interval of Wilson (1927), JASA 22:209: `(p + z²/2n ± z√(p(1−p)/n + z²/4n²)) / (1 + z²/n)`.
    ///
    /// It keeps its coverage for shares near 0 and 1 and for few persons, where `p ± z·SE` collapses.
    pub(crate) fn wilson(self) -> Option<Interval> {
        let p = self.value()?;
        let n = real(self.denominator);
        let z2 = Z * Z;
        let scale = 1.0 + z2 / n;
        let centre = (p + z2 / (2.0 * n)) / scale;
        let half = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt() / scale;
        // At both ends the bound is exact; arithmetic would leave a last digit.
        let low = if self.numerator == 0 {
            0.0
        } else {
            centre - half
        };
        let high = if self.numerator == self.denominator {
            1.0
        } else {
            centre + half
        };
        Some(Interval { low, high })
    }

    /// `p(1−p)/n`.
    fn variance_of_share(self) -> Option<f64> {
        let p = self.value()?;
        Some(p * (1.0 - p) / real(self.denominator))
    }

    /// `(1−p)/(n·p)`: the variance of `ln p` by the delta method. `None` when nobody is counted.
    fn variance_of_log(self) -> Option<f64> {
        let p = self.value().filter(|p| *p > 0.0)?;
        Some((1.0 - p) / (real(self.denominator) * p))
    }
}

/// Interval of `p_T − p_C` by Wald: `Δ ± z√(p_T(1−p_T)/N_T + p_C(1−p_C)/N_C)`, as DOMAIN 4.6 defines it.
///
/// `None` when each share is 0 or 1, where the interval would pretend to be a point.
pub(crate) fn difference_interval(treatment: Ratio, holdout: Ratio) -> Option<Interval> {
    let difference = treatment.value()? - holdout.value()?;
    let variance = treatment.variance_of_share()? + holdout.variance_of_share()?;
    if variance <= 0.0 {
        return None;
    }
    let half = Z * variance.sqrt();
    Some(Interval {
        low: difference - half,
        high: difference + half,
    })
}

/// Interval of `1 − p_T/p_C` by Katz et al. (1978), Biometrics 34:469:
/// `1 − exp(ln(p_T/p_C) ± z√((1−p_T)/(N_T·p_T) + (1−p_C)/(N_C·p_C)))`.
///
/// `None` when either share is 0, where the logarithm is not defined, or both are 1, where the interval would pretend
/// to be a point.
pub(crate) fn reduction_interval(treatment: Ratio, holdout: Ratio) -> Option<Interval> {
    let log = (treatment.value()? / holdout.value()?).ln();
    let variance = treatment.variance_of_log()? + holdout.variance_of_log()?;
    if variance <= 0.0 {
        return None;
    }
    let half = Z * variance.sqrt();
    Some(Interval {
        low: 1.0 - (log + half).exp(),
        high: 1.0 - (log - half).exp(),
    })
}

/// Persons an arm needs to see a change of 2 points with 80 % power at 5 %: `16·p(1−p)/Δ²` (Lehr 1992, Stat. Med.
/// 11:1099), rounded up. In integers, `⌈16·50²·k(n−k)/n²⌉`, since floats would make 8,401 of 8,400.
///
/// `None` unless the share is strictly between 0 and 1.
pub(crate) fn needed_per_arm(base: Ratio) -> Option<u64> {
    const SIXTEEN_OVER_CHANGE_SQUARED: u128 = 16 * 50 * 50;
    let (k, n) = (u128::from(base.numerator), u128::from(base.denominator));
    let rest = n.checked_sub(k)?;
    if k == 0 || rest == 0 {
        return None;
    }
    let needed = SIXTEEN_OVER_CHANGE_SQUARED
        .checked_mul(k.checked_mul(rest)?)?
        .div_ceil(n.checked_mul(n)?);
    u64::try_from(needed).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ratio(numerator: u64, denominator: u64) -> Ratio {
        Ratio {
            numerator,
            denominator,
        }
    }

    /// The definition of Wilson's bounds: the shares `q` at which the observed one lies exactly `z` standard errors
    /// away, found by halving.
    fn slow_wilson(observed: f64, n: f64) -> Interval {
        let distance = |q: f64| (observed - q) / (q * (1.0 - q) / n).sqrt();
        let solve = |mut low: f64, mut high: f64, target: f64| {
            for _ in 0..200 {
                let middle = f64::midpoint(low, high);
                if distance(middle) > target {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            low
        };
        Interval {
            low: solve(0.0, observed, Z),
            high: solve(observed, 1.0, -Z),
        }
    }

    proptest! {
        #[test]
        fn wilson_solves_its_defining_equation(k in 1_u64..2_000, rest in 1_u64..2_000) {
            let n = k + rest;
            let fast = ratio(k, n).wilson().unwrap();
            let slow = slow_wilson(real(k) / real(n), real(n));
            prop_assert!((fast.low - slow.low).abs() < 1e-9, "{:?} {:?}", fast, slow);
            prop_assert!((fast.high - slow.high).abs() < 1e-9, "{:?} {:?}", fast, slow);
        }

        #[test]
        fn an_interval_holds_its_share(k in 0_u64..1_000, more in 0_u64..1_000) {
            prop_assume!(k + more > 0);
            let ratio = ratio(k, k + more);
            let (value, interval) = (ratio.value().unwrap(), ratio.wilson().unwrap());
            prop_assert!(0.0 <= interval.low && interval.low <= value);
            prop_assert!(value <= interval.high && interval.high <= 1.0);
        }
    }

    #[test]
    fn a_share_of_nothing_is_undefined() {
        assert_eq!(ratio(0, 0).value(), None);
        assert_eq!(ratio(0, 0).wilson(), None);
        assert_eq!(difference_interval(ratio(0, 0), ratio(1, 2)), None);
    }

    #[test]
    fn a_difference_of_certain_shares_has_no_interval() {
        assert_eq!(difference_interval(ratio(1, 1), ratio(0, 1)), None);
        assert_eq!(difference_interval(ratio(0, 10), ratio(0, 10)), None);
        assert!(difference_interval(ratio(1, 10), ratio(0, 10)).is_some());
    }

    #[test]
    fn a_reduction_without_abandonment_has_no_interval() {
        assert_eq!(reduction_interval(ratio(0, 10), ratio(5, 10)), None);
        assert_eq!(reduction_interval(ratio(5, 10), ratio(0, 10)), None);
        assert_eq!(reduction_interval(ratio(10, 10), ratio(10, 10)), None);
    }

    #[test]
    fn no_sample_size_follows_from_nobody_or_everybody() {
        assert_eq!(needed_per_arm(ratio(0, 10)), None);
        assert_eq!(needed_per_arm(ratio(10, 10)), None);
    }
}
