use domain::signal::SignalKind;
use proptest::prelude::*;

use super::*;
use crate::score::{probability, sum};

fn term(feature: Feature, weight: f64) -> Term {
    Term {
        feature,
        weight,
        center: 2.0,
        least: 0.0,
        most: 10.0,
        missing: 3.0,
    }
}

fn parts(terms: Vec<Term>) -> LogisticParts {
    LogisticParts {
        baseline_log_odds: 1.0,
        calibration: Calibration {
            slope: 2.0,
            intercept: -0.5,
        },
        terms,
        lines: Vec::new(),
    }
}

#[test]
fn a_term_adds_its_weight_around_its_centre_within_its_range() {
    let model = Logistic::new(parts(vec![
        term(Feature::CartLines, -0.5),
        term(Feature::LocalHour, 0.1),
    ]))
    .unwrap();
    let added = |lines: f64, hour: Option<f64>| -> Vec<(String, f64)> {
        let mut features = SessionFeatures::default();
        features.set(Feature::CartLines, lines);
        if let Some(hour) = hour {
            features.set(Feature::LocalHour, hour);
        }
        let score = model.score(&features);
        assert_eq!(
            probability(sum(score.baseline, &score.factors)),
            score.abandonment
        );
        assert!((score.baseline.get() - 1.5).abs() < 1e-12);
        let told = |factor: &domain::assessment::Factor| {
            (factor.name.as_str().to_owned(), factor.log_odds.get())
        };
        score.factors.iter().map(told).collect()
    };

    // By hand: 2 * -0.5 * (4 - 2) and 2 * 0.1 * (5 - 2).
    let [(lines, by_lines), (hour, by_hour)] = &added(4.0, Some(5.0))[..] else {
        panic!("two factors");
    };
    assert_eq!(
        (lines.as_str(), hour.as_str()),
        ("cart_lines", "local_hour")
    );
    assert!((by_lines + 2.0).abs() < 1e-12 && (by_hour - 0.6).abs() < 1e-12);
    assert_eq!(
        added(99.0, Some(5.0)),
        added(10.0, Some(5.0)),
        "beyond the range"
    );
    assert_eq!(
        added(4.0, None),
        added(4.0, Some(3.0)),
        "missing counts as stated"
    );
}

#[test]
fn parts_that_are_no_model_are_refused() {
    let fault = |change: &dyn Fn(&mut Term)| {
        let mut one = term(Feature::CartLines, 0.5);
        change(&mut one);
        let fault = Logistic::new(parts(vec![one])).unwrap_err();
        let InvalidLogistic::Term { fault, .. } = fault else {
            panic!("{fault}");
        };
        fault
    };
    assert_eq!(fault(&|term| term.weight = f64::NAN), TermFault::Weight);
    assert_eq!(fault(&|term| term.weight = 6.0), TermFault::Weight);
    assert_eq!(fault(&|term| term.least = 11.0), TermFault::Range);
    assert_eq!(fault(&|term| term.missing = f64::NAN), TermFault::Range);
    assert_eq!(fault(&|term| term.center = -1.0), TermFault::Range);
    let declined = Feature::Count(SignalKind::PaymentDeclined);
    assert_eq!(fault(&|one| *one = term(declined, -0.1)), TermFault::Falls);
    assert_eq!(
        fault(&|one| *one = term(Feature::Progressing, 0.1)),
        TermFault::Rises
    );
    assert_eq!(
        Logistic::new(parts(Vec::new())),
        Err(InvalidLogistic::Terms)
    );
    let twice = vec![term(Feature::CartLines, 0.1); 2];
    assert_eq!(Logistic::new(parts(twice)), Err(InvalidLogistic::Terms));
    let mut slope = parts(vec![term(Feature::CartLines, 0.1)]);
    slope.calibration.slope = 0.0;
    assert!(matches!(
        Logistic::new(slope),
        Err(InvalidLogistic::Calibration(_))
    ));
}

#[test]
fn lines_stand_beside_the_terms() {
    let line = |feature| Line {
        feature,
        at_least: 1.0,
        below: None,
        log_odds: 0.5,
        reason: "a declined card".parse().unwrap(),
    };
    let declined = Feature::Count(SignalKind::PaymentDeclined);
    let model = |feature| {
        Logistic::new(LogisticParts {
            lines: vec![line(feature)],
            ..parts(vec![term(Feature::CartLines, 0.1)])
        })
    };
    assert_eq!(
        model(Feature::CartLines),
        Err(InvalidLogistic::Overlap),
        "it would be told twice"
    );
    let mut features = SessionFeatures::default();
    let calm = model(declined).unwrap().score(&features);
    features.set(declined, 1.0);
    let score = model(declined).unwrap().score(&features);
    let apart = sum(score.baseline, &score.factors) - sum(calm.baseline, &calm.factors);
    assert!(
        (apart - 1.0).abs() < 1e-12,
        "calibrated as the rest: {apart}"
    );
}

proptest! {
    #[test]
    fn factors_and_baseline_are_the_score(
        weights in proptest::collection::vec(-4.0..4.0_f64, 3),
        values in proptest::collection::vec(proptest::num::f64::ANY, 3),
    ) {
        let asked = [Feature::CartLines, Feature::LocalHour, Feature::ShoppingEvents];
        let terms = asked.into_iter().zip(&weights).map(|(feature, weight)| term(feature, *weight));
        let model = Logistic::new(parts(terms.collect())).unwrap();
        let features: SessionFeatures = asked.into_iter().zip(values).collect();
        let score = model.score(&features);
        prop_assert_eq!(probability(sum(score.baseline, &score.factors)), score.abandonment);
        // By hand: what is missing or no number counts as stated, or as 0 where it may not be missing.
        let expected = asked.into_iter().zip(&weights).map(|(feature, weight)| {
            weight * (features.get(feature).unwrap_or(3.0).clamp(0.0, 10.0) - 2.0)
        });
        let expected = 2.0 * (1.0 + expected.sum::<f64>()) - 0.5;
        prop_assert!((sum(score.baseline, &score.factors) - expected).abs() < 1e-9);
    }
}
