//! From the nodes of a trainer's tree to ours: walked from the root, parents before their children, so that what a trainer has
//! cut off and left in its file is not taken along.

use super::ModelFileError;
use crate::trees::Tree;

/// A node as a trainer has it. Children are told by the trainer's own numbers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Entry {
    Leaf {
        value: f64,
        cover: f64,
    },
    Split {
        feature: i16,
        below: f64,
        missing_left: bool,
        cover: f64,
        left: i32,
        right: i32,
    },
}

/// What stands at a number: `None` where it points nowhere, an error for a node that cannot be served.
pub(super) type Met = Option<Result<Entry, ModelFileError>>;

/// The nodes of one tree by number.
pub(super) trait Nodes {
    /// How many there are at most.
    fn count(&self) -> usize;

    fn at(&self, node: i32) -> Met;
}

#[derive(Debug, Clone, Copy)]
enum Side {
    Left,
    Right,
}

/// Takes over a node and all below it; `None` where a number points nowhere or in a circle. A tree has no more nodes than its
/// trainer wrote: a circle runs out of them.
pub(super) fn tree(nodes: &impl Nodes, root: i32) -> Option<Result<Tree, ModelFileError>> {
    let mut tree = Tree::default();
    let mut waiting: Vec<(i32, Option<(usize, Side)>)> = vec![(root, None)];
    while let Some((node, parent)) = waiting.pop() {
        if tree.feature.len() >= nodes.count() {
            return None;
        }
        let entry = match nodes.at(node)? {
            Ok(entry) => entry,
            Err(refused) => return Some(Err(refused)),
        };
        let at = push(&mut tree, entry)?;
        if let Some((parent, side)) = parent {
            let children: &mut Vec<u32> = match side {
                Side::Left => &mut tree.left,
                Side::Right => &mut tree.right,
            };
            *children.get_mut(parent)? = at;
        }
        if let Entry::Split { left, right, .. } = entry {
            let place = usize::try_from(at).ok()?;
            waiting.push((right, Some((place, Side::Right))));
            waiting.push((left, Some((place, Side::Left))));
        }
    }
    Some(Ok(tree))
}

/// Adds a node; children of a split are linked once they are added.
fn push(tree: &mut Tree, entry: Entry) -> Option<u32> {
    let at = u32::try_from(tree.feature.len()).ok()?;
    let (feature, below, missing_left, cover, leaf) = match entry {
        Entry::Leaf { value, cover } => (-1, 0.0, false, cover, value),
        Entry::Split {
            feature,
            below,
            missing_left,
            cover,
            ..
        } => (feature, below, missing_left, cover, 0.0),
    };
    tree.feature.push(feature);
    tree.below.push(below);
    tree.missing_left.push(u8::from(missing_left));
    tree.cover.push(cover);
    tree.leaf.push(leaf);
    tree.left.push(0);
    tree.right.push(0);
    Some(at)
}
