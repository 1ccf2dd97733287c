use std::collections::BTreeSet;
use std::time::Duration;

use domain::phase::RiskPhase;

use super::*;

#[test]
fn every_risk_phase_and_every_cause_with_a_remedy_is_shown() {
    let causes: BTreeSet<Cause> = SCENES.iter().map(|scene| scene.cause).collect();
    let phases: BTreeSet<RiskPhase> = causes.iter().filter_map(|cause| cause.phase()).collect();

    assert_eq!(phases.len(), RiskPhase::ALL.len());
    for cause in [
        Cause::ProductDoubt,
        Cause::PolicyDoubt,
        Cause::UnexpectedCost,
        Cause::PromoCode,
        Cause::PaymentFriction,
        Cause::AccountOrForm,
        Cause::TechnicalFault,
        Cause::DeliveryDoubt,
    ] {
        assert!(causes.contains(&cause), "{cause}");
    }
}

#[test]
fn names_are_unique_and_nobody_pauses_long_enough_to_look_idle() {
    let names: BTreeSet<&str> = SCENES.iter().map(|scene| scene.name).collect();

    assert_eq!(names.len(), SCENES.len());
    for scene in SCENES {
        let longest = scene.beats.iter().map(|beat| beat.pause).max().unwrap();
        assert!(longest < Duration::from_secs(1), "{}", scene.name);
        assert!(!scene.ends.is_empty(), "{}", scene.name);
    }
}
