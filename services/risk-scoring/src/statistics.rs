//! How good probabilities were, once it is known what happened; and whether they drift. Pure, in float arithmetic.
//!
//! Sums run in the order of the sorted scores, so that the same scores give the same digits in any order of arrival.

mod calibrate;
mod compare;
mod curves;

use domain::assessment::Probability;
use serde::Serialize;

pub(crate) use calibrate::calibrate;
pub(crate) use compare::{Comparison, Difference, Pair, compare};
pub use curves::Figures;
pub(crate) use curves::figures;
#[cfg(feature = "training")]
pub(crate) use curves::roc;

/// Bins of equal mass for calibration and drift.
const BINS: usize = 10;
/// Probabilities of 0 and 1 are taken for this much away from them, or one surprise would cost infinitely much.
const NEVER_CERTAIN: f64 = 1e-12;

/// A probability and what happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Judged {
    pub(crate) predicted: Probability,
    pub(crate) happened: Happened,
}

impl Judged {
    /// The log-odds of what was predicted.
    pub(crate) fn log_odds(self) -> f64 {
        let share = self
            .predicted
            .get()
            .clamp(NEVER_CERTAIN, 1.0 - NEVER_CERTAIN);
        libm::log(share / (1.0 - share))
    }
}

/// Whether the session ended without an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Happened {
    Ordered,
    Abandoned,
}

/// Least numbers of either population before drift is told. Two samples of one population differ, too: the index of `n` against
/// `m` is about `(bins - 1) (1 / n + 1 / m)`, which is 0.09 for 200 of each and 0.9 for twenty (B. Yurdakul and J. Naranjo,
/// "Statistical properties of the population stability index", 2020).
const LEAST_FOR_DRIFT: usize = 200;

/// Population stability index of newer numbers against older ones, missing ones in a bin of their own; `None` while either
/// has fewer than 200. Sources call 0.1 noticeable and 0.25 a change of population.
pub(crate) fn stability_index(older: &[Option<f64>], newer: &[Option<f64>]) -> Option<f64> {
    if older.len() < LEAST_FOR_DRIFT || newer.len() < LEAST_FOR_DRIFT {
        return None;
    }
    let mut known: Vec<f64> = older.iter().flatten().copied().collect();
    known.sort_unstable_by(f64::total_cmp);
    // The first edge parts what is missing from all else.
    let mut edges = vec![f64::NEG_INFINITY];
    edges.extend(
        chunks(&known)
            .filter_map(|chunk| chunk.first().copied())
            .skip(1),
    );
    let edges = parted(&edges);
    let index = shares(older, &edges)
        .into_iter()
        .zip(shares(newer, &edges))
        .map(|(old, new)| (new - old) * (new / old).ln())
        .sum();
    Some(index)
}

/// Edges without bins that are always empty. Where many equal numbers made equal edges, the number has a bin to itself, so
/// that others do not hide among them.
fn parted(edges: &[f64]) -> Vec<f64> {
    let mut parted = Vec::with_capacity(edges.len());
    for equal in edges.chunk_by(|one, other| one.total_cmp(other).is_eq()) {
        parted.extend(equal.first());
        if let [edge, _, ..] = equal {
            parted.push(edge.next_up());
        }
    }
    parted
}

fn predicted(one: &Judged) -> f64 {
    one.predicted.get()
}

fn observed(one: &Judged) -> f64 {
    match one.happened {
        Happened::Ordered => 0.0,
        Happened::Abandoned => 1.0,
    }
}

fn log_loss(one: &Judged) -> f64 {
    let likelihood = match one.happened {
        Happened::Ordered => 1.0 - predicted(one),
        Happened::Abandoned => predicted(one),
    };
    -likelihood.clamp(NEVER_CERTAIN, 1.0 - NEVER_CERTAIN).ln()
}

fn mean(judged: &[Judged], value: impl Fn(&Judged) -> f64) -> f64 {
    judged.iter().map(value).sum::<f64>() / number(judged.len())
}

