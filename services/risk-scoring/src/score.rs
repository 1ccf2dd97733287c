//! What a model says of some features, and the arithmetic that models of all kinds share.
//!
//! Every kind answers with a sum of log-odds. Calibration scales that sum, so it is applied to each of its parts: what a
//! feature adds is told in calibrated log-odds, and the parts of an assessment sum to its probability exactly. All
//! arithmetic is f64 in a fixed order, so the same values give the same answer on every machine.

use domain::assessment::{Factor, FactorName, LogOdds, Probability};
use serde::{Deserialize, Serialize};

use crate::features::{Feature, SessionFeatures};

/// Largest log-odds of one part, either sign; beyond it lies no probability that differs from 0 or 1.
pub(crate) const MAX_LOG_ODDS: f64 = 50.0;
/// Largest calibration slope; a model that needs more does not speak in log-odds.
const MAX_SLOPE: f64 = 10.0;

/// Room that is made for factors at once.
const USUAL_FACTORS: usize = 32;

/// Something that scores features.
pub(crate) trait Evaluate {
    /// Scores the features of one moment. Pure.
    fn score(&self, features: &SessionFeatures) -> Score;
}

/// What a model says about some features.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Score {
    /// How likely the session ends without an order.
    pub(crate) abandonment: Probability,
    /// Calibrated log-odds before any factor.
    pub(crate) baseline: LogOdds,
    /// What each feature adds, calibrated, the strongest first. Summed up from the baseline in this order, they are the
    /// log-odds of `abandonment`.
    pub(crate) factors: Vec<Factor>,
}

/// How raw log-odds become calibrated ones: `slope * raw + intercept`.
///
/// Platt scaling (J. Platt, "Probabilistic Outputs for Support Vector Machines", 1999) on log-odds: monotone, so it moves no
/// ranking, and linear, so it keeps a sum a sum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Calibration {
    pub(crate) slope: f64,
    pub(crate) intercept: f64,
}

impl Calibration {
    /// Raw log-odds stay as they are.
    pub(crate) const NONE: Self = Self {
        slope: 1.0,
        intercept: 0.0,
    };

    /// Whether both numbers can be used.
    pub(crate) fn fault(self) -> Option<CalibrationFault> {
        if !(self.slope > 0.0 && self.slope <= MAX_SLOPE) {
            return Some(CalibrationFault::Slope);
        }
        (!is_log_odds(self.intercept)).then_some(CalibrationFault::Intercept)
    }

    /// The calibrated log-odds of a raw baseline.
    pub(crate) fn baseline(self, raw: f64) -> LogOdds {
        finite(self.slope * raw + self.intercept)
    }

    /// The calibrated part of a sum.
    pub(crate) fn part(self, raw: f64) -> LogOdds {
        finite(self.slope * raw)
    }
}

/// Why a calibration cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CalibrationFault {
    #[error("must have a slope above 0 and at most 10")]
    Slope,
    #[error("must be log-odds of at most 50 of either sign")]
    Intercept,
}

impl Score {
    /// Sums the parts up, the strongest first.
    pub(crate) fn of(baseline: LogOdds, told: impl Iterator<Item = Factor>) -> Self {
        let mut factors = Vec::with_capacity(USUAL_FACTORS);
        factors.extend(told);
        // A stable sort: equally strong factors stay in the order in which the model told them.
        factors.sort_by(|one, other| strength(other).total_cmp(&strength(one)));
        Self {
            abandonment: probability(sum(baseline, &factors)),
            baseline,
            factors,
        }
    }
}

/// What a feature adds; nothing is not told.
pub(crate) fn factor(name: &FactorName, log_odds: LogOdds) -> Option<Factor> {
    (log_odds != LogOdds::ZERO).then(|| Factor {
        name: name.clone(),
        log_odds,
    })
}

/// The name under which a feature is told.
pub(crate) fn factor_name(feature: Feature) -> Option<FactorName> {
    FactorName::parse(&feature.to_string()).ok()
}

/// Whether a number can be one part of a score. NaN fails every comparison, so it is refused too.
pub(crate) fn is_log_odds(value: f64) -> bool {
    value.abs() <= MAX_LOG_ODDS
}

/// The log-odds that a baseline and its factors make together.
pub(crate) fn sum(baseline: LogOdds, factors: &[Factor]) -> f64 {
    factors
        .iter()
        .fold(baseline.get(), |sum, factor| sum + factor.log_odds.get())
}

/// The probability of log-odds. Of the two forms of the logistic function the one that cannot overflow is taken; `libm` gives
/// the same digits on every machine, which the exponential of the platform does not.
pub(crate) fn probability(log_odds: f64) -> Probability {
    let value = if log_odds >= 0.0 {
        1.0 / (1.0 + libm::exp(-log_odds))
    } else {
        let odds = libm::exp(log_odds);
        odds / (1.0 + odds)
    };
    // INVARIANT: a checked model has finite sums, and their logistic function lies between 0 and 1.
    Probability::new(value).unwrap_or(Probability::ONE)
}

// INVARIANT: a checked model has bounded parts, and not so many of them that a sum could overflow.
pub(crate) fn finite(log_odds: f64) -> LogOdds {
    LogOdds::new(log_odds).unwrap_or(LogOdds::ZERO)
}

pub(crate) fn strength(factor: &Factor) -> f64 {
    factor.log_odds.get().abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extreme_scores_are_probabilities_too() {
        assert_eq!(probability(10_000.0), Probability::ONE);
        assert_eq!(probability(-10_000.0), Probability::ZERO);
        assert!((probability(0.0).get() - 0.5).abs() < 1e-15);
    }

    #[test]
    fn every_feature_has_a_name_that_a_factor_can_bear() {
        for feature in Feature::all() {
            assert_eq!(factor_name(feature).unwrap().as_str(), feature.to_string());
        }
    }

    #[test]
    fn a_calibration_that_turns_the_order_around_is_refused() {
        let fault = |slope, intercept| Calibration { slope, intercept }.fault();
        assert_eq!(fault(1.0, 0.0), None);
        for slope in [0.0, -1.0, f64::NAN, 11.0] {
            assert_eq!(fault(slope, 0.0), Some(CalibrationFault::Slope));
        }
        for intercept in [f64::NAN, f64::INFINITY, 51.0] {
            assert_eq!(fault(1.0, intercept), Some(CalibrationFault::Intercept));
        }
    }
}
