//! Logistic regression: one weight for each feature, around a centre.
//!
//! Lines of a scorecard may stand beside the terms, as beside trees.
//!
//! A factor is `weight * (value - centre)`, so that a typical shopper has none. A missing value counts as the model states,
//! usually as the centre; a value beyond the range that the model was fitted on counts as the end of that range.

use std::collections::HashSet;

use domain::assessment::FactorName;
use serde::{Deserialize, Serialize};

use crate::features::{Direction, Feature, SessionFeatures};
use crate::score::{
    Calibration, CalibrationFault, Evaluate, Score, factor, factor_name, is_log_odds,
};
use crate::scorecard::{InvalidScorecard, Line, Rules};

/// Most that one term may add, either sign.
const MAX_TERM: f64 = crate::score::MAX_LOG_ODDS;

/// All that the model is made of, unchecked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogisticParts {
    /// Log-odds where every feature is at its centre, uncalibrated.
    pub(crate) baseline_log_odds: f64,
    pub(crate) calibration: Calibration,
    pub(crate) terms: Vec<Term>,
    /// Lines that are added beside the terms, for what the training data cannot know; none for most models.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) lines: Vec<Line>,
}

/// What one feature adds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Term {
    pub(crate) feature: Feature,
    /// Log-odds for each unit of the feature.
    pub(crate) weight: f64,
    pub(crate) center: f64,
    /// Values below count as this, ...
    pub(crate) least: f64,
    /// ... and values above as this.
    pub(crate) most: f64,
    /// What a missing value counts as.
    pub(crate) missing: f64,
}

/// A checked model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Logistic {
    parts: LogisticParts,
    // Derived: where each term finds its value, and how it is told.
    inputs: Vec<(usize, FactorName)>,
    rules: Rules,
}

/// Why parts are no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidLogistic {
    #[error("must have terms, each for another feature")]
    Terms,
    #[error("must have a baseline of log-odds of at most 50 of either sign")]
    Baseline,
    #[error("must have a calibration that {0}")]
    Calibration(CalibrationFault),
    #[error("a line beside the terms: {0}")]
    Lines(#[from] InvalidScorecard),
    /// It would be told twice.
    #[error("must have lines only for features without a term")]
    Overlap,
    #[error("term {index}: {fault}")]
    Term {
        /// Its position, from 0.
        index: usize,
        /// What is wrong with it.
        fault: TermFault,
    },
}

/// What is wrong with a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TermFault {
    #[error(
        "must have finite numbers, `least` at most `most`, and centre and missing between them"
    )]
    Range,
    #[error("must add at most 50 of either sign")]
    Weight,
    #[error("must not let the risk fall as a sign of hesitation grows")]
    Falls,
    #[error("must not let the risk rise with progress")]
    Rises,
}

impl Logistic {
    /// Checks the parts.
    ///
    /// # Errors
    /// [`InvalidLogistic`] names the first part at fault.
    pub(crate) fn new(parts: LogisticParts) -> Result<Self, InvalidLogistic> {
        let features: HashSet<Feature> = parts.terms.iter().map(|term| term.feature).collect();
        if features.is_empty() || features.len() < parts.terms.len() {
            return Err(InvalidLogistic::Terms);
        }
        if !is_log_odds(parts.baseline_log_odds) {
            return Err(InvalidLogistic::Baseline);
        }
        if let Some(fault) = parts.calibration.fault() {
            return Err(InvalidLogistic::Calibration(fault));
        }
        for (index, term) in parts.terms.iter().enumerate() {
            if let Some(fault) = term.fault() {
                return Err(InvalidLogistic::Term { index, fault });
            }
        }
        if parts
            .lines
            .iter()
            .any(|line| features.contains(&line.feature))
        {
            return Err(InvalidLogistic::Overlap);
        }
        let rules = Rules::new(&parts.lines)?;
        let input = |term: &Term| Some((term.feature.slot(), factor_name(term.feature)?));
        let inputs: Option<Vec<_>> = parts.terms.iter().map(input).collect();
        let inputs = inputs.ok_or(InvalidLogistic::Terms)?;
        Ok(Self {
            parts,
            inputs,
            rules,
        })
    }

    pub(crate) fn size(&self) -> usize {
        self.parts.terms.len() + self.parts.lines.len()
    }

    /// The sum of baseline, terms and lines before calibration.
    #[cfg(feature = "training")]
    pub(crate) fn raw(&self, features: &SessionFeatures) -> f64 {
        let terms = self.parts.terms.iter().zip(&self.inputs);
        let terms = terms.map(|(term, (slot, _))| term.adds(features.raw(*slot)));
        self.parts.baseline_log_odds + terms.sum::<f64>() + self.rules.raw(features)
    }
}

impl Term {
    fn fault(&self) -> Option<TermFault> {
        let Self {
            feature,
            weight,
            center,
            least,
            most,
            missing,
        } = *self;
        let ordered = least.is_finite() && most.is_finite() && least <= most;
        if !ordered || !(least..=most).contains(&center) || !(least..=most).contains(&missing) {
            return Some(TermFault::Range);
        }
        let reach = weight.abs() * (most - least);
        if !(weight.is_finite() && reach <= MAX_TERM) {
            return Some(TermFault::Weight);
        }
        match feature.direction() {
            Some(Direction::Raises) if weight < 0.0 => Some(TermFault::Falls),
            Some(Direction::Lowers) if weight > 0.0 => Some(TermFault::Rises),
            Some(Direction::Raises | Direction::Lowers) | None => None,
        }
    }

    fn adds(&self, value: f64) -> f64 {
        let value = if value.is_nan() { self.missing } else { value };
        self.weight * (value.clamp(self.least, self.most) - self.center)
    }
}

impl Evaluate for Logistic {
    fn score(&self, features: &SessionFeatures) -> Score {
        let calibration = self.parts.calibration;
        let terms = self.parts.terms.iter().zip(&self.inputs);
        let terms = terms.filter_map(|(term, (slot, name))| {
            factor(name, calibration.part(term.adds(features.raw(*slot))))
        });
        let baseline = calibration.baseline(self.parts.baseline_log_odds);
        Score::of(
            baseline,
            terms.chain(self.rules.factors(features, calibration)),
        )
    }
}

#[cfg(test)]
mod tests;
