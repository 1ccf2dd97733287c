//! Rows with the scores that a model gives them: what its registration asks for, so that no number changes on the way.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{ModelFormat, Points, TrainingError, by_name, read_model};
use crate::evaluator::Evaluator;
use crate::features::SessionFeatures;
use crate::score::Evaluate;

/// Rows that are taken of points, from the first to the last.
const ROWS: usize = 20;

/// Written field by field: the order of a `serde_json::Value` depends on what else is in the build.
#[derive(Serialize)]
struct Row {
    expected: f64,
    /// All that is known, zeros too: a feature that is left out may be missing, which is something else.
    values: BTreeMap<String, f64>,
}

/// Rows of the points with the scores that a model file gives them, as JSON.
///
/// # Errors
/// [`TrainingError::Model`] when the file is no model.
pub fn samples(points: &Points, format: ModelFormat, text: &str) -> Result<String, TrainingError> {
    let step = points.len().div_ceil(ROWS).max(1);
    let rows = points.all.iter().step_by(step);
    scored(
        &*read_model(format, text)?,
        rows.map(|point| &point.features),
    )
}

/// Rows with their scores, as JSON.
pub(crate) fn scored<'a>(
    model: &Evaluator,
    rows: impl Iterator<Item = &'a SessionFeatures>,
) -> Result<String, TrainingError> {
    let rows = rows.map(|features| Row {
        expected: model.score(features).abandonment.get(),
        values: by_name(features),
    });
    let mut json = serde_json::to_string(&rows.collect::<Vec<_>>())?;
    json.push('\n');
    Ok(json)
}
