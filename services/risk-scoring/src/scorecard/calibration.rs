//! Judges the built-in scorecard on real shoppers, where that data is at hand. The figures of `models/README.md` are
//! what this prints.

use super::*;
use crate::evaluator::Evaluator;
use crate::statistics::Figures;
use crate::training::{Points, View, judge};

/// Nobody shops from 8 to 12 UTC, so the zone of the shop is taken for this.
const UTC_OFFSET_HOURS: i32 = -6;

fn judged(points: &Points, name: &str) -> [Figures; 2] {
    let card = Evaluator::Scorecard(built_in().unwrap());
    let figures = judge(points, View::Whole, &card).unwrap();
    let first = figures.by_k[&0].clone();
    for (what, figures) in [("first cart", &first), ("all points", &figures.pooled)] {
        println!(
            "{name}, {what}: n {} base {:.4} AUC {:.4} log-loss {:.4} Brier {:.4} ECE {:.4} gap {:+.4}",
            figures.n,
            figures.base_rate,
            figures.auc.unwrap(),
            figures.log_loss,
            figures.brier,
            figures.expected_calibration_error,
            figures.calibration_gap,
        );
    }
    [first, figures.pooled]
}

#[test]
fn the_built_in_scorecard_holds_on_visitors_that_it_was_not_fitted_on() {
    let Some(file) = crate::training::shopper_data() else {
        eprintln!(
            "SKIPPED: no shopper data; set RESCATE_DATA to the folder that holds `retailrocket`"
        );
        return;
    };
    let points = Points::read(&file, UTC_OFFSET_HOURS).unwrap();
    let unseen = |visitor: &str| visitor.parse::<u64>().unwrap() % 10 >= 8;

    judged(&points, "all visitors");
    for figures in judged(&points.of_visitors(unseen), "unseen visitors") {
        assert!(figures.auc.unwrap() > 0.65, "{figures:?}");
        assert!(figures.expected_calibration_error < 0.03, "{figures:?}");
        // Better than saying the base rate each time.
        let rate = figures.base_rate;
        let naive = -(rate * rate.ln() + (1.0 - rate) * (1.0 - rate).ln());
        assert!(figures.log_loss < naive - 0.03, "{figures:?}");
    }
}
