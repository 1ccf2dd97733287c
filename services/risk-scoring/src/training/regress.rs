//! The other trainer: logistic regression by Newton's method with an L2 penalty, on features brought to one scale.
//!
//! Steps are the iteratively reweighted least squares of `McCullagh` and Nelder, "Generalized Linear Models", 1989. All sums run
//! in the order of the rows, so the same rows give the same digits.

use super::points::Point;
use super::view::Seen;
use super::{Settings, TrainingError, number};
use crate::features::Feature;
use crate::logistic::{LogisticParts, Term};
use crate::score::{Calibration, probability};

/// What terms are made of. The hour of the day is no number to be weighted, so its two windows stand for it, and what is a sum
/// of others is left out.
pub(super) const TERMS: [Feature; 15] = [
    Feature::MinutesShopping,
    Feature::MinutesPerShoppingEvent,
    Feature::MinutesSinceShoppingEvent,
    Feature::ShoppingEvents,
    Feature::ShoppingEventsPerAddition,
    Feature::CartAdditions,
    Feature::CartJustFilled,
    Feature::ProductsViewed,
    Feature::CartItemViews,
    Feature::EarlierSessions,
    Feature::EarlierOrders,
    Feature::EarlierAbandonments,
    Feature::EarlierOrderShare,
    Feature::LocalEarlyHours,
    Feature::LocalWorkingHours,
];

pub(super) const TRAINER: &str = "rescate logistic 1";

/// Share of the values on either side that are taken for the end of the range: a few visitors with hundreds of visits would
/// draw the line for all.
const BEYOND: f64 = 0.01;
const MAX_STEPS: usize = 100;
const CLOSE_ENOUGH: f64 = 1e-10;

/// Fits one weight for each feature that varies. Uncalibrated.
pub(super) fn fit(points: &[Point], settings: &Settings) -> Result<LogisticParts, TrainingError> {
    let seen = Seen::of(points);
    let columns: Vec<Column> = TERMS
        .iter()
        .filter_map(|feature| Column::of(*feature, &seen))
        .collect();
    let rows: Vec<Vec<f64>> = seen
        .rows
        .iter()
        .map(|row| {
            let scaled = columns
                .iter()
                .map(|column| column.scaled(row.raw(column.feature.slot())));
            std::iter::once(1.0).chain(scaled).collect()
        })
        .collect();
    let mut weights = vec![0.0; columns.len() + 1];
    if let Some(first) = weights.first_mut() {
        *first = seen.base_log_odds();
    }
    let l2 = f64::from(settings.l2);
    for _ in 0..MAX_STEPS {
        let step = step(&seen, &rows, &weights, l2)
            .ok_or_else(|| TrainingError::Trainer("the curvature is lost".to_owned()))?;
        let length: f64 = step.iter().map(|part| part.abs()).sum();
        for (weight, part) in weights.iter_mut().zip(step) {
            *weight += part;
        }
        if length < CLOSE_ENOUGH {
            break;
        }
    }
    let terms = columns.iter().zip(weights.iter().skip(1));
    Ok(LogisticParts {
        baseline_log_odds: weights.first().copied().unwrap_or_default(),
        calibration: Calibration::NONE,
        terms: terms.map(|(column, weight)| column.term(*weight)).collect(),
        lines: Vec::new(),
    })
}

/// How a feature is brought to one scale with the others.
#[derive(Debug)]
struct Column {
    feature: Feature,
    least: f64,
    most: f64,
    /// Mean of the known values, those beyond the range taken for its ends.
    center: f64,
    /// Standard deviation of the same.
    spread: f64,
}

impl Column {
    /// `None` for a feature that does not vary.
    fn of(feature: Feature, seen: &Seen) -> Option<Self> {
        let mut known: Vec<f64> = seen
            .column(feature)
            .filter(|value| !value.is_nan())
            .collect();
        known.sort_unstable_by(f64::total_cmp);
        let (least, most) = (quantile(&known, BEYOND)?, quantile(&known, 1.0 - BEYOND)?);
        let count = number(known.len());
        let inside = || known.iter().map(|value| value.clamp(least, most));
        let center = inside().sum::<f64>() / count;
        let squares: f64 = inside().map(|value| (value - center).powi(2)).sum();
        let spread = (squares / count).sqrt();
        (spread > 0.0).then_some(Self {
            feature,
            least,
            most,
            center: center.clamp(least, most),
            spread,
        })
    }

