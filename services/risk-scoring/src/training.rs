//! Training and judging of models on recorded decision points: for the command line, not for the service.
//!
//! The service is built without this module (feature `training`), and shares with it what must not differ: the features, the
//! evaluator and the statistics. Everything is in one order under one seed, so the same file gives the same bytes.

mod assessor;
mod boost;
mod folds;
mod judge;
mod learned;
mod left_out;
mod points;
mod regress;
mod report;
mod samples;
mod view;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use domain::moment::Moment;

use crate::evaluator::Evaluator;
use crate::features::{Feature, SessionFeatures, Snapshot};
use crate::model_file::{self, ModelFileError, ModelFormat, Provenance};
use crate::scorecard::TableError;
use crate::statistics::{calibrate, number};

pub use assessor::{Assessor, FeatureRow};
#[cfg(test)]
pub(crate) use judge::judge;
pub use judge::{Evaluation, ViewFigures, evaluate};
use learned::Learned;
use left_out::LeftOut;
pub use points::{Place, Points, PointsError};
pub use report::report;
pub use samples::samples;
#[cfg(test)]
pub(crate) use samples::scored;
use view::VIEWS;
pub use view::View;

/// Features of the scorecard that trained models see in another form, or that a recording does not tell; their lines are left
/// out beside a trained model.
const IN_ANOTHER_FORM: [Feature; 6] = [
    Feature::LocalEarlyHours,
    Feature::LocalWorkingHours,
    Feature::CartUnits,
    Feature::CartLines,
    Feature::EventCount,
    Feature::MinutesOnSite,
];

/// What kind of model is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Gradient-boosted trees.
    BoostedTrees,
    /// Logistic regression: worse, and small enough to be read by a person.
    Logistic,
}

/// How to train.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    pub kind: Kind,
    /// Of folds and trainer.
    pub seed: u64,
    /// Parts of the visitors, each judged by a model that has not seen it; 2 or more.
    pub folds: u32,
    /// Trees of a model; this and what follows but `l2` is for trees only.
    pub trees: u32,
    /// How much of each tree is taken.
    pub learning_rate: f32,
    /// Questions on the way to a leaf, at most.
    pub depth: u32,
    /// Pull of leaves, or of weights, towards 0.
    pub l2: f32,
    /// Least sum of `p (1 - p)` in a leaf.
    pub leaf_weight: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            kind: Kind::BoostedTrees,
            seed: 1,
            folds: 5,
            trees: 300,
            learning_rate: 0.05,
            depth: 3,
            l2: 10.0,
            leaf_weight: 20.0,
        }
    }
}

/// Why no model came out.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    #[error("the trainer failed: {0}")]
    Trainer(String),
    #[error("the trainer made a model that cannot be served: {0}")]
    Unusable(String),
    #[error("there must be 2 folds at least")]
    TooFewFolds,
    #[error("there are too few visitors for as many folds: one has none, or all of them")]
    EmptyFold,
    #[error("the scores cannot be calibrated: they say nothing about what happened")]
    Uncalibrated,
    #[error("the built-in scorecard cannot be used")]
    Scorecard(#[from] TableError),
    #[error("the model cannot be written")]
    Write(#[from] serde_json::Error),
    #[error("the model file {0}")]
    Model(String),
}

/// A model that was trained.
#[derive(Debug)]
pub struct Trained {
    /// The model file.
    pub json: String,
    /// How good such models are for visitors that they have not seen.
    pub cross_validation: Evaluation,
}

/// Trains on all points, and judges the way of training by leaving out one fold of visitors after another.
///
/// # Errors
/// [`TrainingError`] when the trainer fails, or its model breaks a rule of the evaluator.
pub fn train(points: &Points, settings: &Settings) -> Result<Trained, TrainingError> {
    let visitors: HashSet<&str> = points.all.iter().map(|point| &*point.visitor).collect();
    if settings.folds < 2 {
        return Err(TrainingError::TooFewFolds);
    }
    let left_out = LeftOut::of(points, settings)?;
    let calibration = calibrate(&left_out.whole()).ok_or(TrainingError::Uncalibrated)?;
    let learned = Learned::of(&points.all, settings)?.calibrated(calibration);
    learned.evaluator()?;
    let provenance = Provenance {
        data_sha256: points.sha256.clone(),
        utc_offset_hours: points.utc_offset_hours,
        trainer: settings.trainer().to_owned(),
        rows: count(points.all.len()),
        visitors: count(visitors.len()),
        seed: settings.seed,
        folds: settings.folds,
        settings: settings.by_name(),
    };
    let mut json = serde_json::to_string(&learned.into_file(provenance))?;
    json.push('\n');
    Ok(Trained {
        json,
        cross_validation: left_out.judge(points)?,
    })
}

/// The recorded decision points that tests may use: below `RESCATE_DATA`, else in a folder beside the checkout.
#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "where test data lie is no setting of a service"
)]
pub(crate) fn shopper_data() -> Option<std::path::PathBuf> {
    use std::path::PathBuf;
    let folder = std::env::var_os("RESCATE_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let file = folder.join("retailrocket/decision_points.csv.gz");
    file.exists().then_some(file)
}

fn read_model(format: ModelFormat, text: &str) -> Result<Arc<Evaluator>, TrainingError> {
    let read = model_file::read(format, text);
    let model = read.map_err(|fault: ModelFileError| TrainingError::Model(fault.to_string()))?;
    Ok(Arc::clone(model.evaluator()))
}

impl Settings {
    /// Who trains, in a version that gives the same trees.
    fn trainer(&self) -> &'static str {
        match self.kind {
            Kind::BoostedTrees => boost::TRAINER,
            Kind::Logistic => regress::TRAINER,
        }
    }

    /// What the trainer is told, by name.
    fn by_name(&self) -> BTreeMap<String, String> {
        let Self {
            kind,
            seed: _,
            folds: _,
            trees,
            learning_rate,
            depth,
            l2,
            leaf_weight,
        } = *self;
        let views = VIEWS.map(|(view, weight)| format!("{view:?} {weight}"));
        let of_both = [("l2", l2.to_string()), ("views", views.join(", "))];
        let of_kind = match kind {
            Kind::BoostedTrees => vec![
                ("trees", trees.to_string()),
                ("learning_rate", learning_rate.to_string()),
                ("depth", depth.to_string()),
                ("leaf_weight", leaf_weight.to_string()),
                ("bins", boost::BINS.to_string()),
            ],
            Kind::Logistic => Vec::new(),
        };
        of_both
            .into_iter()
            .chain(of_kind)
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

/// What models look at in a live moment, by name; what is missing is not in it. With [`Points::features`] it shows whether
/// serving and training see the same.
pub fn features_of(moment: &Moment) -> BTreeMap<String, f64> {
    by_name(&SessionFeatures::of(&Snapshot::from(moment)))
}

/// The features that trained models ask for, by name.
pub fn trained_features() -> Vec<String> {
    let mut names: Vec<String> = boost::ASKED
        .iter()
        .chain(&regress::TERMS)
        .map(ToString::to_string)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn by_name(features: &SessionFeatures) -> BTreeMap<String, f64> {
    Feature::all()
        .filter_map(|feature| Some((feature.to_string(), features.get(feature)?)))
        .collect()
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
