//! What one assessment costs: features of a moment, score with its factors, calibration and causes.
//!
//! `cargo bench -p risk-scoring`. Limits: 1 µs for the scorecard, 3 µs for 200 trees of depth 6. With `RESCATE_PEERS` naming a
//! folder that `tests/load/peers/compare.py` has filled, the model there is scored, too, on the rows that the trainers' own
//! libraries score.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up has nothing to measure"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "where a measurement finds its files is no setting of a service"
)]

mod moments;
mod trees;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, criterion_group, criterion_main};
use risk_scoring::ModelFormat;
use risk_scoring::training::{Assessor, FeatureRow};
use serde::Deserialize;
use testkit::ids::nth;

/// A row as the trainers' libraries see it.
#[derive(Deserialize)]
struct Row {
    values: BTreeMap<String, f64>,
    expected: f64,
}

fn assessments(criterion: &mut Criterion) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shipped = std::fs::read_to_string(root.join("models/retailrocket.json")).unwrap();
    let read = |text: &str| Assessor::read(ModelFormat::Rescate, text).unwrap();
    let moments = moments::all();
    for (name, assessor) in [
        ("scorecard", Assessor::built_in().unwrap()),
        ("retailrocket", read(&shipped)),
        ("200 trees of depth 6", read(&trees::deep())),
    ] {
        let mut moments = moments.iter().cycle();
        criterion.bench_function(&format!("assess/{name}"), |bencher| {
            bencher.iter(|| assessor.assess(nth(1), black_box(moments.next().unwrap())));
        });
    }
}

/// The same model and rows as in `LightGBM` and onnxruntime, to the same scores.
fn beside_peers(criterion: &mut Criterion) {
    let Some(folder) = std::env::var_os("RESCATE_PEERS").map(PathBuf::from) else {
        return;
    };
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    let assessor = Assessor::read(ModelFormat::LightGbmText, &read("model.txt")).unwrap();
    let rows: Vec<Row> = serde_json::from_str(&read("rows.json")).unwrap();
    let scored = rows.iter().map(|row| {
        let features = FeatureRow::of(&row.values).unwrap();
        let off = (assessor.score(&features) - row.expected).abs();
        assert!(off < 1e-9, "a score is {off} off that of LightGBM");
        features
    });
    let scored: Vec<FeatureRow> = scored.collect();
    let mut rows = scored.iter().cycle();
    criterion.bench_function("score/model of the peers", |bencher| {
        bencher.iter(|| assessor.score(black_box(rows.next().unwrap())));
    });
}

criterion_group!(benches, assessments, beside_peers);
criterion_main!(benches);
