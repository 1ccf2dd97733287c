//! The steps that rest on what the world answers.

use proptest::prelude::*;

use super::*;
use crate::matching::Places;

fn prospect(play: &Play, authority: Authority, free: u32) -> Prospect<'_> {
    Prospect {
        play,
        authority,
        places: Places { free, promised: 0 },
    }
}

fn primary(settled: Option<Settled<'_>>) -> Option<BlockReason> {
    settled.unwrap().block.map(|block| block.primary())
}

#[test]
fn the_first_play_that_passes_is_picked() {
    let (best, next) = (a_play("best", 900), a_play("next", 500));
    let settled = settle(
        &[
            prospect(&best, Authority::NotEmpowered, 3),
            prospect(&next, Authority::Empowered, 1),
        ],
        Vec::new(),
    )
    .unwrap();

    assert_eq!((settled.play, settled.block), (&next, None));
    assert_eq!(settled.steps.last().unwrap().name, StepName::Pick);
}

#[test]
fn without_any_the_best_is_blocked_with_its_own_reasons() {
    let (best, next) = (a_play("best", 900), a_play("next", 500));
    let settled = settle(
        &[
            prospect(&best, Authority::BudgetExhausted, 0),
            prospect(&next, Authority::NotEmpowered, 1),
        ],
        Vec::new(),
    )
    .unwrap();

    let reasons: Vec<BlockReason> = settled.block.unwrap().reasons().collect();
    assert_eq!(settled.play, &best);
    assert_eq!(reasons, [BlockReason::Budget, BlockReason::NoAgent]);
}

#[test]
fn each_lack_of_authority_has_its_reason() {
    let play = a_play("a", 500);
    for (authority, reason) in [
        (Authority::NotEmpowered, BlockReason::NotEmpowered),
        (Authority::BudgetExhausted, BlockReason::Budget),
        (Authority::MarginTooLow, BlockReason::Margin),
    ] {
        let settled = settle(&[prospect(&play, authority, 1)], Vec::new());
        assert_eq!(primary(settled), Some(reason));
    }
}

#[test]
fn with_nobody_there_the_reason_is_that_nobody_is() {
    let play = a_play("a", 500);
    let settled = settle(&[prospect(&play, Authority::NobodyToAsk, 0)], Vec::new());

    assert_eq!(primary(settled), Some(BlockReason::NoAgent));
}

#[test]
fn an_agent_who_came_after_the_question_does_not_count() {
    let play = a_play("a", 500);
    let settled = settle(&[prospect(&play, Authority::NobodyToAsk, 1)], Vec::new());

    assert_eq!(primary(settled), Some(BlockReason::NoAgent));
}

#[test]
fn an_agent_who_is_promised_to_others_is_waited_for() {
    let play = a_play("a", 500);
    for (promised, reason) in [
        (1, None),
        (2, Some(BlockReason::Pacing)),
        (3, Some(BlockReason::Pacing)),
    ] {
        let prospect = Prospect {
            places: Places { free: 2, promised },
            ..prospect(&play, Authority::Empowered, 2)
        };
        assert_eq!(primary(settle(&[prospect], Vec::new())), reason);
    }
}

#[test]
fn a_notice_that_only_concedes_has_nobody_to_grant_it() {
    let play = on(Channel::OnPage, a_play("a", 500));
    let settled = settle(&[prospect(&play, Authority::NobodyToAsk, 0)], Vec::new());

    assert_eq!(primary(settled), Some(BlockReason::NotEmpowered));
}

#[test]
fn a_notice_needs_nobody() {
    let play = on(Channel::OnPage, a_play("a", 500));
    let settled = settle(&[prospect(&play, Authority::Empowered, 0)], Vec::new());

    assert_eq!(primary(settled), None);
}

#[test]
fn nothing_comes_of_nothing() {
    assert_eq!(settle(&[], Vec::new()), None);
}

proptest! {
    #[test]
    fn nothing_is_shown_while_nobody_can_answer(
        prospects in proptest::collection::vec((0_usize..5, 0_u32..3), 1..5),
    ) {
        const ALL: [Authority; 5] = [
            Authority::Empowered,
            Authority::NotEmpowered,
            Authority::BudgetExhausted,
            Authority::MarginTooLow,
            Authority::NobodyToAsk,
        ];
        let plays: Vec<Play> = (0..prospects.len()).map(|n| a_play(&format!("p{n}"), 1)).collect();
        let prospects: Vec<Prospect<'_>> = plays
            .iter()
            .zip(&prospects)
            .map(|(play, (authority, free))| prospect(play, ALL[*authority], *free))
            .collect();
        let settled = settle(&prospects, Vec::new()).unwrap();
        let picked = prospects.iter().find(|one| one.play == settled.play).unwrap();

        let could = |one: &Prospect<'_>| {
            one.places.free > 0 && one.authority == Authority::Empowered
        };
        prop_assert_eq!(settled.block.is_none(), could(picked));
        prop_assert_eq!(settled.block.is_none(), prospects.iter().any(could));
    }
}
