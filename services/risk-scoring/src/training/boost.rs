//! The trainer: gradient boosting by `forust-ml`, on one thread, and its trees as ours.

use forust_ml::constraints::{Constraint, ConstraintMap};
use forust_ml::objective::ObjectiveType;
use forust_ml::{GradientBooster, Matrix};

use super::points::Point;
use super::{ASKED, Settings, TrainingError, VIEWS, baseline, number};
use crate::evaluator::Calibration;
use crate::features::{Direction, SessionFeatures};
use crate::statistics::Happened;
use crate::trees::{Tree, TreesParts};

/// Bins of each feature: values are told apart at 1 % steps.
const BINS: u16 = 100;

/// Grows trees on the points, each known in every way that it may be known later. Uncalibrated.
pub(super) fn fit(points: &[Point], settings: &Settings) -> Result<TreesParts, TrainingError> {
    let table = Table::of(points);
    let mut booster = booster(settings, table.base_log_odds());
    let data = Matrix::new(&table.values, table.outcomes.len(), ASKED.len());
    booster
        .fit(&data, &table.outcomes, &table.weights, None)
        .map_err(|fault| TrainingError::Trainer(fault.to_string()))?;
    let points_nowhere = || TrainingError::Unusable("a node points nowhere".to_owned());
    let mut parts = TreesParts {
        baseline_log_odds: booster.base_score,
        calibration: Calibration::NONE,
        features: ASKED.to_vec(),
        trees: trees(&booster).ok_or_else(points_nowhere)?,
        lines: Vec::new(),
    };
    baseline(&mut parts)?;
    Ok(parts)
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

/// What the trainer learns from: one column of values after the other.
struct Table {
    values: Vec<f64>,
    /// 1 for abandoned.
    outcomes: Vec<f64>,
    weights: Vec<f64>,
}

impl Table {
    fn of(points: &[Point]) -> Self {
        let mut rows: Vec<SessionFeatures> = Vec::with_capacity(points.len() * VIEWS.len());
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
        let column = |slot: usize| rows.iter().map(move |row| row.raw(slot));
        Self {
            values: ASKED
                .iter()
                .flat_map(|feature| column(feature.slot()))
                .collect(),
            outcomes,
            weights,
        }
    }

    /// Log-odds of the share of abandoned ones: where boosting begins.
    fn base_log_odds(&self) -> f64 {
        let share = self.outcomes.iter().sum::<f64>() / number(self.outcomes.len());
        libm::log(share / (1.0 - share))
    }
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
