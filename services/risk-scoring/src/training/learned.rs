//! What a trainer learned, of either kind, with the hand-set lines beside it for what no recording tells.

use super::points::Point;
use super::{IN_ANOTHER_FORM, Kind, Settings, TrainingError, boost, regress};
use crate::evaluator::Evaluator;
use crate::features::{Feature, SessionFeatures};
use crate::logistic::{Logistic, LogisticParts};
use crate::model_file::{ModelFile, Provenance};
use crate::score::Calibration;
use crate::scorecard::{Line, Rules};
use crate::trees::{BoostedTrees, TreesParts};

/// A model, not yet calibrated.
#[derive(Debug, Clone)]
pub(super) enum Learned {
    Trees(TreesParts),
    Logistic(LogisticParts),
}

impl Learned {
    /// Learns from points as the settings say.
    pub(super) fn of(points: &[Point], settings: &Settings) -> Result<Self, TrainingError> {
        let (lines, sum) = lines_beside()?;
        Ok(match settings.kind {
            Kind::BoostedTrees => {
                let mut parts = boost::fit(points, settings)?;
                parts.baseline_log_odds -= sum;
                parts.lines = lines;
                Self::Trees(parts)
            }
            Kind::Logistic => {
                let mut parts = regress::fit(points, settings)?;
                parts.baseline_log_odds -= sum;
                parts.lines = lines;
                Self::Logistic(parts)
            }
        })
    }

    /// The same with a calibration.
    pub(super) fn calibrated(self, by: Calibration) -> Self {
        match self {
            Self::Trees(mut parts) => {
                parts.calibration = by;
                Self::Trees(parts)
            }
            Self::Logistic(mut parts) => {
                parts.calibration = by;
                Self::Logistic(parts)
            }
        }
    }

    /// The model as it is served: what breaks a rule is refused here rather than when it is registered.
    pub(super) fn evaluator(&self) -> Result<Evaluator, TrainingError> {
        let unusable = |fault: &dyn std::fmt::Display| TrainingError::Unusable(fault.to_string());
        Ok(match self {
            Self::Trees(parts) => {
                Evaluator::Trees(BoostedTrees::new(parts).map_err(|fault| unusable(&fault))?)
            }
            Self::Logistic(parts) => {
                let model = Logistic::new(parts.clone());
                Evaluator::Logistic(model.map_err(|fault| unusable(&fault))?)
            }
        })
    }

    /// The model file.
    pub(super) fn into_file(self, provenance: Provenance) -> ModelFile {
        match self {
            Self::Trees(parts) => ModelFile::of_trees(parts, provenance),
            Self::Logistic(parts) => ModelFile::of_logistic(parts, provenance),
        }
    }
}

/// The lines of the scorecard about what no file of decision points can tell, and their sum on rows of such a file.
fn lines_beside() -> Result<(Vec<Line>, f64), TrainingError> {
    let known = boost::ASKED.iter().chain(&regress::TERMS);
    let known: Vec<Feature> = known.chain(&IN_ANOTHER_FORM).copied().collect();
    let scorecard = crate::scorecard::built_in()?;
    let lines = scorecard.lines_but(&known);
    let rules = Rules::new(&lines).map_err(|fault| TrainingError::Unusable(fault.to_string()))?;
    let mut as_recorded = SessionFeatures::default();
    // Rows of a file are of shoppers who move on.
    as_recorded.set(Feature::Progressing, 1.0);
    Ok((lines, rules.raw(&as_recorded)))
}
