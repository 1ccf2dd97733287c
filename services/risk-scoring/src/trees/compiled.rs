//! Trees as they are walked: all nodes in one row, each with what a step to it adds.

use domain::assessment::{Factor, FactorName, LogOdds};

use super::{InvalidTrees, NodeFault, Tree, TreesParts};
use crate::evaluator::{Calibration, factor_name};
use crate::features::{Feature, SessionFeatures};

/// A node, small enough for two to share a cache line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Node {
    /// Values below it go left.
    below: f64,
    /// What the step from the parent to this node adds, in raw log-odds.
    adds: f64,
    left: u32,
    right: u32,
    /// Position of the feature among those of the model.
    feature: u16,
    missing: Missing,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Missing {
    Left,
    #[default]
    Right,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    Split,
    #[default]
    Leaf,
}

/// All trees of a model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Compiled {
    nodes: Vec<Node>,
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
        let offset = u32::try_from(self.nodes.len()).ok()?;
        let values = values(tree)?;
        self.roots.push(offset);
        self.base += values.first()?;
        for at in 0..tree.feature.len() {
            let feature = *tree.feature.get(at)?;
            let mut node = Node {
                below: *tree.below.get(at)?,
                ..Node::default()
            };
            if let Ok(feature) = u16::try_from(feature) {
                node.feature = feature;
                node.kind = Kind::Split;
                node.left = tree.left.get(at)?.checked_add(offset)?;
                node.right = tree.right.get(at)?.checked_add(offset)?;
                if *tree.missing_left.get(at)? == 1 {
                    node.missing = Missing::Left;
                }
            }
            self.nodes.push(node);
        }
        self.note_steps(tree, &values, offset)
    }

    fn note_steps(&mut self, tree: &Tree, values: &[f64], offset: u32) -> Option<()> {
        for (at, feature) in tree.feature.iter().enumerate() {
            if *feature < 0 {
                continue;
            }
            for child in [*tree.left.get(at)?, *tree.right.get(at)?] {
                let step = values.get(usize::try_from(child).ok()?)? - values.get(at)?;
                let place = usize::try_from(child.checked_add(offset)?).ok()?;
                self.nodes.get_mut(place)?.adds = step;
            }
        }
        Some(())
    }

    /// The calibrated baseline, and what each feature adds, in the order of the model's features.
    pub(super) fn score(
        &self,
        features: &SessionFeatures,
        calibration: Calibration,
    ) -> (LogOdds, Vec<Factor>) {
        let added = self.added(features);
        let factors = self.inputs.iter().zip(added).map(|(input, added)| Factor {
            name: input.name.clone(),
            log_odds: calibration.part(added),
        });
        (calibration.baseline(self.base), factors.collect())
    }

    /// The sum of baseline and trees.
    #[cfg(any(test, feature = "training"))]
    pub(super) fn raw(&self, features: &SessionFeatures) -> f64 {
        self.base + self.added(features).iter().sum::<f64>()
    }

    fn added(&self, features: &SessionFeatures) -> Vec<f64> {
        let values: Vec<f64> = self
            .inputs
            .iter()
            .map(|input| features.raw(input.slot))
            .collect();
        let mut added = vec![0.0; self.inputs.len()];
        for root in &self.roots {
            self.walk(*root, &values, &mut added);
        }
        added
    }

    // INVARIANT: a checked tree has its children behind their parents and asks only for features of the model, so the walk
    // ends at a leaf.
    fn walk(&self, root: u32, values: &[f64], added: &mut [f64]) {
        let Some(mut node) = self.node(root) else {
            return;
        };
        while node.kind == Kind::Split {
            let input = usize::from(node.feature);
            let Some((value, sum)) = values.get(input).zip(added.get_mut(input)) else {
                return;
            };
            let left = *value < node.below || (node.missing == Missing::Left && value.is_nan());
            let Some(child) = self.node(if left { node.left } else { node.right }) else {
                return;
            };
            *sum += child.adds;
            node = child;
        }
    }

    fn node(&self, at: u32) -> Option<&Node> {
        self.nodes.get(usize::try_from(at).ok()?)
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
