//! Trees as they are walked: small nodes side by side, and for each leaf what the whole way to it adds.
//!
//! A walk asks whether values lie below thresholds, which is a question of order alone: the thresholds of a feature are
//! numbered once, a value is placed among them once for each score, and nodes compare these places, which are a quarter as
//! large. Several trees are walked at once, so that their waits for memory overlap, and all of them as far as the deepest
//! goes: a processor cannot guess where a walk ends, and need not.

mod layout;

use domain::assessment::{Factor, FactorName, LogOdds};

use super::{InvalidTrees, Tree, TreesParts};
use crate::features::{Feature, SessionFeatures};
use crate::score::{Calibration, factor, factor_name};

/// Trees that are walked at once.
const LANES: usize = 8;
/// What a `u8` can name, so that whatever a node or a leaf names is there.
const NAMED: usize = 256;
/// The place of a missing value that goes right: beyond all thresholds.
const BEYOND: u16 = u16::MAX;

/// What all trees add, by input, in raw log-odds.
pub(super) type Added = [f64; NAMED];

/// A question: values whose place is at most `below` go left. A leaf asks one that leads to itself.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Node {
    /// Place of the threshold among those of its feature.
    below: u16,
    /// Where the place of the value stands among those of a walk.
    value: u8,
    /// Children, by their positions in the tree.
    left: u16,
    right: u16,
}

/// A tree: its nodes, questions before leaves.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Span {
    /// Its root among all nodes.
    root: usize,
    /// Questions on the longest way to a leaf.
    depth: usize,
    /// Position of its first leaf in the tree.
    first_leaf: usize,
    /// What its first leaf adds, among all that leaves add.
    first_row: usize,
    /// How many features a leaf adds something to, at most; rows of leaves with fewer are filled with nothing.
    width: usize,
}

/// All trees of a model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Compiled {
    inputs: Vec<Input>,
    nodes: Vec<Node>,
    trees: Vec<Span>,
    /// What leaves add, in raw log-odds, and to which input, or to none.
    adds: Vec<f64>,
    to: Vec<u8>,
    /// The baseline of the model and the values of all roots.
    base: f64,
}

/// A feature that trees ask for.
#[derive(Debug, Clone, PartialEq)]
struct Input {
    slot: usize,
    name: FactorName,
    /// All values that it is held against, from the lowest.
    thresholds: Vec<f64>,
}

impl Compiled {
    /// Lays checked trees out.
    pub(super) fn new(parts: &TreesParts) -> Result<Self, InvalidTrees> {
        let inputs = parts.features.iter().zip(0_i16..);
        let inputs = inputs.map(|(feature, at)| Input::new(*feature, at, &parts.trees));
        let mut compiled = Self {
            inputs: inputs.collect::<Result<_, _>>()?,
            nodes: Vec::new(),
            trees: Vec::with_capacity(parts.trees.len()),
            adds: Vec::new(),
            to: Vec::new(),
            base: parts.baseline_log_odds,
        };
        for tree in &parts.trees {
            compiled.add(tree)?;
        }
        Ok(compiled)
    }

    /// Number of nodes and of what leaves add, of about nine bytes each.
    pub(super) fn size(&self) -> usize {
        self.nodes.len() + self.adds.len()
    }

    /// The calibrated baseline.
    pub(super) fn baseline(&self, calibration: Calibration) -> LogOdds {
        calibration.baseline(self.base)
    }

    /// What features add, calibrated, in the order of the model's features.
    pub(super) fn factors(
        &self,
        added: &Added,
        calibration: Calibration,
    ) -> impl Iterator<Item = Factor> {
        let inputs = self.inputs.iter().zip(added);
        inputs.filter_map(move |(input, added)| factor(&input.name, calibration.part(*added)))
    }

    /// The sum of baseline and trees.
    #[cfg(any(test, feature = "training"))]
    pub(super) fn raw(&self, features: &SessionFeatures) -> f64 {
        let added = self.added(features);
        let inputs = added.iter().take(self.inputs.len());
        self.base + inputs.sum::<f64>()
    }

    /// What all trees add; behind the inputs nothing, to which rows add that are not full.
    pub(super) fn added(&self, features: &SessionFeatures) -> Added {
        let places = self.places(features);
        let mut added = [0.0; NAMED];
        for trees in self.trees.chunks(LANES) {
            for (tree, leaf) in trees.iter().zip(self.leaves(trees, &places)) {
                self.add_up(tree, leaf, &mut added);
            }
        }
        added
    }

    /// The places of all values: two for each input, as a missing one goes right or left.
    fn places(&self, features: &SessionFeatures) -> [u16; NAMED] {
        let mut places = [0; NAMED];
        let (pairs, _) = places.as_chunks_mut();
        for (pair, input) in pairs.iter_mut().zip(&self.inputs) {
            let value = features.raw(input.slot);
            *pair = if value.is_nan() {
                [BEYOND, 0]
            } else {
                [input.place(value); 2]
            };
        }
        places
    }

    /// The leaf that each tree leads to, by its position in the tree. Lanes without a tree walk the first one again.
    // INVARIANT: a checked tree asks only for features of the model, and its children are nodes.
    fn leaves(&self, trees: &[Span], places: &[u16; NAMED]) -> [u16; LANES] {
        let mut roots = [0; LANES];
        let mut depth = 0;
        for (root, tree) in roots.iter_mut().zip(trees) {
            *root = tree.root;
            depth = depth.max(tree.depth);
        }
        let mut at = [0; LANES];
        for _ in 0..depth {
            for (at, root) in at.iter_mut().zip(roots) {
                if let Some(node) = self.nodes.get(root + usize::from(*at)) {
                    let place = places.get(usize::from(node.value)).copied();
                    let goes_left = place.unwrap_or_default() <= node.below;
                    *at = if goes_left { node.left } else { node.right };
                }
            }
        }
        at
    }

    /// Adds what the way to a leaf adds.
    fn add_up(&self, tree: &Span, leaf: u16, added: &mut Added) {
        let row = usize::from(leaf).saturating_sub(tree.first_leaf);
        let from = tree.first_row + row * tree.width;
        let row = from..from + tree.width;
        let Some((adds, to)) = self.adds.get(row.clone()).zip(self.to.get(row)) else {
            return;
        };
        for (adds, to) in adds.iter().zip(to) {
            if let Some(sum) = added.get_mut(usize::from(*to)) {
                *sum += adds;
            }
        }
    }
}

impl Input {
    /// The feature at a position of the model's list, with all values at which trees ask for it.
    fn new(feature: Feature, at: i16, trees: &[Tree]) -> Result<Self, InvalidTrees> {
        let asked = trees
            .iter()
            .flat_map(|tree| tree.feature.iter().zip(&tree.below))
            .filter(|(asked, _)| **asked == at);
        let mut thresholds: Vec<f64> = asked.map(|(_, below)| *below).collect();
        thresholds.sort_unstable_by(f64::total_cmp);
        thresholds.dedup();
        if thresholds.len() > usize::from(BEYOND) {
            return Err(InvalidTrees::Size);
        }
        Ok(Self {
            slot: feature.slot(),
            name: factor_name(feature).ok_or(InvalidTrees::Features)?,
            thresholds,
        })
    }

    /// How many thresholds a value reaches: it lies below all others.
    fn place(&self, value: f64) -> u16 {
        let reached = self.thresholds.partition_point(|below| *below <= value);
        u16::try_from(reached).unwrap_or(BEYOND)
    }
}
