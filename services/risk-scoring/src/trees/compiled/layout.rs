//! Where the nodes of a tree go, and what each of its leaves adds.

use std::collections::VecDeque;

use super::{Compiled, Input, Node, Span};
use crate::trees::{InvalidTrees, Tree};

/// Most parts that all leaves of a model add together, those that fill rows up included: ways over ten features to each of as
/// many leaves as there may be.
const MAX_PARTS: usize = 1_000_000;

/// What a leaf adds: by input, each once, in the order in which the way to it asks for them first.
type Row = Vec<(u8, f64)>;

/// A leaf as the way to it tells it.
struct Leaf {
    /// Position in the checked tree.
    at: usize,
    /// Questions on the way.
    depth: usize,
    row: Row,
}

impl Compiled {
    /// Adds a checked tree behind the others.
    pub(super) fn add(&mut self, tree: &Tree) -> Result<(), InvalidTrees> {
        self.lay_out(tree).ok_or(InvalidTrees::Size)?;
        if self.adds.len() > MAX_PARTS {
            return Err(InvalidTrees::Size);
        }
        Ok(())
    }

    /// `None` where a number is too large for its place.
    fn lay_out(&mut self, tree: &Tree) -> Option<()> {
        let values = values(tree)?;
        let leaves = leaves(tree, &values)?;
        let (places, first_leaf) = places(tree)?;
        let span = Span {
            root: self.nodes.len(),
            depth: leaves.iter().map(|leaf| leaf.depth).max()?,
            first_leaf,
            first_row: self.adds.len(),
            width: leaves.iter().map(|leaf| leaf.row.len()).max()?,
        };
        self.base += values.first()?;
        self.trees.push(span);
        let count = span.root + places.len();
        self.nodes.resize(count, Node::default());
        for (at, place) in places.iter().enumerate() {
            let node = node(tree, at, &places, &self.inputs)?;
            *self.nodes.get_mut(span.root + usize::from(*place))? = node;
        }
        let nothing = u8::try_from(self.inputs.len()).ok()?;
        let count = span.first_row + leaves.len() * span.width;
        self.adds.resize(count, 0.0);
        self.to.resize(count, nothing);
        for Leaf { at, row, .. } in leaves {
            let place = usize::from(*places.get(at)?).checked_sub(first_leaf)?;
            let from = span.first_row + place * span.width;
            for (at, (to, adds)) in (from..).zip(row) {
                *self.adds.get_mut(at)? = adds;
                *self.to.get_mut(at)? = to;
            }
        }
        Some(())
    }
}

/// A node whose children stand at their places.
fn node(tree: &Tree, at: usize, places: &[u16], inputs: &[Input]) -> Option<Node> {
    let Ok(feature) = usize::try_from(*tree.feature.get(at)?) else {
        let here = *places.get(at)?;
        return Some(Node {
            below: 0,
            value: 0,
            left: here,
            right: here,
        });
    };
    let child = |column: &[u32]| {
        let child = usize::try_from(*column.get(at)?).ok()?;
        places.get(child).copied()
    };
    let below = *tree.below.get(at)?;
    let thresholds = &inputs.get(feature)?.thresholds;
    let lower = thresholds.partition_point(|threshold| *threshold < below);
    let missing_left = usize::from(*tree.missing_left.get(at)?);
    Some(Node {
        below: u16::try_from(lower).ok()?,
        value: u8::try_from(2 * feature + missing_left).ok()?,
        left: child(&tree.left)?,
        right: child(&tree.right)?,
    })
}

/// The place of each node, and how many are questions. Questions stand breadth first, so that those which every walk asks lie
/// close together, and leaves, which most walks need not look at, behind them.
fn places(tree: &Tree) -> Option<(Vec<u16>, usize)> {
    let (mut questions, mut leaves) = (Vec::new(), Vec::new());
    let mut waiting = VecDeque::from([0_usize]);
    while let Some(at) = waiting.pop_front() {
        if *tree.feature.get(at)? < 0 {
            leaves.push(at);
            continue;
        }
        questions.push(at);
        for child in [*tree.left.get(at)?, *tree.right.get(at)?] {
            waiting.push_back(usize::try_from(child).ok()?);
        }
    }
    let mut places = vec![0; tree.feature.len()];
    for (place, at) in questions.iter().chain(&leaves).enumerate() {
        *places.get_mut(*at)? = u16::try_from(place).ok()?;
    }
    Some((places, questions.len()))
}

/// All leaves with what the ways to them add. A step from a node to its child adds the difference of their values to the
/// feature that was asked.
fn leaves(tree: &Tree, values: &[f64]) -> Option<Vec<Leaf>> {
    let mut leaves = Vec::new();
    let mut waiting = vec![Leaf {
        at: 0,
        depth: 0,
        row: Row::new(),
    }];
    while let Some(way) = waiting.pop() {
        let feature = *tree.feature.get(way.at)?;
        if feature < 0 {
            leaves.push(way);
            continue;
        }
        let to = u8::try_from(feature).ok()?;
        for child in [*tree.left.get(way.at)?, *tree.right.get(way.at)?] {
            let child = usize::try_from(child).ok()?;
            let adds = values.get(child)? - values.get(way.at)?;
            let mut row = way.row.clone();
            match row.iter_mut().find(|(known, _)| *known == to) {
                Some((_, sum)) => *sum += adds,
                None => row.push((to, adds)),
            }
            waiting.push(Leaf {
                at: child,
                depth: way.depth + 1,
                row,
            });
        }
    }
    Some(leaves)
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
