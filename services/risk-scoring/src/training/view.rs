//! How much of a session is known when it is scored, and the rows that a trainer learns from.
//!
//! A storefront may not tell where its shoppers are. Every row is therefore learned from twice, with and without the local
//! hour, so that a value that is missing later is no surprise.

use std::fmt;

use serde::Serialize;

use super::number;
use super::points::Point;
use crate::features::{Feature, SessionFeatures};
use crate::statistics::Happened;

/// The ways to know a session, each with the weight of its rows.
pub(super) const VIEWS: [(View, f64); 2] = [(View::Whole, 0.7), (View::WithoutZone, 0.3)];

/// How much of a session is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// All that the file tells.
    Whole,
    /// Without the local hour.
    WithoutZone,
}

impl fmt::Display for View {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Whole => "Sessions known whole",
            Self::WithoutZone => "Without the local hour",
        })
    }
}

impl View {
    /// What is not known.
    fn hidden(self) -> &'static [Feature] {
        match self {
            Self::Whole => &[],
            Self::WithoutZone => &[
                Feature::LocalHour,
                Feature::LocalEarlyHours,
                Feature::LocalWorkingHours,
            ],
        }
    }

    /// The features as they are known: missing where they may be, else 0.
    pub(super) fn of(self, features: &SessionFeatures) -> SessionFeatures {
        let mut seen = features.clone();
        for feature in self.hidden() {
            seen.forget(*feature);
        }
        seen
    }
}

/// What a trainer learns from: each point as it is known in each view.
pub(super) struct Seen {
    pub(super) rows: Vec<SessionFeatures>,
    /// 1 for abandoned.
    pub(super) outcomes: Vec<f64>,
    pub(super) weights: Vec<f64>,
}

impl Seen {
    pub(super) fn of(points: &[Point]) -> Self {
        let mut rows = Vec::with_capacity(points.len() * VIEWS.len());
        let (mut outcomes, mut weights) = (Vec::new(), Vec::new());
        for (view, weight) in VIEWS {
            for point in points {
                rows.push(view.of(&point.features));
                weights.push(weight);
                outcomes.push(match point.happened {
                    Happened::Ordered => 0.0,
                    Happened::Abandoned => 1.0,
                });
            }
        }
        Self {
            rows,
            outcomes,
            weights,
        }
    }

    /// The values of a feature, row by row; NaN where it is missing.
    pub(super) fn column(&self, feature: Feature) -> impl Iterator<Item = f64> {
        let slot = feature.slot();
        self.rows.iter().map(move |row| row.raw(slot))
    }

    /// Log-odds of the share of abandoned ones: where training begins.
    pub(super) fn base_log_odds(&self) -> f64 {
        let share = self.outcomes.iter().sum::<f64>() / number(self.outcomes.len());
        libm::log(share / (1.0 - share))
    }
}