/// The Mann–Whitney statistic over sorted scores; equal scores count one half.
fn auc(sorted: &[Judged]) -> Option<f64> {
    let mut ordered_below = 0.0;
    let mut wins = 0.0;
    let mut abandoned = 0.0;
    for tied in sorted.chunk_by(|one, other| one.predicted == other.predicted) {
        let abandoned_here: f64 = tied.iter().map(observed).sum();
        let ordered_here = number(tied.len()) - abandoned_here;
        wins += abandoned_here * (ordered_below + ordered_here / 2.0);
        ordered_below += ordered_here;
        abandoned += abandoned_here;
    }
    let pairs = abandoned * ordered_below;
    (pairs > 0.0).then(|| wins / pairs)
}

/// Scores of one of ten bins of equal mass and what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReliabilityBin {
    pub n: usize,
    /// Mean predicted probability of abandonment.
    pub predicted: f64,
    /// Share that was abandoned.
    pub observed: f64,
}

/// Ten bins of equal mass, from the lowest scores to the highest; fewer of fewer scores.
///
/// Each of equally scored sessions stands for the share of them that was abandoned; or the cut between two bins, which
/// may fall between them, would set those that ordered against those that did not.
fn reliability(sorted: &[Judged]) -> Vec<ReliabilityBin> {
    let shared: Vec<(f64, f64)> = sorted
        .chunk_by(|one, other| one.predicted == other.predicted)
        .flat_map(|tied| {
            let share = mean(tied, observed);
            tied.iter().map(move |one| (predicted(one), share))
        })
        .collect();
    chunks(&shared)
        .filter(|bin| !bin.is_empty())
        .map(|bin| {
            let mean = |sum: f64| sum / number(bin.len());
            ReliabilityBin {
                n: bin.len(),
                predicted: mean(bin.iter().map(|(predicted, _)| predicted).sum()),
                observed: mean(bin.iter().map(|(_, share)| share).sum()),
            }
        })
        .collect()
}

/// Mean distance of predicted and observed share over the bins.
fn expected_calibration_error(bins: &[ReliabilityBin]) -> f64 {
    let off = |bin: &ReliabilityBin| (bin.predicted - bin.observed).abs() * number(bin.n);
    let all: usize = bins.iter().map(|bin| bin.n).sum();
    bins.iter().map(off).sum::<f64>() / number(all)
}

/// Cuts into ten parts whose sizes differ by one at most.
fn chunks<T>(sorted: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = sorted;
    (0..BINS).map(move |bin| {
        let (chunk, after) = rest.split_at(rest.len() / (BINS - bin));
        rest = after;
        chunk
    })
}

/// The share of scores between the edges, as if half a score more lay in each bin: an empty one is no infinite drift.
fn shares(numbers: &[Option<f64>], edges: &[f64]) -> Vec<f64> {
    let mut counts = vec![0.5; edges.len() + 1];
    for number in numbers {
        let bin = number.map_or(0, |number| edges.partition_point(|edge| *edge <= number));
        if let Some(count) = counts.get_mut(bin) {
            *count += 1.0;
        }
    }
    let total: f64 = counts.iter().sum();
    counts.into_iter().map(|count| count / total).collect()
}

