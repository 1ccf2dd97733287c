//! Trees as they are walked: all nodes in one row, each with what a step to it adds.
//!
//! A walk waits for memory at each step, so several trees are walked at once, and their waits overlap. Steps are added up
//! afterwards, tree by tree, so that the sums are those of one walk after the other.

use std::collections::VecDeque;

use domain::assessment::{Factor, FactorName, LogOdds};

use super::{InvalidTrees, NodeFault, Tree, TreesParts};
use crate::evaluator::{Calibration, factor, factor_name};
use crate::features::{Feature, SessionFeatures};

/// Trees that are walked at once.
const LANES: usize = 8;

/// A question, small enough for four to share a cache line. A leaf asks one that leads to itself.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Node {
    /// Values below it go left.
    below: f64,
    /// The left child; the right one stands behind it.
    left: u32,
    /// Place of the value among those of a walk.
    value: u16,
}

/// What the step to a node adds, in raw log-odds, and to which feature of the model: the one that its parent asked.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Step {
    adds: f64,
    feature: u16,
}

/// All trees of a model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Compiled {
    nodes: Vec<Node>,
    /// By node.
    steps: Vec<Step>,
    roots: Vec<u32>,
    inputs: Vec<Input>,
    /// The baseline of the model and the values of all roots.
    base: f64,
}

/// A feature that trees ask for.
#[derive(Debug, Clone, PartialEq)]
struct Input {
    slot: usize,
    name: FactorName,
}

impl Compiled {
    /// Lays checked trees out.
    pub(super) fn new(parts: &TreesParts) -> Result<Self, InvalidTrees> {
        let inputs = parts.features.iter().copied().map(Input::new);
        let mut compiled = Self {
            nodes: Vec::new(),
            steps: Vec::new(),
            roots: Vec::with_capacity(parts.trees.len()),
            inputs: inputs
                .collect::<Option<_>>()
                .ok_or(InvalidTrees::Features)?,
            base: parts.baseline_log_odds,
        };
        for (index, tree) in parts.trees.iter().enumerate() {
            compiled.add(tree).ok_or(InvalidTrees::Node {
                tree: index,
                node: 0,
                fault: NodeFault::Columns,
            })?;
        }
        Ok(compiled)
    }

    fn add(&mut self, tree: &Tree) -> Option<()> {
        let places = places(tree, u32::try_from(self.nodes.len()).ok()?)?;
        let values = values(tree)?;
        self.base += values.first()?;
        self.roots.push(*places.first()?);
        let count = self.nodes.len() + tree.feature.len();
        self.nodes.resize(count, self.leaf(0));
        self.steps.resize(count, Step::default());
        for (at, place) in places.iter().enumerate() {
            let place = usize::try_from(*place).ok()?;
            *self.nodes.get_mut(place)? = self.node(tree, at, &places)?;
            let Ok(feature) = u16::try_from(*tree.feature.get(at)?) else {
                continue;
            };
            for child in [*tree.left.get(at)?, *tree.right.get(at)?] {
                let child = usize::try_from(child).ok()?;
                let adds = values.get(child)? - values.get(at)?;
                let place = usize::try_from(*places.get(child)?).ok()?;
                *self.steps.get_mut(place)? = Step { adds, feature };
            }
        }
        Some(())
    }

    fn node(&self, tree: &Tree, at: usize, places: &[u32]) -> Option<Node> {
        let Ok(feature) = u16::try_from(*tree.feature.get(at)?) else {
            return Some(self.leaf(*places.get(at)?));
        };
        let left = usize::try_from(*tree.left.get(at)?).ok()?;
        Some(Node {
            below: *tree.below.get(at)?,
            left: *places.get(left)?,
            value: 2 * feature + u16::from(*tree.missing_left.get(at)? == 1),
        })
    }

    /// Whatever the value, it goes left, which is where it is.
    fn leaf(&self, place: u32) -> Node {
        Node {
            below: f64::INFINITY,
            left: place,
            value: u16::try_from(2 * self.inputs.len()).unwrap_or(u16::MAX),
        }
    }

    /// Number of nodes.
    pub(super) fn size(&self) -> usize {
        self.nodes.len()
    }

    /// The calibrated baseline, and what features add, in the order of the model's features.
    pub(super) fn score(
        &self,
        features: &SessionFeatures,
        calibration: Calibration,
    ) -> (LogOdds, Vec<Factor>) {
        let added = self.added(features);
        let factors = self.inputs.iter().zip(added);
        let factors =
            factors.filter_map(|(input, added)| factor(&input.name, calibration.part(added)));
        (calibration.baseline(self.base), factors.collect())
    }

