//! Judging: all figures of a model on what was judged, and the ROC curve.

use serde::Serialize;

use super::{
    Happened, Judged, ReliabilityBin, auc, expected_calibration_error, log_loss, mean, number,
    observed, predicted, reliability,
};

/// Figures of a model on what was judged, with all that a reader needs to check them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// How many were judged, at least 1.
    pub n: usize,
    /// Share that was abandoned.
    pub base_rate: f64,
    /// Chance that an abandoned one has the higher score; absent unless both outcomes occur.
    pub auc: Option<f64>,
    /// Mean logarithmic loss in nats.
    pub log_loss: f64,
    /// Mean squared error.
    pub brier: f64,
    /// Average precision of finding abandoned ones by a high score.
    pub average_precision_abandoned: Option<f64>,
    /// Average precision of finding ordered ones by a low score.
    pub average_precision_ordered: Option<f64>,
    /// Mean distance of predicted and observed share over ten bins of equal mass.
    pub expected_calibration_error: f64,
    /// Mean predicted less observed share; positive is too gloomy.
    pub calibration_gap: f64,
    /// The ten bins, from the lowest scores to the highest.
    pub reliability: Vec<ReliabilityBin>,
}

/// Judges probabilities; `None` when there is nothing to judge.
pub(crate) fn figures(mut judged: Vec<Judged>) -> Option<Figures> {
    if judged.is_empty() {
        return None;
    }
    judged.sort_by_key(|one| (one.predicted, one.happened));
    let base_rate = mean(&judged, observed);
    let reliability = reliability(&judged);
    Some(Figures {
        n: judged.len(),
        base_rate,
        auc: auc(&judged),
        log_loss: mean(&judged, log_loss),
        brier: mean(&judged, |one| (predicted(one) - observed(one)).powi(2)),
        average_precision_abandoned: average_precision(judged.iter().rev(), Happened::Abandoned),
        average_precision_ordered: average_precision(judged.iter(), Happened::Ordered),
        expected_calibration_error: expected_calibration_error(&reliability),
        calibration_gap: mean(&judged, predicted) - base_rate,
        reliability,
    })
}

/// Mean precision over the recall that each further score adds; equal scores come together. `None` when nothing is to be
/// found.
fn average_precision<'a>(
    ranked: impl Iterator<Item = &'a Judged>,
    wanted: Happened,
) -> Option<f64> {
    let ranked: Vec<&Judged> = ranked.collect();
    let (mut seen, mut found, mut area) = (0.0, 0.0, 0.0);
    for tied in ranked.chunk_by(|one, other| one.predicted == other.predicted) {
        let here = tied.iter().filter(|one| one.happened == wanted).count();
        seen += number(tied.len());
        found += number(here);
        area += number(here) * found / seen;
    }
    (found > 0.0).then(|| area / found)
}

/// The ROC curve from (0, 0) to (1, 1): the share of ordered ones above each score, and of abandoned ones.
#[cfg(feature = "training")]
pub(crate) fn roc(mut judged: Vec<Judged>) -> Vec<(f64, f64)> {
    judged.sort_by_key(|one| std::cmp::Reverse((one.predicted, one.happened)));
    let abandoned: f64 = judged.iter().map(observed).sum();
    let ordered = number(judged.len()) - abandoned;
    let (mut false_alarms, mut hits) = (0.0, 0.0);
    let mut curve = vec![(0.0, 0.0)];
    for tied in judged.chunk_by(|one, other| one.predicted == other.predicted) {
        let here: f64 = tied.iter().map(observed).sum();
        hits += here;
        false_alarms += number(tied.len()) - here;
        curve.push((share(false_alarms, ordered), share(hits, abandoned)));
    }
    curve
}

#[cfg(feature = "training")]
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use domain::assessment::Probability;

    use super::*;

    fn judged(pairs: &[(f64, Happened)]) -> Vec<Judged> {
        let one = |(predicted, happened): &(f64, Happened)| Judged {
            predicted: Probability::new(*predicted).unwrap(),
            happened: *happened,
        };
        pairs.iter().map(one).collect()
    }

    #[test]
    fn figures_of_a_worked_example() {
        use Happened::{Abandoned, Ordered};
        let figures = figures(judged(&[
            (0.9, Abandoned),
            (0.8, Ordered),
            (0.6, Abandoned),
            (0.2, Ordered),
        ]))
        .unwrap();
        // By hand: abandoned at ranks 1 and 3 of 4 from above, ordered at 1 and 3 from below.
        let by_hand = f64::midpoint(1.0, 2.0 / 3.0);
        assert!((figures.average_precision_abandoned.unwrap() - by_hand).abs() < 1e-12);
        assert!((figures.average_precision_ordered.unwrap() - by_hand).abs() < 1e-12);
        assert_eq!(figures.reliability.len(), 4);
        assert!((figures.reliability[0].predicted - 0.2).abs() < 1e-12);
        assert!(figures.reliability[0].observed.abs() < 1e-12);
    }

    #[test]
    fn what_never_happened_is_not_to_be_found() {
        let figures = figures(judged(&[(0.5, Happened::Ordered); 3])).unwrap();
        assert_eq!(figures.average_precision_abandoned, None);
        assert_eq!(figures.average_precision_ordered, Some(1.0));
    }

    #[cfg(feature = "training")]
    #[test]
    fn the_area_under_the_curve_is_the_auc() {
        use Happened::{Abandoned, Ordered};
        let all = judged(&[
            (0.9, Abandoned),
            (0.5, Abandoned),
            (0.5, Ordered),
            (0.2, Ordered),
            (0.1, Abandoned),
        ]);
        let curve = roc(all.clone());
        let area: f64 = curve
            .windows(2)
            .map(|pair| (pair[1].0 - pair[0].0) * (pair[1].1 + pair[0].1) / 2.0)
            .sum();
        assert!((area - figures(all).unwrap().auc.unwrap()).abs() < 1e-12);
        assert_eq!(curve.last(), Some(&(1.0, 1.0)));
    }
}
