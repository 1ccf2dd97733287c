//! What an assessment promises: a likely cause that a replay finds again, and numbers that can be compared.

use std::hash::{BuildHasher, RandomState};

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn probability(value: f64) -> Probability {
    Probability::new(value).expect("a probability")
}

fn finding(cause: Cause, confidence: f64) -> CauseFinding {
    CauseFinding {
        cause,
        confidence: probability(confidence),
        evidence: vec![SignalKind::ExitIntent],
    }
}

fn assessment(causes: Vec<CauseFinding>) -> Assessment {
    let uuid = Uuid::from_u128(1);
    Assessment {
        id: AssessmentId::from_uuid(uuid),
        moment: MomentId::from_uuid(uuid),
        session: SessionId::from_uuid(uuid),
        model: ModelId::parse("scorecard").expect("a model"),
        model_version: 1,
        abandonment: probability(0.7),
        phase: RiskPhase::TransactionalFriction,
        causes,
        cause_table_version: Some(1),
        factors: vec![Factor {
            name: FactorName::parse("shipping shock").expect("a name"),
            log_odds: LogOdds::new(0.8).expect("log-odds"),
        }],
        baseline_log_odds: LogOdds::new(-0.4).expect("log-odds"),
        margin_at_risk: None,
        progress: Progress::Hesitating,
        assessed_at: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn the_likely_cause_is_the_surest() {
    let causes = vec![
        finding(Cause::ProductDoubt, 0.2),
        finding(Cause::PromoCode, 0.6),
    ];
    assert_eq!(assessment(causes).likely_cause(), Cause::PromoCode);
    assert_eq!(assessment(Vec::new()).likely_cause(), Cause::Unknown);
}

#[test]
fn equally_sure_causes_go_by_the_taxonomy() {
    let causes = [
        finding(Cause::PromoCode, 0.5),
        finding(Cause::ProductDoubt, 0.5),
    ];
    let reversed = causes.iter().rev().cloned().collect();
    assert_eq!(
        assessment(causes.to_vec()).likely_cause(),
        Cause::ProductDoubt
    );
    assert_eq!(assessment(reversed).likely_cause(), Cause::ProductDoubt);
}

#[test]
fn findings_are_sorted_surest_first() {
    let sorted = strongest_first(vec![
        finding(Cause::Distraction, 0.1),
        finding(Cause::PromoCode, 0.5),
        finding(Cause::ProductDoubt, 0.5),
    ]);
    let causes: Vec<Cause> = sorted.iter().map(|finding| finding.cause).collect();
    assert_eq!(
        causes,
        [Cause::ProductDoubt, Cause::PromoCode, Cause::Distraction]
    );
}

#[test]
fn numbers_that_are_no_scores_are_refused() {
    for value in [
        -0.1,
        1.1,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -f64::MIN_POSITIVE,
    ] {
        assert_eq!(
            Probability::new(value),
            Err(InvalidScore::Probability),
            "{value}"
        );
    }
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(LogOdds::new(value), Err(InvalidScore::LogOdds), "{value}");
    }
    assert!(serde_json::from_str::<Probability>("1.5").is_err());
}

#[test]
fn negative_zero_is_zero() {
    assert!(probability(-0.0).get().is_sign_positive());
    assert_eq!(LogOdds::new(-0.0), Ok(LogOdds::ZERO));
}

#[test]
fn an_assessment_survives_json() {
    let assessment = assessment(vec![finding(Cause::PromoCode, 0.5)]);
    let json = serde_json::to_string(&assessment).expect("json");
    assert_eq!(
        serde_json::from_str::<Assessment>(&json).expect("an assessment"),
        assessment
    );
}

proptest! {
    #[test]
    fn order_and_hash_agree_with_the_numbers(one in 0.0..=1.0_f64, other in 0.0..=1.0_f64) {
        let hasher = RandomState::new();
        prop_assert_eq!(Some(probability(one).cmp(&probability(other))), one.partial_cmp(&other));
        prop_assert_eq!(hasher.hash_one(probability(one)), hasher.hash_one(probability(one)));
    }
}
