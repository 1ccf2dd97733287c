//! Judging models on decision points, by how much was known and by the number of events after the first cart.

use std::collections::BTreeMap;

use domain::assessment::Probability;
use serde::Serialize;

use super::view::{VIEWS, View};
use super::{ModelFormat, Points, TrainingError, read_model};
use crate::evaluator::Evaluator;
use crate::score::Evaluate;
use crate::statistics::{Figures, Judged, figures};

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

/// Judges a model file of any format on points.
///
/// # Errors
/// [`TrainingError::Model`] when the file is no model.
pub fn evaluate(
    points: &Points,
    format: ModelFormat,
    text: &str,
) -> Result<Evaluation, TrainingError> {
    Ok(in_each_view(points, &*read_model(format, text)?))
}

/// Judges a model on points that are known in each way.
pub(super) fn in_each_view(points: &Points, model: &Evaluator) -> Evaluation {
    let views = VIEWS
        .iter()
        .filter_map(|(view, _)| judge(points, *view, model));
    Evaluation {
        views: views.collect(),
    }
}

/// Judges a model on points that are known in one way.
pub(crate) fn judge(points: &Points, view: View, model: &Evaluator) -> Option<ViewFigures> {
    let predicted = points
        .all
        .iter()
        .map(|point| model.score(&view.of(&point.features)).abandonment.get());
    view_figures(view, points, predicted)
}

pub(super) fn view_figures(
    view: View,
    points: &Points,
    predicted: impl Iterator<Item = f64>,
) -> Option<ViewFigures> {
    let mut by_k: BTreeMap<u32, Vec<Judged>> = BTreeMap::new();
    let mut pooled = Vec::with_capacity(points.len());
    for (point, predicted) in points.all.iter().zip(predicted) {
        let judged = Judged {
            predicted: Probability::new(predicted).ok()?,
            happened: point.happened,
        };
        by_k.entry(point.k).or_default().push(judged);
        pooled.push(judged);
    }
    let by_k = by_k
        .into_iter()
        .filter_map(|(k, judged)| Some((k, figures(judged)?)));
    Some(ViewFigures {
        view,
        by_k: by_k.collect(),
        pooled: figures(pooled)?,
    })
}
