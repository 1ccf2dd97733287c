//! Gradient-boosted trees: a sum of leaves, told as what each feature added on the way to them.
//!
//! The value of an inner node is the mean of its leaves, weighted by how many training rows reached each. A step from a
//! node to its child adds the difference of their values to the feature that was asked, so that the steps of a tree sum
//! from its root to its leaf exactly (A. Saabas, "Interpreting random forests", 2014). `TreeSHAP` (Lundberg et al., "From local
//! explanations to global understanding with explainable AI for trees", 2020) shares the credit of deep interactions more
//! fairly and costs a hundred times as much; with the shallow trees that are trained here the two differ little.
//!
//! Lines of a scorecard may stand beside the trees, for what the training data cannot know.

mod check;
mod compiled;

use serde::{Deserialize, Serialize};

use crate::features::{Feature, SessionFeatures};
use crate::score::{Calibration, Evaluate, Score};
use crate::scorecard::{Line, Rules};

pub(crate) use check::InvalidTrees;
use compiled::Compiled;

/// Most questions on the way to a leaf: more is no tree that anybody trained.
pub(crate) const MAX_DEPTH: u32 = 64;
/// Most trees, and most nodes of all trees together.
pub(crate) const MAX_TREES: usize = 2_000;
pub(crate) const MAX_NODES: usize = 200_000;

/// All that the model is made of, unchecked: how it is written and read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TreesParts {
    /// Log-odds before any tree, uncalibrated.
    pub(crate) baseline_log_odds: f64,
    pub(crate) calibration: Calibration,
    /// What splits ask for, by position.
    pub(crate) features: Vec<Feature>,
    pub(crate) trees: Vec<Tree>,
    /// Lines that are added beside the trees; none for most models.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) lines: Vec<Line>,
}

/// One tree: its nodes in columns, the root first and children behind their parents.
///
/// A leaf has no feature. Columns that a leaf does not need hold 0 there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tree {
    /// Position of the feature that is asked; -1 for a leaf.
    pub(crate) feature: Vec<i16>,
    /// Values below it go to the left child, others to the right.
    pub(crate) below: Vec<f64>,
    pub(crate) left: Vec<u32>,
    pub(crate) right: Vec<u32>,
    /// Where a missing value goes: 1 for left, 0 for right.
    pub(crate) missing_left: Vec<u8>,
    /// How much of the training data reached the node: rows or weights; above 0.
    pub(crate) cover: Vec<f64>,
    /// Log-odds of a leaf; 0 elsewhere.
    pub(crate) leaf: Vec<f64>,
}

/// A checked model, as it is walked. What it was made of takes as much memory again, and is not kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BoostedTrees {
    calibration: Calibration,
    compiled: Compiled,
    rules: Rules,
}

impl BoostedTrees {
    /// Checks the parts.
    ///
    /// # Errors
    /// [`InvalidTrees`] names the first part at fault.
    pub(crate) fn new(parts: &TreesParts) -> Result<Self, InvalidTrees> {
        check::parts(parts)?;
        Ok(Self {
            calibration: parts.calibration,
            compiled: Compiled::new(parts)?,
            rules: Rules::new(&parts.lines)?,
        })
    }

    pub(crate) fn size(&self) -> usize {
        self.compiled.size() + self.rules.size()
    }

    /// The sum of baseline, trees and lines before calibration.
    #[cfg(any(test, feature = "training"))]
    pub(crate) fn raw(&self, features: &SessionFeatures) -> f64 {
        self.compiled.raw(features) + self.rules.raw(features)
    }
}

impl Evaluate for BoostedTrees {
    fn score(&self, features: &SessionFeatures) -> Score {
        let calibration = self.calibration;
        let added = self.compiled.added(features);
        let trees = self.compiled.factors(&added, calibration);
        Score::of(
            self.compiled.baseline(calibration),
            trees.chain(self.rules.factors(features, calibration)),
        )
    }
}

#[cfg(test)]
mod tests;
