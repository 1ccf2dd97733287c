//! A model of 200 full trees of depth 6, which no data are needed for.

use std::fmt::Write;

const FEATURES: [&str; 8] = [
    "minutes_shopping",
    "minutes_per_shopping_event",
    "shopping_events",
    "cart_additions",
    "cart_item_views",
    "earlier_orders",
    "earlier_abandonments",
    "local_hour",
];
const TREES: usize = 200;
const DEPTH: u32 = 6;

/// Trees that ask each of the features at values that split the moments about evenly.
pub(crate) fn deep() -> String {
    let inner = (1 << DEPTH) - 1;
    let nodes = 2 * inner + 1;
    let column = |value: &dyn Fn(usize) -> String| -> String {
        let values: Vec<String> = (0..nodes).map(value).collect();
        values.join(",")
    };
    let mut trees = String::new();
    for tree in 0..TREES {
        let mixed = |node: usize| (node * 7 + tree * 13) % 97;
        let split = |node: usize, value: String, leaf: &str| {
            if node < inner { value } else { leaf.to_owned() }
        };
        let comma = if tree == 0 { "" } else { "," };
        write!(
            trees,
            r#"{comma}{{"feature":[{}],"below":[{}],"left":[{}],"right":[{}],"missing_left":[{}],"cover":[{}],"leaf":[{}]}}"#,
            column(&|node| split(node, (mixed(node) % FEATURES.len()).to_string(), "-1")),
            column(&|node| split(node, format!("{}.5", mixed(node) % 6), "0")),
            column(&|node| split(node, (2 * node + 1).to_string(), "0")),
            column(&|node| split(node, (2 * node + 2).to_string(), "0")),
            column(&|node| split(node, (mixed(node) % 2).to_string(), "0")),
            column(&|node| (1 + mixed(node)).to_string()),
            column(&|node| split(node, "0".to_owned(), &format!("0.00{}", mixed(node)))),
        )
        .unwrap();
    }
    let features = FEATURES.map(|name| format!("\"{name}\"")).join(",");
    format!(
        r#"{{"format":"rescate.model/1","features_version":3,"model":{{"boosted_trees":{{"baseline_log_odds":1,"calibration":{{"slope":1,"intercept":0}},"features":[{features}],"trees":[{trees}]}}}}}}"#
    )
}