    /// The sum of baseline and trees.
    #[cfg(any(test, feature = "training"))]
    pub(super) fn raw(&self, features: &SessionFeatures) -> f64 {
        self.base + self.added(features).iter().sum::<f64>()
    }

    fn added(&self, features: &SessionFeatures) -> Vec<f64> {
        let values = self.values(features);
        let mut added = vec![0.0; self.inputs.len()];
        let mut walked = Vec::new();
        for roots in self.roots.chunks(LANES) {
            // Lanes without a tree walk the first one again, and are not looked at.
            let first = roots.first().copied().unwrap_or_default();
            let mut at = [first; LANES];
            for (lane, root) in at.iter_mut().zip(roots) {
                *lane = *root;
            }
            walked.clear();
            // A leaf leads to itself: all walks are over when no step leads on.
            loop {
                let next = at.map(|node| self.next(node, &values));
                if next == at {
                    break;
                }
                walked.push(next);
                at = next;
            }
            for (lane, root) in roots.iter().enumerate() {
                self.add_up(
                    *root,
                    walked.iter().filter_map(|at| at.get(lane)),
                    &mut added,
                );
            }
        }
        added
    }

    /// The values of a walk: two for each input, as a missing one goes right or left, and one for leaves.
    fn values(&self, features: &SessionFeatures) -> Vec<f64> {
        let mut values = Vec::with_capacity(2 * self.inputs.len() + 1);
        for input in &self.inputs {
            let value = features.raw(input.slot);
            values.extend(if value.is_nan() {
                [f64::INFINITY, f64::NEG_INFINITY]
            } else {
                [value, value]
            });
        }
        values.push(0.0);
        values
    }

    // INVARIANT: a checked tree asks only for features of the model, and its children are nodes.
    fn next(&self, at: u32, values: &[f64]) -> u32 {
        let node = usize::try_from(at).ok().and_then(|at| self.nodes.get(at));
        let Some(node) = node else {
            return at;
        };
        let value = values.get(usize::from(node.value)).copied();
        node.left + u32::from(value.unwrap_or_default() >= node.below)
    }

    /// Adds the steps of one walk, from its root to its leaf, which it does not leave.
    fn add_up<'w>(&self, root: u32, walked: impl Iterator<Item = &'w u32>, added: &mut [f64]) {
        let mut before = root;
        for at in walked.copied() {
            if at == before {
                return;
            }
            let step = usize::try_from(at).ok().and_then(|at| self.steps.get(at));
            let Some(step) = step else {
                return;
            };
            if let Some(sum) = added.get_mut(usize::from(step.feature)) {
                *sum += step.adds;
            }
            before = at;
        }
    }
}

impl Input {
    fn new(feature: Feature) -> Option<Self> {
        Some(Self {
            slot: feature.slot(),
            name: factor_name(feature)?,
        })
    }
}

/// Where the nodes of a tree go, from `offset` on: breadth first, so that children stand side by side and the questions that
/// every walk asks close together.
fn places(tree: &Tree, offset: u32) -> Option<Vec<u32>> {
    let mut places = vec![offset; tree.feature.len()];
    let mut free = offset.checked_add(1)?;
    let mut waiting = VecDeque::from([0_usize]);
    while let Some(at) = waiting.pop_front() {
        if *tree.feature.get(at)? < 0 {
            continue;
        }
        for child in [*tree.left.get(at)?, *tree.right.get(at)?] {
            let child = usize::try_from(child).ok()?;
            *places.get_mut(child)? = free;
            free = free.checked_add(1)?;
            waiting.push_back(child);
        }
    }
    Some(places)
}

/// The value of each node: that of a leaf, or the mean of the children weighted by their covers.
fn values(tree: &Tree) -> Option<Vec<f64>> {
    let mut values = tree.leaf.clone();
    // Children stand behind their parents, so that backwards both are known before.
    for at in (0..tree.feature.len()).rev() {
        if *tree.feature.get(at)? < 0 {
            continue;
        }
        let left = usize::try_from(*tree.left.get(at)?).ok()?;
        let right = usize::try_from(*tree.right.get(at)?).ok()?;
        let (left_cover, right_cover) = (tree.cover.get(left)?, tree.cover.get(right)?);
        let sum = values.get(left)? * left_cover + values.get(right)? * right_cover;
        *values.get_mut(at)? = sum / (left_cover + right_cover);
    }
    Some(values)
}
