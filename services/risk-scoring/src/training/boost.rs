//! The trainer: gradient boosting by `forust-ml`, on one thread, and its trees as ours.

use forust_ml::constraints::{Constraint, ConstraintMap};
use forust_ml::objective::ObjectiveType;
use forust_ml::{GradientBooster, Matrix};

use super::points::Point;
use super::view::Seen;
use super::{Settings, TrainingError};
use crate::features::{Direction, Feature};
use crate::score::Calibration;
use crate::trees::{Tree, TreesParts};

/// What the trees may ask for, in this order.
pub(super) const ASKED: [Feature; 15] = [
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
    Feature::EarlierCarts,
    Feature::EarlierOrders,
    Feature::EarlierAbandonments,
    Feature::EarlierOrderShare,
    Feature::LocalHour,
];

/// Bins of each feature: values are told apart at 1 % steps.
pub(super) const BINS: u16 = 100;
/// Another version may grow other trees.
pub(super) const TRAINER: &str = "forust-ml 0.8";

/// Grows trees on the points, each known in every way that it may be known later. Uncalibrated.
pub(super) fn fit(points: &[Point], settings: &Settings) -> Result<TreesParts, TrainingError> {
    let seen = Seen::of(points);
    let booster = grow(&seen, settings)?;
    let points_nowhere = || TrainingError::Unusable("a node points nowhere".to_owned());
    Ok(TreesParts {
        baseline_log_odds: booster.base_score,
        calibration: Calibration::NONE,
        features: ASKED.to_vec(),
        trees: trees(&booster).ok_or_else(points_nowhere)?,
        lines: Vec::new(),
    })
}

fn grow(seen: &Seen, settings: &Settings) -> Result<GradientBooster, TrainingError> {
    let values = values(seen);
    let mut booster = booster(settings, seen.base_log_odds());
    let data = Matrix::new(&values, seen.outcomes.len(), ASKED.len());
    booster
        .fit(&data, &seen.outcomes, &seen.weights, None)
        .map_err(|fault| TrainingError::Trainer(fault.to_string()))?;
    Ok(booster)
}

/// One column of values after the other.
fn values(seen: &Seen) -> Vec<f64> {
    let columns = ASKED.iter().flat_map(|feature| seen.column(*feature));
    columns.collect()
}

/// The trees in our columns; `None` where a number does not fit.
fn trees(booster: &GradientBooster) -> Option<Vec<Tree>> {
    let mut trees = Vec::with_capacity(booster.trees.len());
    for grown in &booster.trees {
        let mut tree = Tree::default();
        for node in &grown.nodes {
            let split = !node.is_leaf;
            let child = |number: usize| u32::try_from(if split { number } else { 0 }).ok();
            let feature = i16::try_from(node.split_feature).ok()?;
            tree.feature.push(if split { feature } else { -1 });
            tree.below.push(if split { node.split_value } else { 0.0 });
            tree.left.push(child(node.left_child)?);
            tree.right.push(child(node.right_child)?);
            let left = split && node.missing_node == node.left_child;
            tree.missing_left.push(u8::from(left));
            tree.cover.push(f64::from(node.hessian_sum));
            let leaf = f64::from(node.weight_value);
            tree.leaf.push(if split { 0.0 } else { leaf });
        }
        trees.push(tree);
    }
    Some(trees)
}

fn booster(settings: &Settings, base_log_odds: f64) -> GradientBooster {
    let constraint = |direction| match direction {
        Direction::Raises => Constraint::Positive,
        Direction::Lowers => Constraint::Negative,
    };
    let constraints: ConstraintMap = ASKED
        .iter()
        .enumerate()
        .filter_map(|(at, feature)| Some((at, constraint(feature.trained_direction()?))))
        .collect();
    GradientBooster::default()
        .set_objective_type(ObjectiveType::LogLoss)
        .set_iterations(usize::try_from(settings.trees).unwrap_or(usize::MAX))
        .set_learning_rate(settings.learning_rate)
        .set_max_depth(usize::try_from(settings.depth).unwrap_or(usize::MAX))
        .set_l2(settings.l2)
        .set_min_leaf_weight(settings.leaf_weight)
        .set_base_score(base_log_odds)
        .set_initialize_base_score(false)
        .set_nbins(BINS)
        // Threads would add up in another order each time.
        .set_parallel(false)
        .set_monotone_constraints(Some(constraints))
        .set_seed(settings.seed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::tests::{invented, small};
    use crate::trees::BoostedTrees;

    #[test]
    fn our_trees_say_what_the_trainer_itself_predicts() {
        let points = invented();
        let seen = Seen::of(&points.all);
        let booster = grow(&seen, &small()).unwrap();
        let values = values(&seen);
        let theirs = booster.predict(&Matrix::new(&values, seen.rows.len(), ASKED.len()), false);

        let ours = BoostedTrees::new(&fit(&points.all, &small()).unwrap()).unwrap();

        assert!(seen.rows.len() > 3_000, "every row in every view");
        for (row, theirs) in seen.rows.iter().zip(theirs) {
            let ours = ours.raw(row);
            assert!((ours - theirs).abs() < 1e-6, "{ours} instead of {theirs}");
        }
    }
}
