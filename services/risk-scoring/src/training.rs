//! Training and judging of models on recorded decision points: for the command line, not for the service.
//!
//! The service is built without this module (feature `training`), and shares with it what must not differ: the features, the
//! evaluator and the statistics. Everything is in one order under one seed, so the same file gives the same bytes.

mod boost;
mod calibrate;
mod folds;
mod left_out;
mod points;
mod report;

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

#[cfg(test)]
use crate::evaluator::probability;
use crate::evaluator::{Evaluate, Evaluator};
use crate::features::{Feature, SessionFeatures};
use crate::model_file::{self, ModelFile, ModelFileError, ModelFormat, Provenance};
use crate::scorecard::TableError;
use crate::statistics::{Figures, Judged, figures};
use crate::trees::{BoostedTrees, InvalidTrees, TreesParts};

use left_out::LeftOut;
pub use points::{Points, PointsError};
pub use report::report;

/// What the trees may ask for, in this order.
const ASKED: [Feature; 15] = [
    Feature::MinutesOnSite,
    Feature::MinutesPerEvent,
    Feature::MinutesSinceEvent,
    Feature::EventCount,
    Feature::EventsPerCartLine,
    Feature::CartLines,
    Feature::CartJustFilled,
    Feature::ProductsViewed,
    Feature::CartItemViews,
    Feature::EarlierSessions,
    Feature::EarlierCarts,
    Feature::EarlierOrders,
    Feature::EarlierAbandonments,
    Feature::EarlierOrderShare,
    Feature::LocalHour,
];

/// Features of the scorecard that the trees see in another form; their lines are left out.
const IN_ANOTHER_FORM: [Feature; 3] = [
    Feature::LocalEarlyHours,
    Feature::LocalWorkingHours,
    Feature::CartUnits,
];

/// How a session may be known: whole, without what only a detailed tracker tells, and without its zone, too. Every row is
/// learned from in each of these ways, so that a value that is missing later is no surprise.
const VIEWS: [(View, f64); 3] = [
    (View::Whole, 0.5),
    (View::WithoutDetail, 0.3),
    (View::WithoutDetailAndZone, 0.2),
];

/// How much of a session is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// All that the file tells.
    Whole,
    /// Without products seen, looks at the cart's products, and the time since the event before.
    WithoutDetail,
    /// Nor the local hour.
    WithoutDetailAndZone,
}

impl View {
    /// What is not known.
    fn hidden(self) -> &'static [Feature] {
        const ALL: &[Feature] = &[
            Feature::ProductsViewed,
            Feature::CartItemViews,
            Feature::MinutesSinceEvent,
            Feature::LocalHour,
        ];
        match self {
            Self::Whole => &[],
            Self::WithoutDetail => ALL.split_last().map_or(&[], |(_, detail)| detail),
            Self::WithoutDetailAndZone => ALL,
        }
    }

    fn of(self, features: &SessionFeatures) -> SessionFeatures {
        let mut seen = features.clone();
        for feature in self.hidden() {
            seen.forget(*feature);
        }
        seen
    }
}

/// How to train.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Of folds and trainer.
    pub seed: u64,
    /// Parts of the visitors, each judged by a model that has not seen it; 2 or more.
    pub folds: u32,
    /// Trees of a model.
    pub trees: u32,
    /// How much of each tree is taken.
    pub learning_rate: f32,
    /// Questions on the way to a leaf, at most.
    pub depth: u32,
    /// Pull of leaves towards 0.
    pub l2: f32,
    /// Least sum of `p (1 - p)` in a leaf.
    pub leaf_weight: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
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
    #[error("fewer visitors than folds")]
    TooFewVisitors,
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

/// How good a model is, by decision point.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Figures by how much was known.
    pub views: Vec<ViewFigures>,
}

/// Figures of one way to know sessions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ViewFigures {
    pub view: View,
    /// By the number of events after the first cart.
    pub by_k: BTreeMap<u32, Figures>,
    pub pooled: Figures,
}

/// Trains on all points, and judges the way of training by leaving out one fold of visitors after another.
///
/// # Errors
/// [`TrainingError`] when the trainer fails, or its model breaks a rule of the evaluator.
pub fn train(points: &Points, settings: &Settings) -> Result<Trained, TrainingError> {
    let visitors: HashSet<&str> = points.all.iter().map(|point| &*point.visitor).collect();
    let left_out = LeftOut::of(points, settings)?;
    let calibration = calibrate::fit(&left_out.whole());
    let mut parts = boost::fit(&points.all, settings)?;
    parts.calibration = calibration;
    // Refused here rather than when it is registered.
    BoostedTrees::new(parts.clone()).map_err(unusable)?;
    let provenance = Provenance {
        data_sha256: points.sha256.clone(),
        rows: count(points.all.len()),
        visitors: count(visitors.len()),
        seed: settings.seed,
        folds: settings.folds,
        settings: settings.by_name(),
        calibration,
    };
    let mut json = serde_json::to_string(&ModelFile::of_trees(parts, provenance))?;
    json.push('\n');
    Ok(Trained {
        json,
        cross_validation: left_out.judge(points)?,
    })
}

