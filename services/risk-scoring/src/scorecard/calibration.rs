//! Judges the built-in scorecard on real shoppers, where that data is at hand. The figures of `models/README.md` are
//! what this prints.

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;

use flate2::read::GzDecoder;
use serde::Deserialize;

use super::*;
use crate::statistics::{Happened, Judged, Quality, quality};

/// The state of a session right at one event after its first cart.
#[derive(Debug, Deserialize)]
struct DecisionPoint {
    session_key: String,
    visitorid: u64,
    cutoff_k: u32,
    view_count: u32,
    addtocart_count: u32,
    seconds_since_first_event: f64,
    seconds_since_last_cart: f64,
    hour_of_day: u32,
    abandoned: u8,
    visitor_session_index: u32,
}

/// What a visitor had done before a session.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    orders: u32,
    abandonments: u32,
}

/// The folder of the data sets: `RESCATE_DATA`, else a folder beside the checkout.
#[expect(
    clippy::disallowed_methods,
    reason = "where test data lie is no setting of a service"
)]
fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("RESCATE_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let file = folder.join("retailrocket/decision_points.csv.gz");
    file.exists().then_some(file)
}

fn read(file: &PathBuf) -> Vec<DecisionPoint> {
    let text = GzDecoder::new(File::open(file).unwrap());
    csv::Reader::from_reader(text)
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

/// Earlier carts of each visitor, by session: the outcome of a session is that of its first decision point.
fn histories(points: &[DecisionPoint]) -> HashMap<&str, Before> {
    let mut first: Vec<&DecisionPoint> =
        points.iter().filter(|point| point.cutoff_k == 0).collect();
    first.sort_by_key(|point| (point.visitorid, point.visitor_session_index));
    let mut histories = HashMap::new();
    for sessions in first.chunk_by(|one, other| one.visitorid == other.visitorid) {
        let mut before = Before::default();
        for session in sessions {
            histories.insert(session.session_key.as_str(), before);
            match session.abandoned {
                0 => before.orders += 1,
                _ => before.abandonments += 1,
            }
        }
    }
    histories
}

/// The data know no checkout and no hesitation, and their zone is taken as UTC-6, by the hours when nobody shops.
fn features(point: &DecisionPoint, before: Before) -> Features {
    let local_hour = (point.hour_of_day + 18) % 24;
    let flag = |holds: bool| f64::from(u8::from(holds));
    [
        (
            Feature::MinutesOnSite,
            point.seconds_since_first_event / 60.0,
        ),
        (
            Feature::EventCount,
            f64::from(point.view_count + point.addtocart_count),
        ),
        (Feature::CartLines, f64::from(point.addtocart_count)),
        (
            Feature::CartJustFilled,
            flag(point.seconds_since_last_cart <= 0.0),
        ),
        (
            Feature::EarlierSessions,
            f64::from(point.visitor_session_index - 1),
        ),
        (Feature::EarlierOrders, f64::from(before.orders)),
        (Feature::EarlierAbandonments, f64::from(before.abandonments)),
        (Feature::LocalEarlyHours, flag((2..8).contains(&local_hour))),
        (
            Feature::LocalWorkingHours,
            flag((8..14).contains(&local_hour)),
        ),
        (Feature::Progressing, 1.0),
    ]
    .into_iter()
    .collect()
}

fn judge(
    points: &[DecisionPoint],
    name: &str,
    of_interest: impl Fn(&DecisionPoint) -> bool,
) -> Quality {
    let card = built_in().unwrap();
    let histories = histories(points);
    let judged = points
        .iter()
        .filter(|point| of_interest(point))
        .map(|point| {
            let before = histories.get(point.session_key.as_str()).copied();
            Judged {
                predicted: card
                    .score(&features(point, before.unwrap_or_default()))
                    .abandonment,
                happened: match point.abandoned {
                    0 => Happened::Ordered,
                    _ => Happened::Abandoned,
                },
            }
        });
    let quality = quality(judged.collect()).unwrap();
    println!(
        "{name}: n {} base {:.4} AUC {:.4} log-loss {:.4} Brier {:.4} ECE {:.4} gap {:+.4}",
        quality.n,
        quality.base_rate,
        quality.auc.unwrap(),
        quality.log_loss,
        quality.brier,
        quality.calibration_error,
        quality.calibration_gap,
    );
    quality
}

#[test]
fn the_built_in_scorecard_holds_on_visitors_that_it_was_not_fitted_on() {
    let Some(file) = data() else {
        eprintln!(
            "SKIPPED: no shopper data; set RESCATE_DATA to the folder that holds `retailrocket`"
        );
        return;
    };
    let points = read(&file);
    let unseen = |point: &DecisionPoint| point.visitorid % 10 >= 8;

    let first = judge(&points, "unseen visitors, first cart", |point| {
        unseen(point) && point.cutoff_k == 0
    });
    let all = judge(&points, "unseen visitors, all points", unseen);
    judge(&points, "all visitors, first cart", |point| {
        point.cutoff_k == 0
    });
    judge(&points, "all visitors, all points", |_| true);

    for quality in [first, all] {
        assert!(quality.auc.unwrap() > 0.65, "{quality:?}");
        assert!(quality.calibration_error < 0.03, "{quality:?}");
        // Better than saying the base rate each time.
        let rate = quality.base_rate;
        let naive = -(rate * rate.ln() + (1.0 - rate) * (1.0 - rate).ln());
        assert!(quality.log_loss < naive - 0.03, "{quality:?}");
    }
}
