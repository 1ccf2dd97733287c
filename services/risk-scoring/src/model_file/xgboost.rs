//! `XGBoost`'s JSON: numerical splits of a binary model.
//!
//! `XGBoost` compares 32-bit floats: a value is rounded to one before it is held against the condition. Ours stay 64-bit, so
//! that each condition becomes the smallest 64-bit number that rounds to it or beyond. Leaves are its own 32-bit numbers; it
//! sums them up in 32 bits, we in 64, which is why scores agree to about seven digits and not to the last bit.

use serde::Deserialize;

use super::walk::{self, Entry, Met, Nodes};
use super::{ModelFileError, features};
use crate::score::Calibration;
use crate::trees::{Tree, TreesParts};

#[derive(Deserialize)]
struct File {
    learner: Learner,
}

#[derive(Deserialize)]
struct Learner {
    #[serde(default)]
    feature_names: Vec<String>,
    gradient_booster: Booster,
    #[serde(rename = "learner_model_param")]
    parameters: LearnerParam,
    objective: Named,
}

#[derive(Deserialize)]
struct LearnerParam {
    base_score: String,
    /// Outcomes that one model predicts.
    #[serde(default)]
    num_target: String,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Booster {
    name: String,
    model: Option<Forest>,
}

#[derive(Deserialize)]
struct Forest {
    trees: Vec<Columns>,
}

/// The columns of a tree as they stand in the file; a node without a left child is a leaf. Nodes that were pruned are still
/// there, with a feature that is none, and nobody's children.
#[derive(Deserialize)]
struct Columns {
    left_children: Vec<i32>,
    right_children: Vec<i32>,
    split_indices: Vec<u32>,
    split_conditions: Vec<f32>,
    default_left: Vec<Flag>,
    sum_hessian: Vec<f64>,
    #[serde(default)]
    categories: Vec<i32>,
}

/// A flag as 0 or 1, or as a boolean.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Flag {
    Number(u8),
    Boolean(bool),
}

pub(super) fn read(text: &str) -> Result<TreesParts, ModelFileError> {
    let File { learner } = serde_json::from_str(text)?;
    let Learner {
        feature_names,
        gradient_booster,
        parameters,
        objective,
    } = learner;
    if objective.name != "binary:logistic" {
        return Err(ModelFileError::Unsupported(
            "an objective other than `binary:logistic`",
        ));
    }
    if gradient_booster.name != "gbtree" {
        return Err(ModelFileError::Unsupported("a booster other than `gbtree`"));
    }
    if !["", "0", "1"].contains(&parameters.num_target.as_str()) {
        return Err(ModelFileError::Unsupported("more than one target"));
    }
    let forest = gradient_booster
        .model
        .ok_or(ModelFileError::Field("model"))?;
    Ok(TreesParts {
        baseline_log_odds: baseline(&parameters.base_score)?,
        calibration: Calibration::NONE,
        features: features(feature_names.iter().map(String::as_str))?,
        trees: forest.trees.iter().map(tree).collect::<Result<_, _>>()?,
        lines: Vec::new(),
    })
}

/// The base score is a probability, in brackets since version 3.
fn baseline(text: &str) -> Result<f64, ModelFileError> {
    let number = text.trim_start_matches('[').trim_end_matches(']');
    let share: f64 = number
        .parse()
        .map_err(|_| ModelFileError::Field("base_score"))?;
    if share > 0.0 && share < 1.0 {
        return Ok(libm::log(share / (1.0 - share)));
    }
    Err(ModelFileError::Field("base_score"))
}

fn tree(columns: &Columns) -> Result<Tree, ModelFileError> {
    if !columns.categories.is_empty() {
        return Err(ModelFileError::Unsupported("categorical splits"));
    }
    walk::tree(columns, 0).ok_or(ModelFileError::Field("trees"))?
}

impl Nodes for Columns {
    fn count(&self) -> usize {
        self.left_children.len()
    }

    fn at(&self, node: i32) -> Met {
        let node = usize::try_from(node).ok()?;
        let cover = *self.sum_hessian.get(node)?;
        let condition = *self.split_conditions.get(node)?;
        let left = *self.left_children.get(node)?;
        if left < 0 {
            let value = f64::from(condition);
            return Some(Ok(Entry::Leaf { value, cover }));
        }
        let missing_left = match self.default_left.get(node)? {
            Flag::Number(flag) => *flag != 0,
            Flag::Boolean(flag) => *flag,
        };
        Some(Ok(Entry::Split {
            feature: i16::try_from(*self.split_indices.get(node)?).ok()?,
            below: smallest_reaching(condition),
            missing_left,
            cover,
            left,
            right: *self.right_children.get(node)?,
        }))
    }
}

/// The smallest 64-bit number that is not below the condition once it is rounded to 32 bits: half-way to the 32-bit number
/// before it, where a tie goes to the even one.
fn smallest_reaching(condition: f32) -> f64 {
    let before = f64::from(condition.next_down());
    // Both have 24 digits, so their mean is exact.
    let halfway = f64::midpoint(before, f64::from(condition));
    if condition.to_bits().is_multiple_of(2) {
        halfway
    } else {
        halfway.next_up()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_parts_64_bit_numbers_as_it_parts_the_rounded_ones() {
        for condition in [1.5_f32, 0.1, 3.5, -2.7, 1e-8, 12_345.678, 0.0] {
            let below = smallest_reaching(condition);
            let mut value = below;
            for _ in 0..1_000 {
                value = value.next_down();
            }
            for _ in 0..2_000 {
                #[expect(
                    clippy::as_conversions,
                    clippy::cast_possible_truncation,
                    reason = "the rounding under test"
                )]
                let rounded = value as f32;
                assert_eq!(value < below, rounded < condition, "{value} at {condition}");
                value = value.next_up();
            }
        }
    }
}
