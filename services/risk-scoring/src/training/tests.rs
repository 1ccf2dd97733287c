use std::path::{Path, PathBuf};

use super::*;
use crate::score::{Evaluate, probability};
use crate::statistics::Figures;

/// Hours that the clocks of the shoppers are ahead of the file's.
pub(super) const UTC_OFFSET_HOURS: i32 = -6;
const NO_DATA: &str =
    "SKIPPED: no shopper data; set RESCATE_DATA to the folder that holds `retailrocket`";

/// Few and small trees, so that a test build trains in a second.
pub(super) fn small() -> Settings {
    Settings {
        trees: 20,
        folds: 3,
        leaf_weight: 5.0,
        ..Settings::default()
    }
}

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

pub(super) fn invented() -> Points {
    Points::read(&folder().join("points/points.csv"), UTC_OFFSET_HOURS).unwrap()
}

/// Compares a model with the committed one in this folder of the package; writes it first where `RESCATE_WRITE_GOLDEN` asks for
/// that.
#[expect(
    clippy::disallowed_methods,
    reason = "whether golden files are written is no setting of a service"
)]
fn assert_committed(name: &str, json: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("RESCATE_WRITE_GOLDEN").is_some() {
        std::fs::write(&file, json).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap();
    assert!(
        committed == json,
        "`{name}` is no longer what its data make"
    );
}

#[test]
fn the_same_points_give_the_committed_model_byte_for_byte() {
    let points = invented();
    let trained = train(&points, &small()).unwrap();
    assert_committed("tests/data/models/invented.json", &trained.json);
    let again = train(&points, &small()).unwrap();
    assert_eq!(again.json, trained.json);
    let other = Settings { seed: 2, ..small() };
    let other = train(&points, &other).unwrap();
    assert_ne!(
        other.cross_validation, trained.cross_validation,
        "the seed moves the folds"
    );
}

#[test]
fn a_sample_of_real_shoppers_gives_the_committed_model_byte_for_byte() {
    let Some(file) = shopper_data() else {
        eprintln!("{NO_DATA}");
        return;
    };
    let all = Points::read(&file, UTC_OFFSET_HOURS).unwrap();
    let sample = all.of_visitors(|visitor| folds::fold(visitor, 7, 10) == 0);
    let trained = train(&sample, &small()).unwrap();
    assert_committed("tests/data/models/retailrocket-sample.json", &trained.json);
    // Too few to be good; but what is too good has seen the future.
    let auc = trained.cross_validation.views[0].pooled.auc.unwrap();
    assert!(auc < 0.75, "{auc}");
}

/// What `rescate model train` does; the figures that it prints are those of the card.
#[test]
#[ignore = "trains on all shoppers six times, which takes minutes"]
fn all_real_shoppers_give_the_shipped_model_byte_for_byte() {
    let file = shopper_data().expect("shopper data; see RESCATE_DATA");
    let points = Points::read(&file, UTC_OFFSET_HOURS).unwrap();
    let trained = train(&points, &Settings::default()).unwrap();
    assert_committed("models/retailrocket.json", &trained.json);
    for view in &trained.cross_validation.views {
        for (k, figures) in &view.by_k {
            println!("{:?} k={k} {}", view.view, told(figures));
        }
        println!("{:?} all {}", view.view, told(&view.pooled));
    }
    let whole = &trained.cross_validation.views[0].by_k[&0];
    assert!(
        (0.69..0.75).contains(&whole.auc.unwrap()),
        "{}",
        told(whole)
    );
    assert!(
        whole.log_loss <= 0.53 && whole.expected_calibration_error <= 0.02,
        "{}",
        told(whole)
    );
}

fn told(figures: &Figures) -> String {
    let found = |share: Option<f64>| share.unwrap();
    format!(
        "n {} base {:.4} AUC {:.4} log-loss {:.4} Brier {:.4} AP {:.4}/{:.4} ECE {:.4} gap {:+.4}",
        figures.n,
        figures.base_rate,
        found(figures.auc),
        figures.log_loss,
        figures.brier,
        found(figures.average_precision_abandoned),
        found(figures.average_precision_ordered),
        figures.expected_calibration_error,
        figures.calibration_gap,
    )
}

#[test]
fn what_was_learned_holds_for_visitors_that_were_left_out() {
    let trained = train(&invented(), &small()).unwrap();
    let [whole, without] = &trained.cross_validation.views[..] else {
        panic!("two views");
    };
    assert!(whole.pooled.auc.unwrap() > 0.62, "{:?}", whole.pooled);
    assert_ne!(without.pooled, whole.pooled, "the hour says something");
    assert!(
        whole.pooled.expected_calibration_error < 0.06,
        "{:?}",
        whole.pooled
    );
    assert_eq!(whole.by_k.keys().copied().collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn a_trained_model_is_served_as_it_was_judged() {
    let points = invented();
    let trained = train(&points, &small()).unwrap();
    let model = read_model(ModelFormat::Rescate, &trained.json).unwrap();
    let file: serde_json::Value = serde_json::from_str(&trained.json).unwrap();
    let calibration = &file["model"]["boosted_trees"]["calibration"];
    let [slope, intercept] = ["slope", "intercept"].map(|part| calibration[part].as_f64().unwrap());
    for point in &points.all {
        let score = model.score(&point.features).abandonment.get();
        let raw = model.raw(&point.features);
        let judged = probability(slope * raw + intercept).get();
        assert!((score - judged).abs() < 1e-12);
    }
    let judged = evaluate(&points, ModelFormat::Rescate, &trained.json).unwrap();
    assert_eq!(judged.views.len(), 2);
}

#[test]
fn more_orders_never_raise_and_more_abandonments_never_lower_the_risk() {
    let trained = train(&invented(), &small()).unwrap();
    let model = read_model(ModelFormat::Rescate, &trained.json).unwrap();
    for point in invented().all.iter().step_by(17) {
        let at = |feature: Feature, value: f64| {
            let mut features = point.features.clone();
            features.set(feature, value);
            model.score(&features).abandonment
        };
        for count in 0..6 {
            let (less, more) = (f64::from(count), f64::from(count + 1));
            let orders = Feature::EarlierOrders;
            assert!(at(orders, more) <= at(orders, less));
            let abandonments = Feature::EarlierAbandonments;
            assert!(at(abandonments, more) >= at(abandonments, less));
        }
    }
}

#[test]
fn a_logistic_model_is_trained_judged_and_served_with_the_lines_that_no_recording_knows() {
    let points = invented();
    let settings = Settings {
        kind: Kind::Logistic,
        ..small()
    };
    let trained = train(&points, &settings).unwrap();
    assert_eq!(train(&points, &settings).unwrap().json, trained.json);
    let whole = &trained.cross_validation.views[0].pooled;
    let off = whole.expected_calibration_error;
    assert!(whole.auc.unwrap() > 0.62 && off < 0.06, "{whole:?}");
    assert!(
        !trained.json.contains("learning_rate"),
        "settings of trees have no part in it"
    );

    let model = read_model(ModelFormat::Rescate, &trained.json).unwrap();
    assert!(matches!(*model, Evaluator::Logistic(_)));
    let mut features = points.all[0].features.clone();
    let calm = model.score(&features).abandonment;
    features.set(
        Feature::Count(domain::signal::SignalKind::PaymentDeclined),
        2.0,
    );
    assert!(model.score(&features).abandonment > calm);
    // By hand: the mean score of a calibrated logistic regression is the base rate.
    let scores = points.all.iter().map(|point| model.score(&point.features));
    let mean = scores.map(|score| score.abandonment.get()).sum::<f64>() / number(points.len());
    assert!((mean - whole.base_rate).abs() < 0.01, "{mean}");
}

#[test]
fn csv_gzip_and_parquet_give_the_same_points_and_models() {
    let scratch = tempfile::tempdir().unwrap();
    let gzip = scratch.path().join("points.csv.gz");
    let text = std::fs::read(folder().join("points/points.csv")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &text).unwrap();
    std::fs::write(&gzip, packed.finish().unwrap()).unwrap();

    let csv = invented();
    for file in [gzip, folder().join("points/points.parquet")] {
        let other = Points::read(&file, UTC_OFFSET_HOURS).unwrap();
        same_points(&csv, &other);
        let (one, other) = (train(&csv, &small()), train(&other, &small()));
        assert_eq!(one.unwrap().json, other.unwrap().json, "{}", file.display());
    }
}

#[test]
fn real_shoppers_are_the_same_in_csv_and_in_parquet() {
    let Some(csv) = shopper_data() else {
        eprintln!("{NO_DATA}");
        return;
    };
    let parquet = csv.with_file_name("decision_points.parquet");
    same_points(
        &Points::read(&csv, UTC_OFFSET_HOURS).unwrap(),
        &Points::read(&parquet, UTC_OFFSET_HOURS).unwrap(),
    );
}

/// Bit for bit, missing values included.
fn same_points(one: &Points, other: &Points) {
    assert_eq!(one.sha256, other.sha256);
    assert_eq!(one.len(), other.len());
    for (at, (this, that)) in one.all.iter().zip(&other.all).enumerate() {
        assert_eq!(one.features(at), other.features(at));
        assert_eq!((this.k, this.happened), (that.k, that.happened));
    }
}

#[test]
fn the_report_stands_alone() {
    let points = invented();
    let trained = train(&points, &small()).unwrap();
    let page = report(&points, ModelFormat::Rescate, &trained.json, "a <model>").unwrap();
    for part in [
        "Reliability",
        "ROC",
        "cart_item_views",
        "Scores by outcome",
        "a &lt;model&gt;",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("http"), "nothing is fetched");
    assert!(!page.contains("NaN"));
}
