//! Our own JSON: any kind of model, with how it came to be.

use serde::{Deserialize, Serialize};

use super::ModelFileError;
use crate::evaluator::EvaluatorParts;
use crate::features::VERSION;
use crate::logistic::LogisticParts;
use crate::scorecard::ScorecardParts;
use crate::trees::TreesParts;

const FORMAT: &str = "rescate.model/1";

/// The file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelFile {
    format: String,
    features_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provenance: Option<Provenance>,
    model: Parts,
}

/// Where a model comes from: enough to make it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provenance {
    /// SHA-256 of the rows that were read, written as CSV: the same for each form of one file.
    pub(crate) data_sha256: String,
    /// Hours that the shoppers' clocks were taken to be ahead of the file's.
    #[serde(default)]
    pub(crate) utc_offset_hours: i32,
    /// What was trained with, with its version.
    #[serde(default)]
    pub(crate) trainer: String,
    pub(crate) rows: u64,
    pub(crate) visitors: u64,
    pub(crate) seed: u64,
    pub(crate) folds: u32,
    /// Settings of the trainer, by name.
    pub(crate) settings: std::collections::BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Parts {
    Scorecard(ScorecardParts),
    BoostedTrees(TreesParts),
    Logistic(LogisticParts),
}

pub(super) fn read(text: &str) -> Result<EvaluatorParts, ModelFileError> {
    let file: ModelFile = serde_json::from_str(text)?;
    file.into_parts()
}

impl ModelFile {
    /// A file of trees.
    #[cfg(feature = "training")]
    pub(crate) fn of_trees(trees: TreesParts, provenance: Provenance) -> Self {
        Self {
            format: FORMAT.to_owned(),
            features_version: VERSION,
            provenance: Some(provenance),
            model: Parts::BoostedTrees(trees),
        }
    }

    /// A file of logistic regression.
    #[cfg(feature = "training")]
    pub(crate) fn of_logistic(logistic: LogisticParts, provenance: Provenance) -> Self {
        Self {
            format: FORMAT.to_owned(),
            features_version: VERSION,
            provenance: Some(provenance),
            model: Parts::Logistic(logistic),
        }
    }

    fn into_parts(self) -> Result<EvaluatorParts, ModelFileError> {
        let Self {
            format,
            features_version,
            provenance: _,
            model,
        } = self;
        if format != FORMAT {
            return Err(ModelFileError::Version { expected: FORMAT });
        }
        if features_version != VERSION {
            return Err(ModelFileError::FeaturesVersion);
        }
        Ok(match model {
            Parts::Scorecard(parts) => EvaluatorParts::Scorecard(parts),
            Parts::BoostedTrees(parts) => EvaluatorParts::Trees(parts),
            Parts::Logistic(parts) => EvaluatorParts::Logistic(parts),
        })
    }
}
