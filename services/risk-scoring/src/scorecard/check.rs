//! What makes a table of numbers a scorecard: finite parts, ranges that hold something, and signs that must be so.
//!
//! A sign of hesitation never lowers the risk and progress never raises it, whatever a data set says: a table that
//! breaks this would have us leave the shopper alone because of a second declined card.

use std::collections::BTreeMap;

use domain::assessment::FactorName;

use super::{Line, MAX_LINES, Rule, ScorecardParts};
use crate::features::{Direction, Feature};
use crate::score::{CalibrationFault, is_log_odds};

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
    if parts.lines.is_empty() {
        return Err(InvalidScorecard::LineCount);
    }
    if !is_log_odds(parts.baseline_log_odds) {
        return Err(InvalidScorecard::Baseline);
    }
    match parts.calibration().fault() {
        None => Ok(()),
        Some(CalibrationFault::Slope) => Err(InvalidScorecard::Slope),
        Some(CalibrationFault::Intercept) => Err(InvalidScorecard::Intercept),
    }
}

pub(super) fn lines(lines: &[Line]) -> Result<(), InvalidScorecard> {
    if lines.len() > MAX_LINES {
        return Err(InvalidScorecard::LineCount);
    }
    for (index, line) in lines.iter().enumerate() {
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

/// Sorts the lines by feature.
pub(super) fn rules(lines: &[Line]) -> Result<Vec<Rule>, InvalidScorecard> {
    let mut rules: BTreeMap<Feature, Rule> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        let name = FactorName::parse(&line.feature.to_string()).map_err(|_| {
            let fault = LineFault::Name;
            InvalidScorecard::Line { index, fault }
        })?;
        let rule = rules.entry(line.feature).or_insert_with(|| Rule {
            feature: line.feature,
            slot: line.feature.slot(),
            name,
            lines: Vec::new(),
        });
        rule.lines.push(line.clone());
    }
    Ok(rules.into_values().collect())
}

/// Checks the features whose direction is known at every value at which something changes.
pub(super) fn directions(rules: &[Rule], lines: &[Line]) -> Result<(), InvalidScorecard> {
    for rule in rules {
        let Some(direction) = rule.feature.direction() else {
            continue;
        };
        if let Some(at) = wrong_step(rule, direction) {
            return Err(InvalidScorecard::Line {
                index: line_that_changes(lines, rule.feature, at),
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

fn line_that_changes(lines: &[Line], feature: Feature, at: f64) -> usize {
    let changes = |line: &Line| {
        line.feature == feature && [Some(line.at_least), line.below].contains(&Some(at))
    };
    lines.iter().position(changes).unwrap_or_default()
}
