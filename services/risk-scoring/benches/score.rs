//! What one assessment costs: features of a session, then the score with all its factors.
//!
//! `cargo bench -p risk-scoring`. Budgets: 1 µs for the scorecard, 3 µs for 200 trees of depth 6.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up has nothing to measure"
)]

use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use risk_scoring::ModelFormat;
use risk_scoring::training::{Points, Scorer};

const FEATURES: [&str; 8] = [
    "minutes_on_site",
    "minutes_per_event",
    "event_count",
    "cart_lines",
    "cart_item_views",
    "earlier_orders",
    "earlier_abandonments",
    "local_hour",
];
const TREES: usize = 200;
const DEPTH: u32 = 6;

/// Full trees that ask each of the features at values that split the sessions about evenly.
fn deep_trees() -> String {
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
        r#"{{"format":"rescate.model/1","features_version":2,"model":{{"boosted_trees":{{"baseline_log_odds":1,"calibration":{{"slope":1,"intercept":0}},"features":[{features}],"trees":[{trees}]}}}}}}"#
    )
}

fn scores(criterion: &mut Criterion) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let points = Points::read(&root.join("tests/data/points/points.csv"), -6).unwrap();
    let shipped = std::fs::read_to_string(root.join("models/retailrocket.json")).unwrap();
    for (name, scorer) in [
        ("scorecard", Scorer::built_in().unwrap()),
        (
            "retailrocket",
            Scorer::read(ModelFormat::Rescate, &shipped).unwrap(),
        ),
        (
            "200 trees of depth 6",
            Scorer::read(ModelFormat::Rescate, &deep_trees()).unwrap(),
        ),
    ] {
        let mut at = 0;
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                at = (at + 1) % points.len();
                black_box(scorer.abandonment(black_box(&points), at))
            });
        });
    }
}

criterion_group!(benches, scores);
criterion_main!(benches);