    /// A missing value counts as the centre.
    fn scaled(&self, value: f64) -> f64 {
        let value = if value.is_nan() { self.center } else { value };
        (value.clamp(self.least, self.most) - self.center) / self.spread
    }

    fn term(&self, weight: f64) -> Term {
        Term {
            feature: self.feature,
            weight: weight / self.spread,
            center: self.center,
            least: self.least,
            most: self.most,
            missing: self.center,
        }
    }
}

/// The value below which so large a share lies; `None` of nothing.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let before = sorted
        .iter()
        .zip(0_u32..)
        .take_while(|(_, at)| f64::from(*at) <= share * number(sorted.len().saturating_sub(1)));
    before.last().map(|(value, _)| *value)
}

/// One Newton step; `None` when the curvature is lost.
fn step(seen: &Seen, rows: &[Vec<f64>], weights: &[f64], l2: f64) -> Option<Vec<f64>> {
    let size = weights.len();
    // One row for each weight: its curvatures, and last its slope.
    let mut system = vec![vec![0.0; size + 1]; size];
    for ((row, outcome), share) in rows.iter().zip(&seen.outcomes).zip(&seen.weights) {
        let log_odds = row
            .iter()
            .zip(weights)
            .map(|(value, weight)| value * weight);
        let predicted = probability(log_odds.sum()).get();
        let curvature = share * predicted * (1.0 - predicted);
        let slope = share * (outcome - predicted);
        for (equation, value) in system.iter_mut().zip(row) {
            for (place, other) in equation.iter_mut().zip(row) {
                *place += curvature * value * other;
            }
            if let Some(right) = equation.last_mut() {
                *right += slope * value;
            }
        }
    }
    // The intercept is not pulled towards 0.
    for (at, (equation, weight)) in system.iter_mut().zip(weights).enumerate().skip(1) {
        *equation.get_mut(at)? += l2;
        *equation.last_mut()? -= l2 * weight;
    }
    solve(system)
}

/// Solves equations with a positive definite left side by elimination; the right side stands last in each.
fn solve(mut system: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    for at in 0..system.len() {
        let (above, below) = system.split_at_mut(at + 1);
        let pivot = above.last()?;
        let first = *pivot.get(at)?;
        if !(first.is_finite() && first > 0.0) {
            return None;
        }
        for equation in below {
            let times = equation.get(at)? / first;
            for (place, above) in equation.iter_mut().zip(pivot) {
                *place -= times * above;
            }
        }
    }
    let mut solution: Vec<f64> = Vec::with_capacity(system.len());
    for (at, equation) in system.iter().enumerate().rev() {
        let (right, left) = equation.split_last()?;
        let known = left.iter().rev().zip(solution.iter());
        let known: f64 = known.map(|(factor, value)| factor * value).sum();
        // Solved from the last to the first.
        solution.push((right - known) / left.get(at)?);
    }
    solution.reverse();
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equations_are_solved() {
        let solution = solve(vec![
            vec![4.0, 2.0, 0.0, 8.0],
            vec![2.0, 5.0, 1.0, 15.0],
            vec![0.0, 1.0, 3.0, 11.0],
        ])
        .unwrap();
        for (found, expected) in solution.iter().zip([1.0, 2.0, 3.0]) {
            assert!((found - expected).abs() < 1e-12, "{solution:?}");
        }
        assert_eq!(solve(vec![vec![0.0, 1.0]]), None);
    }

    #[test]
    fn quantiles_are_values_that_occur() {
        let sorted: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_eq!(quantile(&sorted, 0.01), Some(1.0));
        assert_eq!(quantile(&sorted, 0.99), Some(99.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