/// Judges a model file of any format on points.
///
/// # Errors
/// [`TrainingError::Model`] when the file is no model.
pub fn evaluate(
    points: &Points,
    format: ModelFormat,
    text: &str,
) -> Result<Evaluation, TrainingError> {
    let model = read_model(format, text)?;
    let views = VIEWS
        .iter()
        .filter_map(|(view, _)| judge(points, *view, &model));
    Ok(Evaluation {
        views: views.collect(),
    })
}

/// Judges a model on points that are known in one way.
pub(crate) fn judge(points: &Points, view: View, model: &Evaluator) -> Option<ViewFigures> {
    let predicted = points
        .all
        .iter()
        .map(|point| model.score(&view.of(&point.features)).abandonment.get());
    view_figures(view, points, predicted)
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

/// A model that scores recorded points as the service scores moments.
#[derive(Debug)]
pub struct Scorer(Evaluator);

impl Scorer {
    /// Reads a model file.
    ///
    /// # Errors
    /// [`TrainingError::Model`] when the file is no model.
    pub fn read(format: ModelFormat, text: &str) -> Result<Self, TrainingError> {
        read_model(format, text).map(Self)
    }

    /// The built-in scorecard.
    ///
    /// # Errors
    /// [`TrainingError::Scorecard`] when what was compiled in breaks a rule, which a test rules out.
    pub fn built_in() -> Result<Self, TrainingError> {
        Ok(Self(Evaluator::Scorecard(crate::scorecard::built_in()?)))
    }

    /// Probability of abandonment at a point, by its position; `None` beyond the last.
    pub fn abandonment(&self, points: &Points, at: usize) -> Option<f64> {
        let point = points.all.get(at)?;
        Some(self.0.score(&point.features).abandonment.get())
    }
}

fn read_model(format: ModelFormat, text: &str) -> Result<Evaluator, TrainingError> {
    model_file::read(format, text)
        .map_err(|fault: ModelFileError| TrainingError::Model(fault.to_string()))
}

fn view_figures(
    view: View,
    points: &Points,
    predicted: impl Iterator<Item = f64>,
) -> Option<ViewFigures> {
    let judged: Vec<(u32, Judged)> = points
        .all
        .iter()
        .zip(predicted)
        .filter_map(|(point, predicted)| {
            let predicted = domain::assessment::Probability::new(predicted).ok()?;
            let happened = point.happened;
            Some((
                point.k,
                Judged {
                    predicted,
                    happened,
                },
            ))
        })
        .collect();
    let mut by_k: BTreeMap<u32, Vec<Judged>> = BTreeMap::new();
    for (k, one) in &judged {
        by_k.entry(*k).or_default().push(*one);
    }
    let by_k = by_k
        .into_iter()
        .filter_map(|(k, judged)| Some((k, figures(judged)?)));
    Some(ViewFigures {
        view,
        by_k: by_k.collect(),
        pooled: figures(judged.iter().map(|(_, one)| *one).collect())?,
    })
}

impl Settings {
    fn by_name(&self) -> BTreeMap<String, String> {
        let Self {
            seed: _,
            folds: _,
            trees,
            learning_rate,
            depth,
            l2,
            leaf_weight,
        } = *self;
        [
            ("trees", trees.to_string()),
            ("learning_rate", learning_rate.to_string()),
            ("depth", depth.to_string()),
            ("l2", l2.to_string()),
            ("leaf_weight", leaf_weight.to_string()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

fn unusable(fault: InvalidTrees) -> TrainingError {
    TrainingError::Unusable(fault.to_string())
}

fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// The lines of the scorecard about what no file of decision points can tell, and their sum on rows of such a file.
fn lines_beside() -> Result<(Vec<crate::scorecard::Line>, f64), TrainingError> {
    let known: Vec<Feature> = ASKED.into_iter().chain(IN_ANOTHER_FORM).collect();
    let scorecard = crate::scorecard::built_in()?;
    let lines = scorecard.lines_but(&known);
    let rules = crate::scorecard::Rules::new(&lines)
        .map_err(|fault| TrainingError::Unusable(fault.to_string()))?;
    let mut as_recorded = SessionFeatures::default();
    // Rows of a file are of shoppers who move on.
    as_recorded.set(Feature::Progressing, 1.0);
    Ok((lines, rules.raw(&as_recorded)))
}

fn baseline(parts: &mut TreesParts) -> Result<(), TrainingError> {
    let (lines, sum) = lines_beside()?;
    parts.lines = lines;
    parts.baseline_log_odds -= sum;
    Ok(())
}

#[cfg(test)]
mod tests;
