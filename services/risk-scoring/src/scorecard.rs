//! Scorecards: tables of log-odds that a person can read, judge and correct.
//!
//! A feature that is missing counts as 0, so that its lines do not apply unless they begin there. Deliberately absent:
//! learning.

mod check;
mod table;

use domain::assessment::{Factor, FactorName};
use domain::text::Text;
use serde::{Deserialize, Serialize};

use crate::features::{Feature, SessionFeatures};
use crate::score::{Calibration, Evaluate, Score, factor};

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
    // Derived.
    rules: Rules,
}

/// Checked lines by feature, features in the order of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rules(Vec<Rule>);

/// All lines of one feature.
#[derive(Debug, Clone, PartialEq)]
struct Rule {
    feature: Feature,
    slot: usize,
    name: FactorName,
    lines: Vec<Line>,
}

impl Scorecard {
    /// Checks the parts.
    ///
    /// # Errors
    /// [`InvalidScorecard`] names the first part at fault.
    pub(crate) fn new(parts: ScorecardParts) -> Result<Self, InvalidScorecard> {
        check::numbers(&parts)?;
        let rules = Rules::new(&parts.lines)?;
        Ok(Self { parts, rules })
    }

    pub(crate) fn size(&self) -> usize {
        self.rules.size()
    }

    /// The sum of baseline and lines before calibration.
    #[cfg(feature = "training")]
    pub(crate) fn raw(&self, features: &SessionFeatures) -> f64 {
        self.parts.baseline_log_odds + self.rules.raw(features)
    }

    /// The lines about other features than these.
    #[cfg(feature = "training")]
    pub(crate) fn lines_but(&self, known: &[Feature]) -> Vec<Line> {
        let lines = self.parts.lines.iter();
        lines
            .filter(|line| !known.contains(&line.feature))
            .cloned()
            .collect()
    }
}

impl Evaluate for Scorecard {
    fn score(&self, features: &SessionFeatures) -> Score {
        let calibration = self.parts.calibration();
        let factors = self.rules.factors(features, calibration);
        let baseline = calibration.baseline(self.parts.baseline_log_odds);
        Score::of(baseline, factors)
    }
}

impl ScorecardParts {
    fn calibration(&self) -> Calibration {
        Calibration {
            slope: self.calibration_slope,
            intercept: self.calibration_intercept,
        }
    }
}

impl Rules {
    /// Checks lines and sorts them by feature.
    ///
    /// # Errors
    /// [`InvalidScorecard`] names the first line at fault.
    pub(crate) fn new(lines: &[Line]) -> Result<Self, InvalidScorecard> {
        check::lines(lines)?;
        let rules = check::rules(lines)?;
        check::directions(&rules, lines)?;
        Ok(Self(rules))
    }

    /// Number of lines.
    pub(crate) fn size(&self) -> usize {
        self.0.iter().map(|rule| rule.lines.len()).sum()
    }

    /// What the lines add, feature by feature, calibrated; those that add nothing are left out.
    pub(crate) fn factors(
        &self,
        features: &SessionFeatures,
        calibration: Calibration,
    ) -> impl Iterator<Item = Factor> {
        self.0.iter().filter_map(move |rule| {
            let adds = rule.adds(features.raw(rule.slot));
            factor(&rule.name, calibration.part(adds))
        })
    }

    /// What the lines add together, before calibration.
    #[cfg(any(test, feature = "training"))]
    pub(crate) fn raw(&self, features: &SessionFeatures) -> f64 {
        let adds = self.0.iter().map(|rule| rule.adds(features.raw(rule.slot)));
        adds.sum()
    }
}

impl Rule {
    /// Log-odds that the lines add at a value, before calibration. Missing is 0.
    fn adds(&self, value: f64) -> f64 {
        let value = if value.is_nan() { 0.0 } else { value };
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

#[cfg(test)]
mod calibration;
#[cfg(test)]
mod tests;
