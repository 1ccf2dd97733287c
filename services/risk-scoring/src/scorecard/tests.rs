use domain::signal::SignalKind;
use proptest::prelude::*;

use super::*;
use crate::score::{probability, strength, sum};

fn card() -> Scorecard {
    built_in().unwrap()
}

fn line(feature: &str, at_least: f64, below: Option<f64>, log_odds: f64) -> Line {
    Line {
        feature: Feature::parse(feature).unwrap(),
        at_least,
        below,
        log_odds,
        reason: Reason::parse("a reason").unwrap(),
    }
}

fn parts(lines: Vec<Line>) -> ScorecardParts {
    ScorecardParts {
        baseline_log_odds: 1.0,
        calibration_slope: 2.0,
        calibration_intercept: -0.5,
        lines,
    }
}

#[test]
fn calibration_reaches_every_part_of_the_sum() {
    let card = Scorecard::new(parts(vec![
        line("cart_lines", 1.0, Some(3.0), 0.25),
        line("cart_lines", 2.0, None, 0.5),
        line("earlier_orders", 1.0, None, -2.0),
    ]))
    .unwrap();

    let score = card.score(
        &[(Feature::CartLines, 2.0), (Feature::EarlierOrders, 1.0)]
            .into_iter()
            .collect(),
    );

    let told: Vec<(&str, f64)> = score
        .factors
        .iter()
        .map(|factor| (factor.name.as_str(), factor.log_odds.get()))
        .collect();
    assert_eq!(told, [("earlier_orders", -4.0), ("cart_lines", 1.5)]);
    assert!((score.baseline.get() - 1.5).abs() < 1e-12);
    assert!((score.abandonment.get() - 1.0 / (1.0 + 1.0_f64.exp())).abs() < 1e-12);
}

#[test]
fn a_line_begins_with_its_lower_end_and_stops_before_its_upper() {
    let card = Scorecard::new(parts(vec![line("cart_lines", 2.0, Some(3.0), 1.0)])).unwrap();
    for (value, factors) in [(1.99, 0), (2.0, 1), (2.99, 1), (3.0, 0)] {
        let features = [(Feature::CartLines, value)].into_iter().collect();
        assert_eq!(card.score(&features).factors.len(), factors, "{value}");
    }
}

#[test]
fn tables_that_cannot_be_summed_are_refused() {
    let fine = || line("cart_lines", 1.0, None, 0.5);
    let fault = |fault| InvalidScorecard::Line { index: 1, fault };
    for (second, refused) in [
        (line("cart_lines", f64::NAN, None, 0.5), LineFault::AtLeast),
        (line("cart_lines", 2.0, Some(2.0), 0.5), LineFault::Below),
        (
            line("cart_lines", 2.0, Some(f64::INFINITY), 0.5),
            LineFault::Below,
        ),
        (line("cart_lines", 2.0, None, f64::NAN), LineFault::LogOdds),
        (line("cart_lines", 2.0, None, 50.1), LineFault::LogOdds),
    ] {
        assert_eq!(
            Scorecard::new(parts(vec![fine(), second])),
            Err(fault(refused))
        );
    }
    assert_eq!(
        Scorecard::new(parts(Vec::new())),
        Err(InvalidScorecard::LineCount)
    );
    assert_eq!(
        Scorecard::new(parts(vec![fine(); MAX_LINES + 1])),
        Err(InvalidScorecard::LineCount)
    );
    let changed = |change: fn(&mut ScorecardParts)| {
        let mut parts = parts(vec![fine()]);
        change(&mut parts);
        Scorecard::new(parts).unwrap_err()
    };
    assert_eq!(
        changed(|parts| parts.baseline_log_odds = f64::NAN),
        InvalidScorecard::Baseline
    );
    assert_eq!(
        changed(|parts| parts.calibration_slope = 0.0),
        InvalidScorecard::Slope
    );
    assert_eq!(
        changed(|parts| parts.calibration_slope = f64::NAN),
        InvalidScorecard::Slope
    );
    assert_eq!(
        changed(|parts| parts.calibration_intercept = 51.0),
        InvalidScorecard::Intercept
    );
}

#[test]
fn tables_whose_signs_are_wrong_are_refused() {
    let refused = |lines| Scorecard::new(parts(lines)).unwrap_err();
    // More declines would lower the risk again.
    let gap = vec![
        line("cart_lines", 1.0, None, -0.5),
        line("count.payment_declined", 1.0, Some(3.0), 0.5),
    ];
    let fault = LineFault::Falls;
    assert_eq!(refused(gap), InvalidScorecard::Line { index: 1, fault });
    let negative = vec![line("count.exit_intent", 1.0, None, -0.5)];
    assert_eq!(
        refused(negative),
        InvalidScorecard::Line { index: 0, fault }
    );
    let progress = vec![line("progressing", 1.0, None, 0.1)];
    let fault = LineFault::Rises;
    assert_eq!(
        refused(progress),
        InvalidScorecard::Line { index: 0, fault }
    );
}

#[test]
fn a_table_survives_its_stored_form() {
    let text = serde_json::to_string(&card()).unwrap();
    assert_eq!(serde_json::from_str::<Scorecard>(&text).unwrap(), card());
    let broken = text.replacen("\"calibration_slope\":1.04", "\"calibration_slope\":-1", 1);
    assert_ne!(broken, text);
    assert!(serde_json::from_str::<Scorecard>(&broken).is_err());
}

fn features() -> impl Strategy<Value = SessionFeatures> {
    let all: Vec<Feature> = Feature::all().collect();
    let value = prop_oneof![0.0..60.0_f64, Just(0.0), Just(1.0), -1e300..1e300_f64];
    proptest::collection::vec((proptest::sample::select(all), value), 0..30)
        .prop_map(|values| values.into_iter().collect())
}

proptest! {
    #[test]
    fn factors_and_baseline_are_the_score(features in features()) {
        let score = card().score(&features);
        prop_assert_eq!(probability(sum(score.baseline, &score.factors)), score.abandonment);
        prop_assert!(score.factors.is_sorted_by(|one, other| strength(one) >= strength(other)));
        prop_assert_eq!(card().score(&features), score);
    }

    #[test]
    fn more_of_a_sign_never_lowers_the_risk(
        features in features(),
        kind in proptest::sample::select(SignalKind::ALL),
        less in 0_u32..30,
        more in 1_u32..30,
    ) {
        let at = |count: u32| {
            let mut features = features.clone();
            features.set(Feature::Count(kind), f64::from(count));
            card().score(&features).abandonment
        };
        prop_assert!(at(less + more) >= at(less));
    }

    #[test]
    fn progress_lowers_the_risk(features in features()) {
        let at = |progress: f64| {
            let mut features = features.clone();
            features.set(Feature::Progressing, progress);
            card().score(&features).abandonment
        };
        prop_assert!(at(1.0) < at(0.0));
    }
}
