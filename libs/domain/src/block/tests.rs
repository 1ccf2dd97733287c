//! What a block promises: one primary reason, whatever the order in which reasons were found.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::BlockReason::{
    Budget, ConsentMissing, HigherPriorityPlay, Holdout, KillSwitch, NoAgent, NotEmpowered,
    Ordered, Pacing, QuietHours, Stale, ZoneUnknown,
};
use super::*;

#[test]
fn no_reason_is_no_block() {
    assert_eq!(Block::from_reasons([]), None);
}

#[test]
fn the_primary_reason_goes_by_rank_and_not_by_order_found() {
    for (found, primary) in [
        (vec![NoAgent, Ordered], Ordered),
        (vec![Holdout, KillSwitch, Stale], Stale),
        (
            vec![QuietHours, ConsentMissing, ZoneUnknown],
            ConsentMissing,
        ),
        (vec![NoAgent, Budget, NotEmpowered], NotEmpowered),
        (vec![HigherPriorityPlay, Pacing], Pacing),
    ] {
        let block = Block::from_reasons(found.clone()).expect("a block");
        assert_eq!(block.primary(), primary, "{found:?}");
    }
}

#[test]
fn the_rank_is_the_published_one() {
    let words: Vec<&str> = BlockReason::ALL
        .iter()
        .map(|reason| reason.as_str())
        .collect();
    assert_eq!(
        words.join(" "),
        "ordered stale kill_switch holdout consent_missing zone_unknown quiet_hours opening_hours page \
         frequency_cap cool_down existing_contact progressing not_empowered budget margin no_agent pacing \
         higher_priority_play"
    );
}

#[test]
fn others_are_ranked_and_counted_once() {
    let block = Block::from_reasons([NoAgent, Ordered, Budget, NoAgent, Ordered]).expect("a block");
    assert_eq!(block.others(), [Budget, NoAgent]);
    assert_eq!(
        block.reasons().collect::<Vec<_>>(),
        [Ordered, Budget, NoAgent]
    );
}

#[test]
fn serde_refuses_a_block_without_reason() {
    let block: Block = serde_json::from_str(r#"["no_agent","ordered"]"#).expect("a block");
    assert_eq!(block.primary(), Ordered);
    assert!(serde_json::from_str::<Block>("[]").is_err());
}

proptest! {
    #[test]
    fn the_order_found_never_matters(
        reasons in subsequence(BlockReason::ALL, 1..=BlockReason::ALL.len()).prop_shuffle(),
        again in select(BlockReason::ALL),
    ) {
        let block = Block::from_reasons(reasons.iter().copied());
        let repeated = reasons.contains(&again).then_some(again);
        let shuffled = Block::from_reasons(reasons.iter().rev().copied().chain(repeated));
        prop_assert_eq!(&block, &shuffled);
        let block = block.expect("at least one reason");
        prop_assert!(block.reasons().is_sorted());
        prop_assert_eq!(block.reasons().count(), reasons.len());
    }
}
