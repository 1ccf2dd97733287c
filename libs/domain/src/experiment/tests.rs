//! What the assignment promises: it sticks, it is even, and experiments do not know of each other.

use uuid::Uuid;

use super::*;
use crate::id::{ShopperId, VisitorId};

const PERSONS: u32 = 100_000;

fn experiment(name: &str) -> ExperimentId {
    ExperimentId::parse(name).expect("an experiment")
}

fn share(basis_points: u32) -> BasisPoints {
    BasisPoints::new(basis_points).expect("a share")
}

/// Ids as they are made in bulk: version 7, one millisecond apart, hardly different from each other.
fn persons() -> impl Iterator<Item = PersonId> {
    (0..u128::from(PERSONS)).map(|number| {
        let uuid = Uuid::from_u128(0x0192_f0c1_0000_7000_8000_0000_0000_0000 + (number << 80));
        PersonId::Visitor(VisitorId::from_uuid(uuid))
    })
}

fn chi_squared(counts: &[u32], expected: f64) -> f64 {
    counts
        .iter()
        .map(|&count| (f64::from(count) - expected).powi(2) / expected)
        .sum()
}

fn counts(buckets: impl Iterator<Item = u64>, cells: u64) -> Vec<u32> {
    let mut counts = vec![0; usize::try_from(cells).expect("few")];
    for bucket in buckets {
        counts[usize::try_from(bucket * cells / BUCKETS).expect("few")] += 1;
    }
    counts
}

#[test]
fn persons_fall_evenly_into_buckets() {
    let summer = experiment("summer");
    let counts = counts(persons().map(|person| bucket(&summer, person)), 100);
    // 99 degrees of freedom: 148.2 is passed by chance once in a thousand times.
    let distance = chi_squared(&counts, f64::from(PERSONS) / 100.0);
    assert!(distance < 148.2, "chi-squared {distance}");
}

#[test]
fn the_holdout_has_the_share_it_was_given() {
    let summer = experiment("summer");
    let held_out = persons()
        .filter(|&person| Arm::assign(&summer, person, share(1_000)) == Arm::Holdout)
        .count();
    // Mean 10,000, standard deviation 95: four of them either way.
    assert!((9_620..=10_380).contains(&held_out), "{held_out}");
}

#[test]
fn experiments_are_independent_of_each_other() {
    // Names that differ in one character are the hard case for the hash.
    let (one, other) = (experiment("cart-1"), experiment("cart-2"));
    let mut counts = [0; 100];
    for person in persons() {
        let cell = bucket(&one, person) / 1_000 * 10 + bucket(&other, person) / 1_000;
        counts[usize::try_from(cell).expect("few")] += 1;
    }
    let distance = chi_squared(&counts, f64::from(PERSONS) / 100.0);
    assert!(distance < 148.2, "chi-squared {distance}");
}

#[test]
fn an_arm_sticks() {
    // Golden: these must never change, or people move between the arms of running experiments.
    let summer = experiment("summer");
    let uuid = Uuid::from_u128(0x0192_f0c1_1234_7abc_8def_0123_4567_89ab);
    let visitor = PersonId::Visitor(VisitorId::from_uuid(uuid));
    let shopper = PersonId::Shopper(ShopperId::from_uuid(uuid));
    assert_eq!(
        (bucket(&summer, visitor), bucket(&summer, shopper)),
        (8684, 4641)
    );
}

#[test]
fn the_ends_of_the_share_hold_nobody_or_everybody_out() {
    let summer = experiment("summer");
    for person in persons().take(10_000) {
        assert_eq!(
            Arm::assign(&summer, person, BasisPoints::ZERO),
            Arm::Treatment
        );
        assert_eq!(Arm::assign(&summer, person, BasisPoints::ALL), Arm::Holdout);
    }
}

#[test]
fn a_larger_holdout_keeps_all_who_were_held_out() {
    let summer = experiment("summer");
    for person in persons().take(10_000) {
        let small = Arm::assign(&summer, person, share(500));
        let large = Arm::assign(&summer, person, share(2_000));
        assert!(small == Arm::Treatment || large == Arm::Holdout);
    }
}
