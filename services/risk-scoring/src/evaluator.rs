//! Models as the service runs them: scorecards, boosted trees and logistic regression, evaluated in one way.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::features::SessionFeatures;
use crate::logistic::{InvalidLogistic, Logistic, LogisticParts};
use crate::score::{Evaluate, Score};
use crate::scorecard::{InvalidScorecard, Scorecard, ScorecardParts};
use crate::trees::{BoostedTrees, InvalidTrees, TreesParts};

/// A checked model of any kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Evaluator {
    Scorecard(Scorecard),
    Trees(BoostedTrees),
    Logistic(Logistic),
}

/// All that a model of any kind is made of, unchecked: how it comes from a request or a file, and how it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EvaluatorParts {
    Scorecard(ScorecardParts),
    Trees(TreesParts),
    Logistic(LogisticParts),
}

/// Why parts are no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidModel {
    #[error(transparent)]
    Scorecard(#[from] InvalidScorecard),
    #[error(transparent)]
    Trees(#[from] InvalidTrees),
    #[error(transparent)]
    Logistic(#[from] InvalidLogistic),
}

/// A checked model with what it is made of, which is needed until it is stored and takes more memory than the model itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Checked {
    parts: EvaluatorParts,
    evaluator: Arc<Evaluator>,
}

/// What kind of model it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ModelKind {
    Scorecard,
    BoostedTrees,
    Logistic,
}

impl Checked {
    /// Checks the parts.
    ///
    /// # Errors
    /// [`InvalidModel`] names the first part at fault.
    pub(crate) fn new(parts: EvaluatorParts) -> Result<Self, InvalidModel> {
        let evaluator = Arc::new(Evaluator::new(&parts)?);
        Ok(Self { parts, evaluator })
    }

    pub(crate) fn parts(&self) -> &EvaluatorParts {
        &self.parts
    }

    pub(crate) fn evaluator(&self) -> &Arc<Evaluator> {
        &self.evaluator
    }
}

impl From<Scorecard> for Checked {
    fn from(card: Scorecard) -> Self {
        Self {
            parts: EvaluatorParts::Scorecard(card.clone().into()),
            evaluator: Arc::new(Evaluator::Scorecard(card)),
        }
    }
}

impl Evaluator {
    /// Checks the parts.
    ///
    /// # Errors
    /// [`InvalidModel`] names the first part at fault.
    pub(crate) fn new(parts: &EvaluatorParts) -> Result<Self, InvalidModel> {
        Ok(match parts {
            EvaluatorParts::Scorecard(parts) => Self::Scorecard(Scorecard::new(parts.clone())?),
            EvaluatorParts::Trees(parts) => Self::Trees(BoostedTrees::new(parts)?),
            EvaluatorParts::Logistic(parts) => Self::Logistic(Logistic::new(parts.clone())?),
        })
    }

    pub(crate) fn kind(&self) -> ModelKind {
        match self {
            Self::Scorecard(_) => ModelKind::Scorecard,
            Self::Trees(_) => ModelKind::BoostedTrees,
            Self::Logistic(_) => ModelKind::Logistic,
        }
    }

    /// How many nodes, parts of leaves, lines and terms it is made of: what it takes in memory.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Scorecard(scorecard) => scorecard.size(),
            Self::Trees(trees) => trees.size(),
            Self::Logistic(logistic) => logistic.size(),
        }
    }

    /// The log-odds before calibration.
    #[cfg(feature = "training")]
    pub(crate) fn raw(&self, features: &SessionFeatures) -> f64 {
        match self {
            Self::Scorecard(scorecard) => scorecard.raw(features),
            Self::Trees(trees) => trees.raw(features),
            Self::Logistic(logistic) => logistic.raw(features),
        }
    }

    fn inner(&self) -> &dyn Evaluate {
        match self {
            Self::Scorecard(scorecard) => scorecard,
            Self::Trees(trees) => trees,
            Self::Logistic(logistic) => logistic,
        }
    }
}

impl Evaluate for Evaluator {
    fn score(&self, features: &SessionFeatures) -> Score {
        self.inner().score(features)
    }
}
