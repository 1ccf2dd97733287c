//! What makes columns of numbers a tree: finite parts, children behind their parents and each reached once, and the signs
//! that must be.

use std::collections::HashSet;

use super::{MAX_DEPTH, MAX_NODES, MAX_TREES, Tree, TreesParts};
use crate::features::{Direction, Feature};
use crate::score::{CalibrationFault, is_log_odds};
use crate::scorecard::{InvalidScorecard, Line};

/// Why parts are no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidTrees {
    /// There are no trees, or too many, or too many nodes.
    #[error("must have 1 to {MAX_TREES} trees with {MAX_NODES} nodes at most")]
    Count,
    /// Too much for the places that a laid out model has.
    #[error(
        "must have at most 65536 nodes in a tree, 65535 values at which it asks for a feature, and 1000000 parts in the sums of its leaves"
    )]
    Size,
    /// A feature is listed twice, or none is.
    #[error("must list features, each once")]
    Features,
    /// The baseline is no usable number.
    #[error("must have a baseline of log-odds of at most 50 of either sign")]
    Baseline,
    /// The calibration is wrong.
    #[error("must have a calibration that {0}")]
    Calibration(CalibrationFault),
    /// A line beside the trees is wrong.
    #[error("a line beside the trees: {0}")]
    Lines(#[from] InvalidScorecard),
    /// A feature of a line is one that trees ask for: it would be told twice.
    #[error("must have lines only for features that no tree asks for")]
    Overlap,
    /// A node is wrong.
    #[error("tree {tree}, node {node}: {fault}")]
    Node {
        /// Position of the tree, from 0.
        tree: usize,
        /// Position of the node in it, from 0.
        node: usize,
        /// What is wrong with it.
        fault: NodeFault,
    },
}

/// What is wrong with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NodeFault {
    #[error("must have a value in every column")]
    Columns,
    #[error("must ask for a feature of the list")]
    Feature,
    #[error("must split at a finite value")]
    Threshold,
    #[error("must lie at most {MAX_DEPTH} questions below the root")]
    Depth,
    #[error("must have two children behind it, each of one parent")]
    Children,
    #[error("must send missing values left (1) or right (0)")]
    Missing,
    #[error("must have a finite cover above 0")]
    Cover,
    #[error("must be log-odds of at most 50 of either sign")]
    Leaf,
    #[error("must not let the risk fall as a sign of hesitation grows")]
    Falls,
    #[error("must not let the risk rise with progress")]
    Rises,
}

pub(super) fn parts(parts: &TreesParts) -> Result<(), InvalidTrees> {
    let nodes: usize = parts.trees.iter().map(|tree| tree.feature.len()).sum();
    if parts.trees.is_empty() || parts.trees.len() > MAX_TREES || nodes > MAX_NODES {
        return Err(InvalidTrees::Count);
    }
    let features: HashSet<&Feature> = parts.features.iter().collect();
    if features.is_empty() || features.len() < parts.features.len() {
        return Err(InvalidTrees::Features);
    }
    if !is_log_odds(parts.baseline_log_odds) {
        return Err(InvalidTrees::Baseline);
    }
    if let Some(fault) = parts.calibration.fault() {
        return Err(InvalidTrees::Calibration(fault));
    }
    let twice = |line: &Line| features.contains(&line.feature);
    if parts.lines.iter().any(twice) {
        return Err(InvalidTrees::Overlap);
    }
    for (index, tree) in parts.trees.iter().enumerate() {
        one(tree, &parts.features).map_err(|(node, fault)| InvalidTrees::Node {
            tree: index,
            node,
            fault,
        })?;
    }
    Ok(())
}

fn one(tree: &Tree, features: &[Feature]) -> Result<(), (usize, NodeFault)> {
    let nodes = tree.feature.len();
    let full = [
        tree.below.len(),
        tree.left.len(),
        tree.right.len(),
        tree.missing_left.len(),
        tree.cover.len(),
        tree.leaf.len(),
    ]
    .iter()
    .all(|length| *length == nodes);
    if nodes == 0 || !full {
        return Err((0, NodeFault::Columns));
    }
    // How far below the root each node lies, once its parent was met.
    let mut depths: Vec<Option<u32>> = vec![None; nodes];
    if let Some(root) = depths.first_mut() {
        *root = Some(0);
    }
    for node in 0..nodes {
        check_node(tree, node, features, &mut depths).map_err(|fault| (node, fault))?;
    }
    directions(tree, features)
}

fn check_node(
    tree: &Tree,
    node: usize,
    features: &[Feature],
    depths: &mut [Option<u32>],
) -> Result<(), NodeFault> {
    // Parents stand before their children: a node that none has named by now has none.
    let depth = depths.get(node).copied().flatten();
    let depth = depth.ok_or(NodeFault::Children)?;
    if depth > MAX_DEPTH {
        return Err(NodeFault::Depth);
    }
    let cover = tree.cover.get(node).copied().unwrap_or_default();
    if !(cover.is_finite() && cover > 0.0) {
        return Err(NodeFault::Cover);
    }
    let feature = tree.feature.get(node).copied().unwrap_or_default();
    if feature < 0 {
        let leaf = tree.leaf.get(node).copied().unwrap_or_default();
        return is_log_odds(leaf).then_some(()).ok_or(NodeFault::Leaf);
    }
    if usize::try_from(feature).map_or(true, |at| at >= features.len()) {
        return Err(NodeFault::Feature);
    }
    if !tree.below.get(node).is_some_and(|below| below.is_finite()) {
        return Err(NodeFault::Threshold);
    }
    if tree.missing_left.get(node).is_none_or(|side| *side > 1) {
        return Err(NodeFault::Missing);
    }
    for child in [tree.left.get(node), tree.right.get(node)] {
        let child = child.and_then(|child| usize::try_from(*child).ok());
        let child = child
            .filter(|child| *child > node)
            .ok_or(NodeFault::Children)?;
        let place = depths.get_mut(child).ok_or(NodeFault::Children)?;
        if place.replace(depth + 1).is_some() {
            return Err(NodeFault::Children);
        }
    }
    Ok(())
}

/// Where a feature may only raise the risk, every leaf for smaller values lies at or below every leaf for larger ones. That is
/// what trainers with monotone constraints give, and more than is needed: a model that breaks it may still be monotone, but
/// nobody can see it.
fn directions(tree: &Tree, features: &[Feature]) -> Result<(), (usize, NodeFault)> {
    let mut ranges: Vec<(f64, f64)> = tree.leaf.iter().map(|leaf| (*leaf, *leaf)).collect();
    for node in (0..tree.feature.len()).rev() {
        let split = tree
            .feature
            .get(node)
            .and_then(|at| usize::try_from(*at).ok());
        let Some(feature) = split.and_then(|at| features.get(at)) else {
            continue;
        };
        let child = |column: &[u32]| {
            let at = column.get(node).and_then(|at| usize::try_from(*at).ok())?;
            ranges.get(at).copied()
        };
        let Some((left, right)) = child(&tree.left).zip(child(&tree.right)) else {
            return Err((node, NodeFault::Children));
        };
        match feature.direction() {
            Some(Direction::Raises) if left.1 > right.0 => return Err((node, NodeFault::Falls)),
            Some(Direction::Lowers) if left.0 < right.1 => return Err((node, NodeFault::Rises)),
            Some(Direction::Raises | Direction::Lowers) | None => {}
        }
        if let Some(range) = ranges.get_mut(node) {
            *range = (left.0.min(right.0), left.1.max(right.1));
        }
    }
    Ok(())
}
