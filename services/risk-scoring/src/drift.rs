//! What is found of a model once a day: whether its inputs and scores drift, and whether its probabilities still hold.
//!
//! Pure. A day is told as of its beginning in UTC: the days right before it against a longer reference before those. Both end
//! at the same hour of the day and, with whole weeks, on the same day of the week, so that neither is drift.

use std::time::Duration;

use domain::time::{InvalidTime, Timestamp, earlier, from_millis, to_millis};
use serde::{Deserialize, Serialize};

use crate::features::{Feature, SessionFeatures};
use crate::statistics::{self, Happened, Judged, calibrate, stability_index};

const MILLIS_PER_DAY: i64 = 86_400_000;
/// A day is watched so long after it began: sessions of the evening have ended by then.
const SETTLED: Duration = Duration::from_hours(1);
/// Features that are told of a day at most, the most drifted.
const MAX_FEATURES: usize = 20;

/// A day in UTC, by its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Day(i64);

impl Day {
    /// The day that is to be watched at this time.
    pub(crate) fn due(now: Timestamp) -> Self {
        Self(to_millis(earlier(now, SETTLED)).div_euclid(MILLIS_PER_DAY))
    }

    pub(crate) fn of(number: i64) -> Self {
        Self(number)
    }

    /// Days since 1970.
    pub(crate) fn number(self) -> i64 {
        self.0
    }

    /// When it began.
    ///
    /// # Errors
    /// A number that no day of the calendar has, which only a broken row holds.
    pub(crate) fn start(self) -> Result<Timestamp, InvalidTime> {
        from_millis(self.0.saturating_mul(MILLIS_PER_DAY))
    }
}

/// From one instant on until right before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

impl Span {
    /// So many days before an instant.
    pub(crate) fn before(until: Timestamp, days: u64) -> Self {
        let length = Duration::from_secs(days.saturating_mul(86_400));
        Self {
            from: earlier(until, length),
            until,
        }
    }
}

/// Drift of one feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FeatureDrift {
    /// Its name: a later release may not know it any more.
    pub(crate) feature: String,
    pub(crate) stability_index: f64,
}

/// What was found on a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DayFigures {
    /// Scores of the window.
    pub(crate) n: u64,
    /// Drift of the scores against the reference; `None` with too few of either.
    pub(crate) score_psi: Option<f64>,
    /// Drift of the features of the tenant, the most drifted first.
    pub(crate) features: Vec<FeatureDrift>,
    /// How good the scores were whose outcome is known.
    pub(crate) held: Option<Held>,
}

/// How well probabilities held.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Held {
    /// Scores with a known outcome.
    pub(crate) n: u64,
    pub(crate) log_loss: f64,
    pub(crate) calibration_error: f64,
    /// Mean predicted less observed; positive is too gloomy.
    pub(crate) gap: f64,
    /// Slope of the outcome on the predicted log-odds: 1 is right, less says too much, more too little. `None` where it cannot be
    /// told.
    pub(crate) slope: Option<f64>,
}

/// Reads the figures off scores, newer against older, and the drift of the features beside them.
pub(crate) fn figures(
    scores: &[f64],
    reference: &[f64],
    judged: &[Judged],
    features: Vec<FeatureDrift>,
) -> DayFigures {
    let told = |scores: &[f64]| -> Vec<Option<f64>> { scores.iter().copied().map(Some).collect() };
    DayFigures {
        n: count(scores.len()),
        score_psi: stability_index(&told(reference), &told(scores)),
        features: features.into_iter().take(MAX_FEATURES).collect(),
        held: held(judged),
    }
}

fn held(judged: &[Judged]) -> Option<Held> {
    let figures = statistics::figures(judged.to_vec())?;
    let log_odds: Vec<(f64, Happened)> = judged
        .iter()
        .map(|one| (one.log_odds(), one.happened))
        .collect();
    Some(Held {
        n: count(figures.n),
        log_loss: figures.log_loss,
        calibration_error: figures.expected_calibration_error,
        gap: figures.calibration_gap,
        slope: calibrate(&log_odds).map(|fitted| fitted.slope),
    })
}

/// The drift of each feature, newer against older, the most drifted first. Those that are always the same are left out, and all
/// are where there are too few of either.
pub(crate) fn of_features(
    older: &[SessionFeatures],
    newer: &[SessionFeatures],
) -> Vec<FeatureDrift> {
    let values = |half: &[SessionFeatures], feature: Feature| -> Vec<Option<f64>> {
        half.iter().map(|features| features.get(feature)).collect()
    };
    let mut drifts: Vec<FeatureDrift> = Feature::all()
        .filter_map(|feature| {
            let (older, newer) = (values(older, feature), values(newer, feature));
            let first = newer.first()?;
            let constant = older.iter().chain(&newer).all(|value| value == first);
            let stability_index = stability_index(&older, &newer).filter(|_| !constant)?;
            Some(FeatureDrift {
                feature: feature.to_string(),
                stability_index,
            })
        })
        .collect();
    drifts.sort_by(|one, other| other.stability_index.total_cmp(&one.stability_index));
    drifts
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
