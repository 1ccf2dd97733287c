//! Two models on the same sessions: how far apart they are, and how sure that is.
//!
//! Assessments of one session rise and fall together, so that sessions, not assessments, are what is counted: a variance is
//! the sum over sessions of the squared influence that each has (the sandwich; for the AUC, whose influences are the placements
//! of `DeLong` et al. 1988, this is Obuchowski's 1997 form for clustered data). Intervals are normal, 95 %.

use domain::assessment::Probability;
use domain::id::SessionId;

use super::{Happened, Judged, log_loss, mean, number, observed, predicted};

/// Quantile of the normal distribution that leaves 2.5 % above.
const TWO_SIDED_95: f64 = 1.959_963_984_540_054;

/// What both models said of one assessment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pair {
    pub(crate) session: SessionId,
    pub(crate) first: Probability,
    pub(crate) second: Probability,
    pub(crate) happened: Happened,
}

/// A figure of two models.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Difference {
    pub(crate) first: f64,
    pub(crate) second: f64,
    /// Ends of the 95 % interval of `first - second`.
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// Two models compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) n: usize,
    pub(crate) sessions: usize,
    pub(crate) log_loss: Difference,
    pub(crate) brier: Difference,
    /// Absent unless both outcomes occur.
    pub(crate) auc: Option<Difference>,
}

/// The sessions of pairs, numbered: pairs of one session are one cluster.
struct Clusters {
    /// By pair.
    of: Vec<usize>,
    count: usize,
}

/// Compares; `None` with fewer than two sessions, when nothing can be said of spread.
pub(crate) fn compare(pairs: &[Pair]) -> Option<Comparison> {
    let clusters = Clusters::of(pairs);
    let (first, second) = (
        side(pairs, |pair| pair.first),
        side(pairs, |pair| pair.second),
    );
    let squared = |one: &Judged| (predicted(one) - observed(one)).powi(2);
    Some(Comparison {
        n: pairs.len(),
        sessions: clusters.count,
        log_loss: mean_difference(&clusters, (&first, &second), log_loss)?,
        brier: mean_difference(&clusters, (&first, &second), squared)?,
        auc: auc_difference(&clusters, &first, &second),
    })
}

fn side(pairs: &[Pair], score: impl Fn(&Pair) -> Probability) -> Vec<Judged> {
    pairs
        .iter()
        .map(|pair| Judged {
            predicted: score(pair),
            happened: pair.happened,
        })
        .collect()
}

fn mean_difference(
    clusters: &Clusters,
    (first, second): (&[Judged], &[Judged]),
    value: impl Fn(&Judged) -> f64,
) -> Option<Difference> {
    let (of_first, of_second) = (mean(first, &value), mean(second, &value));
    let apart = of_first - of_second;
    let n = number(first.len());
    let influence = first
        .iter()
        .zip(second)
        .map(|(one, other)| (value(one) - value(other) - apart) / n);
    difference((of_first, of_second), clusters.spread(influence)?)
}

fn auc_difference(clusters: &Clusters, first: &[Judged], second: &[Judged]) -> Option<Difference> {
    let abandoned: f64 = first.iter().map(observed).sum();
    let ordered = number(first.len()) - abandoned;
    if abandoned <= 0.0 || ordered <= 0.0 {
        return None;
    }
    let (of_first, of_second) = (placements(first), placements(second));
    let auc = |placed: &[f64]| {
        let of_abandoned = placed
            .iter()
            .zip(first)
            .filter(|(_, one)| observed(one) > 0.0);
        of_abandoned.map(|(placed, _)| placed).sum::<f64>() / abandoned
    };
    let figures = (auc(&of_first), auc(&of_second));
    let apart = figures.0 - figures.1;
    let influence = of_first
        .iter()
        .zip(&of_second)
        .zip(first)
        .map(|((one, other), judged)| {
            let of_outcome = match judged.happened {
                Happened::Abandoned => abandoned,
                Happened::Ordered => ordered,
            };
            (one - other - apart) / of_outcome
        });
    difference(figures, clusters.spread(influence)?)
}

/// For each abandoned one the share of ordered ones with a lower score, for each ordered one the share of abandoned ones with a
/// higher; equal scores count one half.
fn placements(judged: &[Judged]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..judged.len()).collect();
    order.sort_by_key(|at| judged.get(*at).map(|one| one.predicted));
    let abandoned: f64 = judged.iter().map(observed).sum();
    let ordered = number(judged.len()) - abandoned;
    let mut placed = vec![0.0; judged.len()];
    let (mut ordered_below, mut abandoned_below) = (0.0, 0.0);
    let score = |at: &usize| judged.get(*at).map(|one| one.predicted);
    for tied in order.chunk_by(|one, other| score(one) == score(other)) {
        let abandoned_here: f64 = tied
            .iter()
            .filter_map(|at| judged.get(*at))
            .map(observed)
            .sum();
        let ordered_here = number(tied.len()) - abandoned_here;
        for at in tied {
            let Some((place, one)) = placed.get_mut(*at).zip(judged.get(*at)) else {
                continue;
            };
            *place = match one.happened {
                Happened::Abandoned => (ordered_below + ordered_here / 2.0) / ordered,
                Happened::Ordered => {
                    (abandoned - abandoned_below - abandoned_here / 2.0) / abandoned
                }
            };
        }
        ordered_below += ordered_here;
        abandoned_below += abandoned_here;
    }
    placed
}