/// A count as a float; what is counted here fits 32 bits.
pub(crate) fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judged(pairs: &[(f64, u8)]) -> Vec<Judged> {
        pairs
            .iter()
            .map(|(predicted, abandoned)| Judged {
                predicted: Probability::new(*predicted).unwrap(),
                happened: match abandoned {
                    0 => Happened::Ordered,
                    _ => Happened::Abandoned,
                },
            })
            .collect()
    }

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-12
    }

    #[test]
    fn figures_of_a_worked_example() {
        // By hand: of 4 pairs of an ordered and an abandoned session, 3 are in order and 1 is tied.
        let figures = figures(judged(&[(0.9, 1), (0.5, 1), (0.5, 0), (0.2, 0)])).unwrap();

        assert_eq!(figures.n, 4);
        assert!(close(figures.base_rate, 0.5));
        assert!(close(figures.auc.unwrap(), 3.5 / 4.0));
        assert!(close(figures.brier, (0.01 + 0.25 + 0.25 + 0.04) / 4.0));
        let loss = -(0.9_f64.ln() + 0.5_f64.ln() + 0.5_f64.ln() + 0.8_f64.ln()) / 4.0;
        assert!(close(figures.log_loss, loss));
        let off = figures.expected_calibration_error;
        assert!(close(off, (0.1 + 0.2) / 4.0));
        assert!(close(figures.calibration_gap, 0.525 - 0.5));
    }

    #[test]
    fn equal_scores_are_calibrated_by_their_share() {
        let pairs: Vec<(f64, u8)> = (0..100).map(|n| (0.75, u8::from(n % 4 != 0))).collect();
        // In any order of arrival.
        let mut turned = judged(&pairs);
        turned.rotate_left(37);
        let figures = figures(turned).unwrap();
        assert!(figures.expected_calibration_error < 1e-12);
        assert_eq!(figures.reliability.len(), 10);
        for bin in figures.reliability {
            assert!(
                close(bin.predicted, 0.75) && close(bin.observed, 0.75),
                "{bin:?}"
            );
        }
    }

    #[test]
    fn one_outcome_alone_has_no_order() {
        assert_eq!(figures(Vec::new()), None);
        let figures = figures(judged(&[(0.9, 1), (0.5, 1)])).unwrap();
        assert_eq!(figures.auc, None);
    }

    #[test]
    fn a_certain_error_costs_much_and_not_everything() {
        let loss = figures(judged(&[(1.0, 0)])).unwrap().log_loss;
        assert!(loss > 20.0 && loss.is_finite());
    }

    #[test]
    fn drift_is_nothing_for_the_same_scores_and_much_for_others() {
        let scores = |from: f64| -> Vec<Option<f64>> {
            (0..200)
                .map(|step| Some(from + f64::from(step) / 500.0))
                .collect()
        };
        assert!(stability_index(&scores(0.1), &scores(0.1)).unwrap() < 1e-9);
        assert!(stability_index(&scores(0.1), &scores(0.5)).unwrap() > 0.2);
        assert_eq!(stability_index(&scores(0.1), &scores(0.1)[..199]), None);
        let mut missing = scores(0.1);
        missing[..100].fill(None);
        assert!(
            stability_index(&scores(0.1), &missing).unwrap() > 0.2,
            "missing is a change, too"
        );
    }

    #[test]
    fn scores_that_are_all_equal_do_not_drift() {
        let same = vec![Some(1.0); 200];
        assert!(close(stability_index(&same, &same).unwrap(), 0.0));
    }

    #[test]
    fn a_rise_from_what_nearly_all_had_is_a_drift() {
        let mut rare = vec![Some(0.0); 190];
        rare.extend([Some(1.0); 10]);
        let common = vec![Some(1.0); 200];

        assert!(stability_index(&rare, &common).unwrap() > 1.0);
        assert!(stability_index(&common, &rare).unwrap() > 1.0);
    }

    proptest! {
        #[test]
        fn figures_stay_in_range_and_do_not_depend_on_order(
            pairs in proptest::collection::vec((0.0..=1.0_f64, 0_u8..2), 1..60),
        ) {
            let forwards = figures(judged(&pairs)).unwrap();
            let backwards: Vec<_> = pairs.iter().rev().copied().collect();
            prop_assert_eq!(&figures(judged(&backwards)).unwrap(), &forwards);
            let shares = [forwards.base_rate, forwards.brier, forwards.expected_calibration_error];
            for share in shares.into_iter().chain(forwards.auc) {
                prop_assert!((0.0..=1.0).contains(&share));
            }
        }

        #[test]
        fn drift_is_never_negative(
            older in proptest::collection::vec(0.0..=1.0_f64, 200..260),
            newer in proptest::collection::vec(0.0..=1.0_f64, 200..260),
        ) {
            let known = |values: &[f64]| -> Vec<Option<f64>> { values.iter().copied().map(Some).collect() };
            prop_assert!(stability_index(&known(&older), &known(&newer)).unwrap() >= 0.0);
        }
    }
}
