//! Cross-validation: what models say of visitors that they have not seen.

use std::collections::{BTreeMap, BTreeSet};

use super::judge::{Evaluation, ViewFigures, view_figures};
use super::learned::Learned;
use super::view::{VIEWS, View};
use super::{Points, Settings, TrainingError, folds};
use crate::score::{Calibration, probability};
use crate::statistics::{Happened, calibrate};

/// Raw log-odds of every point from a model that has not seen its visitor, by view.
pub(super) struct LeftOut {
    folds: Vec<u64>,
    by_view: Vec<(View, Vec<(f64, Happened)>)>,
}

impl LeftOut {
    /// Trains once for each fold, on all others.
    pub(super) fn of(points: &Points, settings: &Settings) -> Result<Self, TrainingError> {
        let count = u64::from(settings.folds);
        let fold_of = |visitor: &str| folds::fold(visitor, settings.seed, count);
        let folds: Vec<u64> = points
            .all
            .iter()
            .map(|point| fold_of(&point.visitor))
            .collect();
        let mut by_view: Vec<(View, Vec<(f64, Happened)>)> = VIEWS
            .iter()
            .map(|(view, _)| {
                (
                    *view,
                    points
                        .all
                        .iter()
                        .map(|point| (0.0, point.happened))
                        .collect(),
                )
            })
            .collect();
        for fold in 0..count {
            let learned = points.of_visitors(|visitor| fold_of(visitor) != fold);
            if learned.all.is_empty() || learned.len() == points.len() {
                return Err(TrainingError::EmptyFold);
            }
            let model = Learned::of(&learned.all, settings)?.evaluator()?;
            for (view, raw) in &mut by_view {
                let places = raw.iter_mut().zip(&points.all).zip(&folds);
                for ((place, point), _) in places.filter(|(_, of)| **of == fold) {
                    place.0 = model.raw(&view.of(&point.features));
                }
            }
        }
        Ok(Self { folds, by_view })
    }

    /// All points as they are known best.
    pub(super) fn whole(&self) -> Vec<(f64, Happened)> {
        self.by_view
            .first()
            .map(|(_, raw)| raw.clone())
            .unwrap_or_default()
    }

    /// Figures after a calibration that was fitted on the other folds: it has not seen the point itself, though models that
    /// made the other scores have.
    pub(super) fn judge(&self, points: &Points) -> Result<Evaluation, TrainingError> {
        let whole = self.whole();
        let of_others = |fold: u64| {
            let others = whole.iter().zip(&self.folds);
            let others = others.filter(|(_, of)| **of != fold);
            calibrate(&others.map(|(one, _)| *one).collect::<Vec<_>>())
        };
        let distinct: BTreeSet<u64> = self.folds.iter().copied().collect();
        let calibrations: Option<BTreeMap<u64, Calibration>> = distinct
            .into_iter()
            .map(|fold| Some((fold, of_others(fold)?)))
            .collect();
        let calibrations = calibrations.ok_or(TrainingError::Uncalibrated)?;
        let views = self.by_view.iter().filter_map(|(view, raw)| {
            let predicted = raw.iter().zip(&self.folds).map(|((raw, _), fold)| {
                let by = calibrations.get(fold).copied().unwrap_or(Calibration::NONE);
                probability(by.slope * raw + by.intercept).get()
            });
            view_figures(*view, points, predicted)
        });
        let views: Vec<ViewFigures> = views.collect();
        if views.is_empty() {
            return Err(TrainingError::EmptyFold);
        }
        Ok(Evaluation { views })
    }
}