impl Clusters {
    fn of(pairs: &[Pair]) -> Self {
        let mut distinct: Vec<SessionId> = pairs.iter().map(|pair| pair.session).collect();
        distinct.sort_unstable();
        distinct.dedup();
        // Every session is found: it was put there.
        let number = |pair: &Pair| distinct.binary_search(&pair.session).unwrap_or_default();
        Self {
            of: pairs.iter().map(number).collect(),
            count: distinct.len(),
        }
    }

    /// Standard error from influences, by pair, summed within each session; `None` for a single session.
    fn spread(&self, influences: impl Iterator<Item = f64>) -> Option<f64> {
        if self.count < 2 {
            return None;
        }
        let mut sums = vec![0.0; self.count];
        for (at, influence) in self.of.iter().zip(influences) {
            if let Some(sum) = sums.get_mut(*at) {
                *sum += influence;
            }
        }
        let squares: f64 = sums.iter().map(|sum| sum * sum).sum();
        let count = number(self.count);
        Some((squares * count / (count - 1.0)).sqrt())
    }
}

fn difference((first, second): (f64, f64), error: f64) -> Option<Difference> {
    let reach = TWO_SIDED_95 * error;
    reach.is_finite().then_some(Difference {
        first,
        second,
        low: first - second - reach,
        high: first - second + reach,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use testkit::ids::nth;

    use super::*;
    use crate::statistics::figures;

    fn pair(session: u32, first: f64, second: f64, happened: Happened) -> Pair {
        Pair {
            session: nth(u64::from(session)),
            first: Probability::new(first).unwrap(),
            second: Probability::new(second).unwrap(),
            happened,
        }
    }

    /// Each `every`th ordered.
    fn outcome(n: u32, every: u32) -> Happened {
        if n.is_multiple_of(every) {
            Happened::Ordered
        } else {
            Happened::Abandoned
        }
    }

    #[test]
    fn a_model_is_as_good_as_itself() {
        let pairs: Vec<_> = (0..40)
            .map(|n| pair(n, f64::from(n) / 40.0, f64::from(n) / 40.0, outcome(n, 3)))
            .collect();
        let same = compare(&pairs).unwrap();
        for figure in [same.log_loss, same.brier, same.auc.unwrap()] {
            assert!(
                figure.low.abs() < 1e-12 && figure.high.abs() < 1e-12,
                "{figure:?}"
            );
        }
        assert_eq!((same.n, same.sessions), (40, 40));
    }

    #[test]
    fn a_model_that_knows_is_better_than_one_that_does_not() {
        let pairs: Vec<_> = (0..400)
            .map(|n| {
                let happened = outcome(n, 4);
                let known = if happened == Happened::Abandoned {
                    0.8
                } else {
                    0.6
                };
                pair(n, known + f64::from(n % 7) / 100.0, 0.75, happened)
            })
            .collect();
        let told = compare(&pairs).unwrap();
        assert!(told.log_loss.high < 0.0, "{told:?}");
        assert!(told.auc.unwrap().low > 0.0, "{told:?}");
    }

    #[test]
    fn copies_of_a_session_prove_nothing_more() {
        let once: Vec<_> = (0..60)
            .map(|n| pair(n, 0.5 + f64::from(n % 9) / 20.0, 0.7, outcome(n, 3)))
            .collect();
        let tenfold: Vec<_> = once.iter().flat_map(|pair| [*pair; 10]).collect();
        let (once, tenfold) = (compare(&once).unwrap(), compare(&tenfold).unwrap());
        assert!((once.brier.low - tenfold.brier.low).abs() < 1e-9);
        let (single, copied) = (once.auc.unwrap(), tenfold.auc.unwrap());
        assert!((single.high - copied.high).abs() < 1e-9);
        assert_eq!((tenfold.n, tenfold.sessions), (600, 60));
    }

    #[test]
    fn one_session_says_nothing_of_spread() {
        assert_eq!(
            compare(&[
                pair(1, 0.5, 0.6, Happened::Abandoned),
                pair(1, 0.5, 0.6, Happened::Ordered)
            ]),
            None
        );
        assert_eq!(compare(&[]), None);
    }

    proptest! {
        #[test]
        fn the_figures_are_those_of_each_model_alone(
            scores in proptest::collection::vec((0.0..=1.0_f64, 0.0..=1.0_f64, 1_u32..3), 2..50),
        ) {
            let pairs: Vec<_> = (0..).zip(&scores).map(|(n, (one, other, every))| pair(n, *one, *other, outcome(*every, 2))).collect();
            let told = compare(&pairs).unwrap();
            let alone = figures(side(&pairs, |pair| pair.first)).unwrap();
            prop_assert!((told.log_loss.first - alone.log_loss).abs() < 1e-9);
            prop_assert!((told.brier.first - alone.brier).abs() < 1e-9);
            prop_assert_eq!(told.auc.is_some(), alone.auc.is_some());
            if let Some((told, alone)) = told.auc.zip(alone.auc) {
                prop_assert!((told.first - alone).abs() < 1e-9);
                prop_assert!(told.low <= told.first - told.second && told.first - told.second <= told.high);
            }
        }
    }
}
