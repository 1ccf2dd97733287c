//! What makes a table of numbers a scorecard: finite parts, ranges that hold something, and signs that must be so.
//!
//! A sign of hesitation never lowers the risk and progress never raises it, whatever a data set says: a table that
//! breaks this would have us leave the shopper alone because of a second declined card.

use std::collections::BTreeMap;

use domain::assessment::FactorName;

use super::{Line, MAX_LINES, Rule, ScorecardParts};
use crate::features::{Direction, Feature};

/// Largest log-odds of one part, either sign; beyond it lies no probability that differs from 0 or 1.
const MAX_LOG_ODDS: f64 = 50.0;
/// Largest calibration slope; a table that needs more is not one of log-odds.
const MAX_SLOPE: f64 = 10.0;

/// Why parts are no scorecard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidScorecard {
    /// There are no lines, or too many.
    #[error("must have 1 to {MAX_LINES} lines")]
    LineCount,
    /// The baseline is no usable number.
    #[error("must be log-odds of at most 50 of either sign")]
    Baseline,
    /// The slope is no usable number.
    #[error("must be above 0 and at most 10")]
    Slope,
    /// The intercept is no usable number.
    #[error("must be log-odds of at most 50 of either sign")]
    Intercept,
    /// A line is wrong.
    #[error("{fault}")]
    Line {
        /// Its position, from 0.
        index: usize,
        /// What is wrong with it.
        fault: LineFault,
    },
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LineFault {
    /// The feature has no name that a factor can bear.
    #[error("must be a feature with a short name")]
    Name,
    /// The beginning of the range is no number.
    #[error("must be finite")]
    AtLeast,
    /// The range is empty.
    #[error("must be finite and above `at_least`")]
    Below,
    /// What it adds is no usable number.
    #[error("must be log-odds of at most 50 of either sign")]
    LogOdds,
    /// With this line, more of a sign of hesitation lowers the risk.
    #[error("must not let the risk fall as a sign of hesitation grows")]
    Falls,
    /// With this line, progress raises the risk.
    #[error("must not let the risk rise with progress")]
    Rises,
}

pub(super) fn numbers(parts: &ScorecardParts) -> Result<(), InvalidScorecard> {
    if parts.lines.is_empty() || parts.lines.len() > MAX_LINES {
        return Err(InvalidScorecard::LineCount);
    }
    if !is_log_odds(parts.baseline_log_odds) {
        return Err(InvalidScorecard::Baseline);
    }
    if !(parts.calibration_slope > 0.0 && parts.calibration_slope <= MAX_SLOPE) {
        return Err(InvalidScorecard::Slope);
    }
    if !is_log_odds(parts.calibration_intercept) {
        return Err(InvalidScorecard::Intercept);
    }
    for (index, line) in parts.lines.iter().enumerate() {
        line_numbers(line).map_err(|fault| InvalidScorecard::Line { index, fault })?;
    }
    Ok(())
}

fn line_numbers(line: &Line) -> Result<(), LineFault> {
    if !line.at_least.is_finite() {
        return Err(LineFault::AtLeast);
    }
    if line
        .below
        .is_some_and(|below| !below.is_finite() || below <= line.at_least)
    {
        return Err(LineFault::Below);
    }
    if !is_log_odds(line.log_odds) {
        return Err(LineFault::LogOdds);
    }
    Ok(())
}

// NaN fails every comparison, so it is refused too.
fn is_log_odds(value: f64) -> bool {
    value.abs() <= MAX_LOG_ODDS
}

/// Sorts the lines by feature.
pub(super) fn rules(parts: &ScorecardParts) -> Result<Vec<Rule>, InvalidScorecard> {
    let mut rules: BTreeMap<Feature, Rule> = BTreeMap::new();
    for (index, line) in parts.lines.iter().enumerate() {
        let name = FactorName::parse(&line.feature.to_string()).map_err(|_| {
            let fault = LineFault::Name;
            InvalidScorecard::Line { index, fault }
        })?;
        let rule = rules.entry(line.feature).or_insert_with(|| Rule {
            feature: line.feature,
            name,
            lines: Vec::new(),
        });
        rule.lines.push(line.clone());
    }
    Ok(rules.into_values().collect())
}

/// Checks the features whose direction is known at every value at which something changes.
pub(super) fn directions(rules: &[Rule], parts: &ScorecardParts) -> Result<(), InvalidScorecard> {
    for rule in rules {
        let Some(direction) = rule.feature.direction() else {
            continue;
        };
        if let Some(at) = wrong_step(rule, direction) {
            return Err(InvalidScorecard::Line {
                index: line_that_changes(parts, rule.feature, at),
                fault: match direction {
                    Direction::Raises => LineFault::Falls,
                    Direction::Lowers => LineFault::Rises,
                },
            });
        }
    }
    Ok(())
}

/// The first value at which the rule steps the wrong way. Between two such values it is constant.
fn wrong_step(rule: &Rule, direction: Direction) -> Option<f64> {
    let mut steps: Vec<f64> = rule
        .lines
        .iter()
        .flat_map(|line| [Some(line.at_least), line.below])
        .flatten()
        .collect();
    steps.sort_by(f64::total_cmp);
    // Below the first step no line applies.
    let mut before = 0.0;
    for step in steps {
        let here = rule.adds(step);
        let wrong = match direction {
            Direction::Raises => here < before,
            Direction::Lowers => here > before,
        };
        if wrong {
            return Some(step);
        }
        before = here;
    }
    None
}

fn line_that_changes(parts: &ScorecardParts, feature: Feature, at: f64) -> usize {
    let changes = |line: &Line| {
        line.feature == feature && [Some(line.at_least), line.below].contains(&Some(at))
    };
    parts.lines.iter().position(changes).unwrap_or_default()
}
