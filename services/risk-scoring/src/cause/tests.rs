use std::time::Duration;

use domain::moment::MomentKind;
use domain::phase::RiskPhase;
use domain::time::earlier;
use proptest::prelude::*;
use testkit::builders::a_moment;

use super::*;

fn table() -> CauseTable {
    CauseTable::built_in().unwrap()
}

fn confidence_in(cause: Cause, moment: &Moment) -> f64 {
    findings(moment, &table())
        .iter()
        .find(|finding| finding.cause == cause)
        .map_or(0.0, |finding| finding.confidence.get())
}

#[test]
fn one_clear_sign_names_its_cause() {
    for (signal, cause, least) in [
        (SignalKind::PaymentDeclined, Cause::PaymentFriction, 0.9),
        (SignalKind::CouponRejected, Cause::PromoCode, 0.8),
        (SignalKind::ShippingShock, Cause::UnexpectedCost, 0.9),
        (SignalKind::PageFault, Cause::TechnicalFault, 0.9),
        (SignalKind::FormRetry, Cause::AccountOrForm, 0.8),
        (SignalKind::PolicyHunting, Cause::PolicyDoubt, 0.7),
        (SignalKind::LongDwellConfigurable, Cause::ProductDoubt, 0.8),
        (SignalKind::ShipmentLate, Cause::DeliveryDoubt, 0.9),
        (SignalKind::OrderStatusRepeat, Cause::DeliveryDoubt, 0.9),
        (SignalKind::CancelPageViewed, Cause::BuyersRemorse, 0.5),
    ] {
        let moment = a_moment().with_trigger(signal).build();
        let found = findings(&moment, &table());
        assert_eq!(found[0].cause, cause, "{signal}");
        assert_eq!(found[0].evidence, [signal]);
        assert!(found[0].confidence.get() >= least, "{signal}: {found:?}");
    }
}

#[test]
fn nothing_that_speaks_is_unknown() {
    for moment in [
        a_moment().build(),
        a_moment().with_trigger(SignalKind::ExitIntent).build(),
        a_moment().with_kind(MomentKind::OrderPlaced).build(),
    ] {
        let found = findings(&moment, &table());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].cause, Cause::Unknown);
        assert_eq!(found[0].confidence, Probability::ONE);
        assert!(found[0].evidence.is_empty());
    }
}

#[test]
fn idleness_is_distraction_only_where_it_is_alone() {
    let alone = a_moment().with_signal(SignalKind::CheckoutIdle, 1);
    assert_eq!(
        findings(&alone.clone().build(), &table())[0].cause,
        Cause::Distraction
    );

    let declined = alone
        .clone()
        .with_signal(SignalKind::PaymentDeclined, 1)
        .build();
    assert_eq!(
        findings(&declined, &table())[0].cause,
        Cause::PaymentFriction
    );
    assert!(confidence_in(Cause::Distraction, &declined) <= 0.0);

    let leaving = alone.with_signal(SignalKind::ExitIntent, 1).build();
    assert_eq!(findings(&leaving, &table())[0].cause, Cause::Unknown);
}

#[test]
fn the_newer_of_two_troubles_counts_more() {
    let mut moment = a_moment()
        .with_signal(SignalKind::CouponRejected, 1)
        .with_signal(SignalKind::PaymentDeclined, 1)
        .build();
    for (newer, expected) in [(1, Cause::PaymentFriction), (0, Cause::PromoCode)] {
        for (index, signal) in moment.signals.iter_mut().enumerate() {
            let age = if index == newer { 0 } else { 20 * 60 };
            signal.last_seen = earlier(moment.occurred_at, Duration::from_secs(age));
            signal.first_seen = signal.last_seen;
        }
        assert_eq!(findings(&moment, &table())[0].cause, expected);
    }
}

#[test]
fn tables_that_break_a_rule_are_refused() {
    let text = include_str!("../../models/causes.toml");
    for (from, to) in [
        ("half_life_minutes = 30.0", "half_life_minutes = 0.0"),
        ("first = 3.2", "first = -3.2"),
        ("first = 3.2", "first = nan"),
        ("phase_match = 0.5", "phase_match = 50.0"),
        (
            "cause = \"distraction\", first",
            "cause = \"unknown\", first",
        ),
        (
            "cause = \"unexpected_cost\", first = 0.4",
            "cause = \"unexpected_cost\", first = 4.0",
        ),
        ("signal = \"tax_shock\"", "signal = \"total_shock\""),
        ("phase_match = 0.5", ""),
    ] {
        assert!(text.contains(from), "{from}");
        assert!(
            CauseTable::parse(&text.replace(from, to)).is_err(),
            "{from} -> {to}"
        );
    }
}

