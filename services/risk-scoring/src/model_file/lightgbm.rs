//! `LightGBM`'s text form, version 4: numerical splits of a binary model.
//!
//! A split there is `value <= threshold`; ours is `value < below`, so `below` is the next number above the threshold. Where a split
//! parts the missing values from all others, the threshold is the largest number that there is, and `below` is the same: no
//! feature has such a value. How a missing value goes follows `NumericalDecision` of its `tree.h`: where the split treats NaN as missing it goes the default
//! way, and where it knows no missing values it counts as 0.

use std::collections::HashMap;

use super::walk::{self, Entry, Met, Nodes};
use super::{ModelFileError, features};
use crate::score::Calibration;
use crate::trees::{Tree, TreesParts};

/// Bits of `decision_type`.
const CATEGORICAL: u8 = 1;
const DEFAULT_LEFT: u8 = 2;
/// How missing values are told, above the two bits.
const MISSING_NONE: u8 = 0;
const MISSING_NAN: u8 = 2;

type Fields<'a> = HashMap<&'a str, &'a str>;

pub(super) fn read(text: &str) -> Result<TreesParts, ModelFileError> {
    let (trees, _) = text
        .split_once("end of trees")
        .ok_or(ModelFileError::Field("end of trees"))?;
    let mut sections = trees.split("\nTree=");
    let head = fields(sections.next().unwrap_or_default());
    check_head(&head)?;
    let names = text_of(&head, "feature_names")?;
    Ok(TreesParts {
        baseline_log_odds: 0.0,
        calibration: Calibration::NONE,
        features: features(names.split(' '))?,
        trees: sections
            .map(|section| tree(&fields(section)))
            .collect::<Result<_, _>>()?,
        lines: Vec::new(),
    })
}

fn check_head(head: &Fields<'_>) -> Result<(), ModelFileError> {
    if text_of(head, "version")? != "v4" {
        return Err(ModelFileError::Version { expected: "v4" });
    }
    if head.contains_key("average_output") {
        return Err(ModelFileError::Unsupported("averaged trees"));
    }
    if text_of(head, "num_tree_per_iteration")? != "1" {
        return Err(ModelFileError::Unsupported("more than one class"));
    }
    let mut objective = text_of(head, "objective")?.split(' ');
    // Another slope of the sigmoid would need its leaves scaled.
    match (objective.next(), objective.next(), objective.next()) {
        (Some("binary"), Some("sigmoid:1") | None, None) => Ok(()),
        _ => Err(ModelFileError::Unsupported(
            "an objective other than `binary sigmoid:1`",
        )),
    }
}

fn tree(section: &Fields<'_>) -> Result<Tree, ModelFileError> {
    if text_of(section, "num_cat")? != "0" {
        return Err(ModelFileError::Unsupported("categorical splits"));
    }
    if section
        .get("is_linear")
        .is_some_and(|linear| *linear != "0")
    {
        return Err(ModelFileError::Unsupported("linear leaves"));
    }
    let columns = Columns::read(section)?;
    let root = if columns.feature.is_empty() { -1 } else { 0 };
    walk::tree(&columns, root).ok_or(ModelFileError::Field("left_child"))?
}

/// The columns of a tree as they stand in the file. Negative children are leaves: -1 is the first.
struct Columns {
    feature: Vec<i16>,
    threshold: Vec<f64>,
    decision: Vec<u8>,
    left: Vec<i32>,
    right: Vec<i32>,
    leaf_value: Vec<f64>,
    leaf_count: Vec<f64>,
    internal_count: Vec<f64>,
}

impl Columns {
    fn read(section: &Fields<'_>) -> Result<Self, ModelFileError> {
        let leaf_value: Vec<f64> = column(section, "leaf_value")?;
        let mut leaf_count: Vec<f64> = column(section, "leaf_count")?;
        // A tree that is one leaf has no counts.
        if leaf_count.is_empty() && leaf_value.len() == 1 {
            leaf_count.push(1.0);
        }
        Ok(Self {
            feature: column(section, "split_feature")?,
            threshold: column(section, "threshold")?,
            decision: column(section, "decision_type")?,
            left: column(section, "left_child")?,
            right: column(section, "right_child")?,
            leaf_value,
            leaf_count,
            internal_count: column(section, "internal_count")?,
        })
    }
}

impl Nodes for Columns {
    fn count(&self) -> usize {
        self.feature.len() + self.leaf_value.len()
    }

    fn at(&self, node: i32) -> Met {
        let Ok(split) = usize::try_from(node) else {
            let leaf = usize::try_from(node.checked_add(1)?.checked_neg()?).ok()?;
            return Some(Ok(Entry::Leaf {
                value: *self.leaf_value.get(leaf)?,
                cover: *self.leaf_count.get(leaf)?,
            }));
        };
        let threshold = *self.threshold.get(split)?;
        let decision = *self.decision.get(split)?;
        if decision & CATEGORICAL != 0 {
            return Some(Err(ModelFileError::Unsupported("categorical splits")));
        }
        let missing_left = match decision >> 2 {
            MISSING_NONE => threshold >= 0.0,
            MISSING_NAN => decision & DEFAULT_LEFT != 0,
            _ => return Some(Err(ModelFileError::Unsupported("zero as missing"))),
        };
        Some(Ok(Entry::Split {
            feature: *self.feature.get(split)?,
            below: threshold.next_up().min(f64::MAX),
            missing_left,
            cover: *self.internal_count.get(split)?,
            left: *self.left.get(split)?,
            right: *self.right.get(split)?,
        }))
    }
}

fn fields(section: &str) -> Fields<'_> {
    section
        .lines()
        .map(|line| line.split_once('=').unwrap_or((line, "")))
        .collect()
}

fn text_of<'a>(fields: &Fields<'a>, name: &'static str) -> Result<&'a str, ModelFileError> {
    fields.get(name).copied().ok_or(ModelFileError::Field(name))
}

/// A row of numbers; none when the field is empty or absent.
fn column<T: std::str::FromStr>(
    fields: &Fields<'_>,
    name: &'static str,
) -> Result<Vec<T>, ModelFileError> {
    let row = fields.get(name).copied().unwrap_or_default();
    row.split_ascii_whitespace()
        .map(|number| number.parse().map_err(|_| ModelFileError::Field(name)))
        .collect()
}
