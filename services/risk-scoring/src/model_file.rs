//! Model files: our own JSON, and those of the trainers that teams use, read into the same evaluators.

mod lightgbm;
mod own;
mod walk;
mod xgboost;

use crate::evaluator::{Checked, EvaluatorParts, InvalidModel};
use crate::features::Feature;

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
    #[error("must name its features by the feature catalogue, and does not at number {0}")]
    Feature(usize),
    #[error(transparent)]
    Model(#[from] InvalidModel),
}

/// Reads a model and checks it whole.
///
/// # Errors
/// [`ModelFileError`] says what is wrong with the file.
pub(crate) fn read(format: ModelFormat, text: &str) -> Result<Checked, ModelFileError> {
    let parts = match format {
        ModelFormat::Rescate => own::read(text)?,
        ModelFormat::LightGbmText => EvaluatorParts::Trees(lightgbm::read(text)?),
        ModelFormat::XgBoostJson => EvaluatorParts::Trees(xgboost::read(text)?),
    };
    Ok(Checked::new(parts)?)
}

/// Reads names of the catalogue. One that is not there is told by its position, from 1.
fn features<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<Feature>, ModelFileError> {
    let known =
        |(name, at): (&str, usize)| Feature::parse(name).map_err(|_| ModelFileError::Feature(at));
    names.zip(1..).map(known).collect()
}

#[cfg(test)]
mod tests;
