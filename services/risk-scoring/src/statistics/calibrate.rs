//! Calibration: slope and intercept on raw log-odds, by maximum likelihood.

use super::Happened;
use crate::score::{Calibration, probability};

/// Steps are few: the likelihood is convex in two numbers.
const MAX_STEPS: usize = 50;
const CLOSE_ENOUGH: f64 = 1e-10;
/// Keeps the slope finite where scores part the outcomes without error: one part in a million.
const RIDGE: f64 = 1e-6;

/// Fits by Newton's method from the identity. `None` where nothing can be fitted: without both outcomes or two scores, or when the steps do
/// not come to an end at a slope and intercept that can be used.
pub(crate) fn calibrate(scored: &[(f64, Happened)]) -> Option<Calibration> {
    let (first, _) = scored.first()?;
    let varies = scored.iter().any(|(raw, _)| raw.total_cmp(first).is_ne());
    let occurs = |wanted| scored.iter().any(|(_, happened)| *happened == wanted);
    if !(varies && occurs(Happened::Abandoned) && occurs(Happened::Ordered)) {
        return None;
    }
    let mut fitted = Calibration::NONE;
    for _ in 0..MAX_STEPS {
        let (slope, intercept) = step(scored, fitted)?;
        fitted.slope += slope;
        fitted.intercept += intercept;
        if slope.abs() + intercept.abs() < CLOSE_ENOUGH {
            return fitted.fault().is_none().then_some(fitted);
        }
    }
    None
}

/// One Newton step; `None` when the curvature is lost.
fn step(scored: &[(f64, Happened)], at: Calibration) -> Option<(f64, f64)> {
    let (mut by_slope, mut by_intercept) = (RIDGE * (at.slope - 1.0), RIDGE * at.intercept);
    let (mut ss, mut si, mut ii) = (RIDGE, 0.0, RIDGE);
    for (raw, happened) in scored {
        let predicted = probability(at.slope * raw + at.intercept).get();
        let off = match happened {
            Happened::Abandoned => predicted - 1.0,
            Happened::Ordered => predicted,
        };
        let weight = predicted * (1.0 - predicted);
        by_slope += off * raw;
        by_intercept += off;
        ss += weight * raw * raw;
        si += weight * raw;
        ii += weight;
    }
    let determinant = ss * ii - si * si;
    (determinant.is_finite() && determinant > 0.0).then(|| {
        (
            (si * by_intercept - ii * by_slope) / determinant,
            (si * by_slope - ss * by_intercept) / determinant,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_slope_and_intercept_are_found() {
        // At each raw score as many of both outcomes as the true calibration says.
        let truth = Calibration {
            slope: 0.7,
            intercept: -0.3,
        };
        let mut scored = Vec::new();
        for tenth in -20..=20 {
            let raw = f64::from(tenth) / 10.0;
            let share = probability(truth.slope * raw + truth.intercept).get();
            for n in 0..10_000 {
                let happened = if f64::from(n) < share * 10_000.0 {
                    Happened::Abandoned
                } else {
                    Happened::Ordered
                };
                scored.push((raw, happened));
            }
        }
        let fitted = calibrate(&scored).unwrap();
        assert!((fitted.slope - truth.slope).abs() < 1e-3, "{fitted:?}");
        assert!(
            (fitted.intercept - truth.intercept).abs() < 1e-3,
            "{fitted:?}"
        );
    }

    #[test]
    fn without_both_outcomes_or_an_order_between_them_there_is_none() {
        assert_eq!(calibrate(&[]), None);
        let lost: Vec<_> = (1..50)
            .map(|n| (f64::from(n) / 25.0, Happened::Abandoned))
            .collect();
        assert_eq!(calibrate(&lost), None);
        let alike = [(1.0, Happened::Abandoned), (1.0, Happened::Ordered)];
        assert_eq!(calibrate(&alike), None);
        // The lower the score, the more were lost: no slope above 0.
        let turned: Vec<_> = (0..50)
            .map(|n| {
                let happened = if n % 7 < 5 - n / 10 {
                    Happened::Abandoned
                } else {
                    Happened::Ordered
                };
                (f64::from(n) / 25.0, happened)
            })
            .collect();
        assert_eq!(calibrate(&turned), None);
    }
}