fn signals() -> impl Strategy<Value = Vec<(SignalKind, u32, u64)>> {
    let kinds = proptest::sample::subsequence(SignalKind::ALL.to_vec(), 0..=8);
    kinds.prop_flat_map(|kinds| {
        kinds
            .into_iter()
            .map(|kind| (Just(kind), 1_u32..40, 0_u64..7_200))
            .collect::<Vec<_>>()
    })
}

fn moment_of(phase: RiskPhase, signals: &[(SignalKind, u32, u64)]) -> Moment {
    let mut moment = a_moment().with_phase(phase).build();
    for (kind, count, age) in signals {
        let seen = earlier(moment.occurred_at, Duration::from_secs(*age));
        moment.signals.push(Signal {
            kind: *kind,
            count: *count,
            first_seen: seen,
            last_seen: seen,
            dwell: Duration::ZERO,
        });
    }
    moment
}

/// An assessment between two causes, one of which an agent found to be the true one.
fn between(truth: Cause) -> Labelled {
    let other = if truth == Cause::PromoCode {
        Cause::PaymentFriction
    } else {
        Cause::PromoCode
    };
    let finding = |cause| CauseFinding {
        cause,
        confidence: Probability::new(0.5).unwrap(),
        evidence: Vec::new(),
    };
    Labelled {
        findings: vec![finding(truth), finding(other)],
        label: truth,
    }
}

proptest! {
    #[test]
    fn confidences_sum_to_one_at_most_and_are_sorted(
        phase in proptest::sample::select(RiskPhase::ALL),
        signals in signals(),
    ) {
        let found = findings(&moment_of(phase, &signals), &table());
        let sum: f64 = found.iter().map(|finding| finding.confidence.get()).sum();
        prop_assert!(sum <= 1.0 && sum > 0.999);
        prop_assert!(found.is_sorted_by(|one, other| one.confidence >= other.confidence));
        for finding in &found {
            prop_assert_eq!(finding.cause == Cause::Unknown, finding.evidence.is_empty());
        }
    }

    #[test]
    fn more_declines_never_lower_payment_friction(
        phase in proptest::sample::select(RiskPhase::ALL),
        signals in signals(),
        count in 0_u32..40,
        truth in proptest::sample::select(Cause::ALL),
    ) {
        let taught = Shifts::learn(&vec![between(truth); 100]);
        let others: Vec<_> = signals
            .into_iter()
            .filter(|(kind, _, _)| *kind != SignalKind::PaymentDeclined)
            .collect();
        let with = |count: u32| {
            let mut signals = others.clone();
            if count > 0 {
                signals.push((SignalKind::PaymentDeclined, count, 30));
            }
            let moment = moment_of(phase, &signals);
            let learned = weigh(&moment, &table(), &taught);
            let learned = learned.iter().find(|found| found.cause == Cause::PaymentFriction);
            (
                confidence_in(Cause::PaymentFriction, &moment),
                learned.map_or(0.0, |found| found.confidence.get()),
            )
        };
        let ((less, less_learned), (more, more_learned)) = (with(count), with(count + 1));
        prop_assert!(more >= less);
        prop_assert!(more_learned >= less_learned, "nor by what agents taught");
    }

    #[test]
    fn the_same_moment_has_the_same_causes(
        phase in proptest::sample::select(RiskPhase::ALL),
        signals in signals(),
    ) {
        let moment = moment_of(phase, &signals);
        prop_assert_eq!(findings(&moment, &table()), findings(&moment, &table()));
    }
}

#[test]
fn learned_versions_belong_to_one_built_in_table_and_run_out() {
    let table = CauseTable::built_in().unwrap();
    assert_eq!(table.version(), 1);
    assert_eq!(table.next_learned(None), Some(1_001));
    assert_eq!(table.next_learned(Some(1_041)), Some(1_042));
    assert_eq!(table.next_learned(Some(1_999)), None);
    for (version, of_this) in [
        (1, false),
        (1_000, false),
        (1_001, true),
        (1_999, true),
        (2_001, false),
    ] {
        assert_eq!(table.is_base_of(version), of_this, "{version}");
    }
}
