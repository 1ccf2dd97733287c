//! Scorecards: tables of log-odds that a person can read, judge and correct, and the one way to evaluate them.
//!
//! A score is a sum. Calibration scales that sum, so it is applied to each of its parts: what a feature adds is told in
//! calibrated log-odds, and the parts of an assessment sum to its probability exactly. Deliberately absent: learning.

mod check;
mod table;

use domain::assessment::{Factor, FactorName, LogOdds, Probability};
use domain::text::Text;
use serde::{Deserialize, Serialize};

use crate::features::{Feature, Features};

pub(crate) use check::{InvalidScorecard, LineFault};
pub use table::TableError;
pub(crate) use table::built_in;

/// Most lines of a scorecard.
pub(crate) const MAX_LINES: usize = 200;

/// Why a line is there.
pub(crate) type Reason = Text<256>;

/// All that a scorecard is made of, unchecked: how it comes from the wire, a file or a row, and how it goes there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScorecardParts {
    pub(crate) baseline_log_odds: f64,
    /// Calibration: every part of the sum is multiplied by it.
    pub(crate) calibration_slope: f64,
    /// Calibration: added to the sum after the slope.
    pub(crate) calibration_intercept: f64,
    pub(crate) lines: Vec<Line>,
}

/// What a feature adds while its value lies in a range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    pub(crate) feature: Feature,
    /// The range begins here, ...
    pub(crate) at_least: f64,
    /// ... and ends before here; open when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) below: Option<f64>,
    pub(crate) log_odds: f64,
    pub(crate) reason: Reason,
}

/// A checked table: its numbers are finite and small enough to be summed, its signs are those that must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ScorecardParts", into = "ScorecardParts")]
pub(crate) struct Scorecard {
    parts: ScorecardParts,
    // Derived: the lines of each feature, features in the order of the catalogue.
    rules: Vec<Rule>,
}

/// All lines of one feature.
#[derive(Debug, Clone, PartialEq)]
struct Rule {
    feature: Feature,
    name: FactorName,
    lines: Vec<Line>,
}

/// What a scorecard says about some features.
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

impl Scorecard {
    /// Checks the parts.
    ///
    /// # Errors
    /// [`InvalidScorecard`] names the first part at fault.
    pub(crate) fn new(parts: ScorecardParts) -> Result<Self, InvalidScorecard> {
        check::numbers(&parts)?;
        let rules = check::rules(&parts)?;
        check::directions(&rules, &parts)?;
        Ok(Self { parts, rules })
    }

    /// Evaluates the table.
    pub(crate) fn score(&self, features: &Features) -> Score {
        let slope = self.parts.calibration_slope;
        let baseline = slope * self.parts.baseline_log_odds + self.parts.calibration_intercept;
        let baseline = finite(baseline);
        let mut factors: Vec<Factor> = self
            .rules
            .iter()
            .map(|rule| Factor {
                name: rule.name.clone(),
                log_odds: finite(slope * rule.adds(features.get(rule.feature))),
            })
            .filter(|factor| factor.log_odds != LogOdds::ZERO)
            .collect();
        // A stable sort: equally strong factors stay in the order of the catalogue.
        factors.sort_by(|one, other| strength(other).total_cmp(&strength(one)));
        Score {
            abandonment: probability(sum(baseline, &factors)),
            baseline,
            factors,
        }
    }
}

impl Rule {
    /// Log-odds that the lines add at a value, before calibration.
    fn adds(&self, value: f64) -> f64 {
        self.lines
            .iter()
            .filter(|line| line.covers(value))
            .map(|line| line.log_odds)
            .sum()
    }
}

impl Line {
    fn covers(&self, value: f64) -> bool {
        self.at_least <= value && self.below.is_none_or(|below| value < below)
    }
}

impl TryFrom<ScorecardParts> for Scorecard {
    type Error = InvalidScorecard;

    fn try_from(parts: ScorecardParts) -> Result<Self, InvalidScorecard> {
        Self::new(parts)
    }
}

impl From<Scorecard> for ScorecardParts {
    fn from(scorecard: Scorecard) -> Self {
        scorecard.parts
    }
}

/// The log-odds that a baseline and its factors make together.
pub(crate) fn sum(baseline: LogOdds, factors: &[Factor]) -> f64 {
    factors
        .iter()
        .fold(baseline.get(), |sum, factor| sum + factor.log_odds.get())
}

/// The probability of log-odds. Of the two forms of the logistic function the one that cannot overflow is taken.
pub(crate) fn probability(log_odds: f64) -> Probability {
    let value = if log_odds >= 0.0 {
        1.0 / (1.0 + (-log_odds).exp())
    } else {
        let odds = log_odds.exp();
        odds / (1.0 + odds)
    };
    // INVARIANT: a checked scorecard has finite sums, and their logistic function lies between 0 and 1.
    Probability::new(value).unwrap_or(Probability::ONE)
}

// INVARIANT: a checked scorecard has at most 200 lines of bounded numbers, so no part of a sum can overflow.
fn finite(log_odds: f64) -> LogOdds {
    LogOdds::new(log_odds).unwrap_or(LogOdds::ZERO)
}

fn strength(factor: &Factor) -> f64 {
    factor.log_odds.get().abs()
}

#[cfg(test)]
mod calibration;
#[cfg(test)]
mod tests;
