//! Scores that must not change by a bit without somebody noticing: of the shipped models, on a thousand made-up sessions.
//!
//! The expected ones lie in `tests/data/golden/`; `RESCATE_WRITE_GOLDEN=1` writes them anew.

use std::fmt::Write;
use std::path::Path;
use std::sync::LazyLock;

use domain::hash::mix;
use domain::signal::SignalKind;
use proptest::prelude::*;

use crate::evaluator::Evaluator;
use crate::features::{Feature, SessionFeatures};
use crate::model_file::{self, ModelFormat};
use crate::score::{Evaluate, probability, sum};
use crate::scorecard::built_in;
use crate::training::scored;

const SESSIONS: u64 = 500;

/// A number below `bound` for each seed and place: `SplitMix64`.
fn random(seed: u64, bound: u64) -> u64 {
    mix(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)) % bound
}

/// One in two features is set, to a quarter of a whole number below 40; flags are 0 or 1.
fn session(number: u64) -> SessionFeatures {
    let mut features = SessionFeatures::default();
    for (feature, place) in Feature::all().zip(0_u64..) {
        let seed = number * 1_000 + place;
        if random(seed, 2) == 0 {
            continue;
        }
        let quarters = u32::try_from(random(seed + 500_000_000, 160)).unwrap();
        let value = f64::from(quarters) / 4.0;
        let flag = feature
            .in_words(Some(1.0), crate::features::Tongue::English)
            .ends_with("yes");
        features.set(feature, if flag { f64::from(quarters % 2) } else { value });
    }
    features
}

fn lines(name: &str, model: &Evaluator) -> String {
    let mut lines = String::new();
    for number in 0..SESSIONS {
        let score = model.score(&session(number));
        let total = sum(score.baseline, &score.factors);
        writeln!(
            lines,
            "{name},{number},{:016x},{:016x},{:.6}",
            score.abandonment.get().to_bits(),
            total.to_bits(),
            score.abandonment.get(),
        )
        .unwrap();
    }
    lines
}

/// Rows with the scores that the shipped model gives them: they are sent with it wherever it is registered.
fn samples(model: &Evaluator) -> String {
    let rows: Vec<SessionFeatures> = (0..5).map(session).collect();
    scored(model, rows.iter()).unwrap()
}

/// Compares with a file of the package; writes it first where `RESCATE_WRITE_GOLDEN` asks for that.
#[expect(
    clippy::disallowed_methods,
    reason = "whether golden files are written is no setting of a service"
)]
fn assert_kept(name: &str, found: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("RESCATE_WRITE_GOLDEN").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, found).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap();
    let differ = kept
        .lines()
        .zip(found.lines())
        .find(|(one, other)| one != other);
    assert_eq!(differ, None, "{name}");
    assert_eq!(kept.len(), found.len(), "{name}");
}

/// A model of a file of the package.
fn of_file(format: ModelFormat, name: &str) -> Evaluator {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let text = std::fs::read_to_string(file).unwrap();
    let model = model_file::read(format, &text).unwrap();
    model.evaluator().as_ref().clone()
}

/// The built-in scorecard and the trained model.
static SHIPPED: LazyLock<[Evaluator; 2]> = LazyLock::new(|| {
    let trained = of_file(ModelFormat::Rescate, "models/retailrocket.json");
    [Evaluator::Scorecard(built_in().unwrap()), trained]
});

/// Those of other trainers.
static IMPORTED: LazyLock<[Evaluator; 2]> = LazyLock::new(|| {
    let of = |format, name: &str| of_file(format, &format!("tests/data/models/{name}"));
    [
        of(ModelFormat::LightGbmText, "lightgbm.txt"),
        of(ModelFormat::XgBoostJson, "xgboost.json"),
    ]
});

#[test]
fn a_thousand_scores_and_their_sums_of_factors_stay_as_they_are() {
    let [scorecard, trained] = &*SHIPPED;
    let found = format!(
        "model,session,abandonment_bits,log_odds_bits,abandonment\n{}{}",
        lines("scorecard", scorecard),
        lines("retailrocket", trained)
    );
    assert_eq!(found.lines().count(), 1_001);
    assert_kept("tests/data/golden/scores.csv", &found);
    assert_kept("models/retailrocket.samples.json", &samples(trained));
}

proptest! {
    #[test]
    fn every_kind_of_model_knows_a_probability_for_any_session_and_no_more_declines_lower_it(
        values in proptest::collection::vec(proptest::num::f64::ANY, Feature::SLOTS),
        declines in 0_u32..20,
    ) {
        for model in SHIPPED.iter().chain(&*IMPORTED) {
            let mut features: SessionFeatures = Feature::all().zip(values.iter().copied()).collect();
            let declined = Feature::Count(SignalKind::PaymentDeclined);
            features.set(declined, f64::from(declines));
            let score = model.score(&features);
            let total = sum(score.baseline, &score.factors);
            prop_assert!(total.is_finite());
            prop_assert!(score.factors.iter().all(|factor| factor.log_odds.get().is_finite()));
            prop_assert_eq!(probability(total), score.abandonment);
            features.set(declined, f64::from(declines + 1));
            prop_assert!(model.score(&features).abandonment >= score.abandonment);
        }
    }
}
