//! Sample ratio mismatch: whether people fell into the arms as planned.

use std::f64::consts::PI;

use domain::money::BasisPoints;

use super::count::real;

/// Below this p value a split is not to be trusted, nor anything read from it (Fabijan et al. 2019, KDD).
pub(crate) const TRUSTED_P_VALUE: f64 = 0.001;

/// Pearson's statistic (1900) of two counts against their plan: `Σ (observed − expected)² / expected`.
///
/// `None` without persons, and for a plan that leaves an arm empty.
pub(crate) fn split_chi_squared(treatment: u64, holdout: u64, planned: BasisPoints) -> Option<f64> {
    let (treatment, holdout) = (real(treatment), real(holdout));
    let held_out = f64::from(planned.get()) / 10_000.0;
    let persons = treatment + holdout;
    let expected = persons * held_out;
    let expected_treatment = persons - expected;
    if expected <= 0.0 || expected_treatment <= 0.0 {
        return None;
    }
    let term = |observed: f64, expected: f64| (observed - expected).powi(2) / expected;
    Some(term(treatment, expected_treatment) + term(holdout, expected))
}

/// Chance of a statistic at least as large with one degree of freedom: `erfc(√(χ²/2))`.
pub(crate) fn chi_squared_p_value(chi_squared: f64) -> f64 {
    erfc((chi_squared / 2.0).sqrt())
}

/// The complementary error function for `x ≥ 0`: the Maclaurin series of erf (Abramowitz and Stegun 7.1.6) while it
/// loses no digits that matter, then Laplace's continued fraction (7.1.14).
fn erfc(x: f64) -> f64 {
    const SERIES_UNTIL: f64 = 2.0;
    const TERMS: u32 = 120;
    let gauss = (-x * x).exp();
    if x < SERIES_UNTIL {
        let mut term = x;
        let mut sum = x;
        for n in 1..TERMS {
            term *= 2.0 * x * x / f64::from(2 * n + 1);
            sum += term;
        }
        return 1.0 - 2.0 / PI.sqrt() * gauss * sum;
    }
    let fraction = (1..TERMS)
        .rev()
        .fold(x, |below, n| x + f64::from(n) / 2.0 / below);
    gauss / (PI.sqrt() * fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tail of the density of χ² with one degree of freedom, by Simpson's rule. With `x = s²` the density is
    /// `√(2/π)·exp(−s²/2)` over `s`, which has no pole.
    fn slow_p_value(chi_squared: f64) -> f64 {
        let from = chi_squared.sqrt();
        let steps = 200_000;
        let h = (from + 12.0 - from) / f64::from(steps);
        let density = |s: f64| (2.0 / PI).sqrt() * (-s * s / 2.0).exp();
        let inner: f64 = (1..steps)
            .map(|i| f64::from(2 + 2 * (i % 2)) * density(from + f64::from(i) * h))
            .sum();
        (density(from) + inner + density(from + 12.0)) * h / 3.0
    }

    #[test]
    fn agrees_with_numerical_integration() {
        for chi_squared in [
            0.0,
            0.01,
            0.5,
            1.0,
            2.5,
            3.841_458_820_694_124,
            7.9,
            8.1,
            18.8,
            60.0,
        ] {
            let (fast, slow) = (chi_squared_p_value(chi_squared), slow_p_value(chi_squared));
            assert!(
                (fast / slow - 1.0).abs() < 1e-9,
                "{chi_squared}: {fast} {slow}"
            );
        }
    }

    #[test]
    fn a_split_as_planned_is_no_surprise() {
        let planned = BasisPoints::new(1_000).unwrap();
        let chi_squared = split_chi_squared(9_000, 1_000, planned).unwrap();

        assert!((chi_squared_p_value(chi_squared) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn nobody_and_an_empty_plan_say_nothing() {
        assert_eq!(
            split_chi_squared(0, 0, BasisPoints::new(1_000).unwrap()),
            None
        );
        assert_eq!(split_chi_squared(5, 5, BasisPoints::ZERO), None);
        assert_eq!(split_chi_squared(5, 5, BasisPoints::ALL), None);
    }

    #[test]
    fn the_two_branches_of_erfc_meet() {
        let (below, above) = (erfc(2.0 - 1e-9), erfc(2.0));
        // erfc falls by 2/√π·exp(−4)·1e-9 over this step.
        assert!(
            (below - above - 2.0667e-11).abs() < 1e-14,
            "{}",
            below - above
        );
    }
}
