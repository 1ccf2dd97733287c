//! Model files: our own JSON, and those of the trainers that teams use, read into the same evaluators.

mod lightgbm;
mod own;
mod xgboost;

use crate::evaluator::Evaluator;
use crate::features::Feature;
use crate::logistic::InvalidLogistic;
use crate::scorecard::InvalidScorecard;
use crate::trees::{InvalidTrees, Tree};

#[cfg(feature = "training")]
pub(crate) use own::{ModelFile, Provenance};

/// How a model file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelFormat {
    /// What `rescate model train` writes.
    Rescate,
    /// `Booster.save_model` of `LightGBM`, version 4 of its text form, objective `binary`.
    LightGbmText,
    /// `Booster.save_model("model.json")` of `XGBoost`, booster `gbtree`, objective `binary:logistic`.
    XgBoostJson,
}

/// Why a file is no model that can be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ModelFileError {
    // What stands there is not repeated: it may be anything.
    #[error("must be JSON of the format that is named; see line {}, column {}", .0.line(), .0.column())]
    Json(#[from] serde_json::Error),
    #[error("must be a model of version `{expected}`")]
    Version { expected: &'static str },
    #[error("must be made of version {} of the features", crate::features::VERSION)]
    FeaturesVersion,
    #[error("must have a usable `{0}`")]
    Field(&'static str),
    #[error("must not use {0}, which is not supported")]
    Unsupported(&'static str),
    #[error("must name its features by the feature catalogue, and `{0}` is not there")]
    Feature(Box<str>),
    #[error("{0}")]
    Trees(#[from] InvalidTrees),
    #[error("{0}")]
    Scorecard(#[from] InvalidScorecard),
    #[error("{0}")]
    Logistic(#[from] InvalidLogistic),
}

/// Reads a model and checks it whole.
///
/// # Errors
/// [`ModelFileError`] says what is wrong with the file.
pub(crate) fn read(format: ModelFormat, text: &str) -> Result<Evaluator, ModelFileError> {
    match format {
        ModelFormat::Rescate => own::read(text),
        ModelFormat::LightGbmText => lightgbm::read(text).map(Evaluator::Trees),
        ModelFormat::XgBoostJson => xgboost::read(text).map(Evaluator::Trees),
    }
}

/// Reads names of the catalogue.
fn features<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<Feature>, ModelFileError> {
    names
        .map(|name| Feature::parse(name).map_err(|_| ModelFileError::Feature(name.into())))
        .collect()
}

/// One node on its way into the columns of a tree.
#[derive(Debug, Clone, Copy)]
enum Entry {
    Leaf {
        value: f64,
        cover: f64,
    },
    Split {
        feature: i16,
        below: f64,
        missing_left: bool,
        cover: f64,
    },
}

/// Adds a node; children of a split are linked once they are added.
fn push(tree: &mut Tree, entry: Entry) -> Option<u32> {
    let at = u32::try_from(tree.feature.len()).ok()?;
    let (feature, below, missing_left, cover, leaf) = match entry {
        Entry::Leaf { value, cover } => (-1, 0.0, false, cover, value),
        Entry::Split {
            feature,
            below,
            missing_left,
            cover,
        } => (feature, below, missing_left, cover, 0.0),
    };
    tree.feature.push(feature);
    tree.below.push(below);
    tree.missing_left.push(u8::from(missing_left));
    tree.cover.push(cover);
    tree.leaf.push(leaf);
    tree.left.push(0);
    tree.right.push(0);
    Some(at)
}

#[cfg(test)]
mod tests;
