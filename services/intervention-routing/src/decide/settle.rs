//! The second half of a decision: who may remedy the cause, who can answer, and which play is worth most.

use domain::block::{Block, BlockReason};

use super::gate::reasons;
use super::{Settled, Step, StepName};
use crate::matching::Places;
use crate::play::Play;

/// What the world says of one play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Prospect<'a> {
    /// The play.
    pub(crate) play: &'a Play,
    /// Whether anyone available may remedy the cause.
    pub(crate) authority: Authority,
    /// The room that agents have for it, and what open invitations and waiting tasks may still ask of it. None for a play
    /// without an agent.
    pub(crate) places: Places,
}

/// What offer-authorization says of a play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Authority {
    /// Not asked, as there is nobody available who could grant anything.
    NobodyToAsk,
    /// At least one remedy of the ladder fits the cause and may be granted.
    Empowered,
    /// Nobody available may.
    NotEmpowered,
    /// Somebody may, but the budget or purse has no room.
    BudgetExhausted,
    /// Somebody may, but the margin does not allow it.
    MarginTooLow,
}

/// Ends a decision. `prospects` are in the order of their worth, so the first that passes is picked.
///
/// Gives `None` only for no prospects at all.
pub(crate) fn settle<'a>(prospects: &[Prospect<'a>], mut steps: Vec<Step>) -> Option<Settled<'a>> {
    let judged: Vec<(&Prospect<'a>, [Step; 2])> = prospects
        .iter()
        .map(|prospect| (prospect, [empowerment(prospect), capacity(prospect)]))
        .collect();
    let picked = judged
        .iter()
        .find(|(_, trail)| reasons(trail).next().is_none())
        .or_else(|| judged.first());
    let (prospect, trail) = picked?;
    let block = Block::from_reasons(reasons(trail));
    steps.extend(trail.iter().cloned());
    steps.push(match block {
        Some(_) => Step::skipped(StepName::Pick),
        None => Step::passed(StepName::Pick, pick_detail(prospect.play, prospects.len())),
    });
    Some(Settled {
        play: prospect.play,
        block,
        steps,
    })
}

fn empowerment(prospect: &Prospect<'_>) -> Step {
    let refused = |reason, detail: &str| Step::refused(StepName::Empowerment, reason, detail);
    match prospect.authority {
        Authority::NobodyToAsk if prospect.play.rule.needs_agent() => {
            Step::skipped(StepName::Empowerment)
        }
        Authority::NobodyToAsk => refused(
            BlockReason::NotEmpowered,
            "the play grants something, and has nobody to grant it",
        ),
        Authority::Empowered => Step::passed(
            StepName::Empowerment,
            "a remedy for the cause may be granted",
        ),
        Authority::NotEmpowered => refused(
            BlockReason::NotEmpowered,
            "nobody available may grant a remedy for the cause",
        ),
        Authority::BudgetExhausted => {
            refused(BlockReason::Budget, "the budget or purse has no room")
        }
        Authority::MarginTooLow => refused(BlockReason::Margin, "the margin does not allow it"),
    }
}

fn capacity(prospect: &Prospect<'_>) -> Step {
    if !prospect.play.rule.needs_agent() {
        return Step::passed(StepName::Capacity, "no agent is needed");
    }
    // INVARIANT: an agent who came after the question does not count: nobody knows what they may grant.
    let places = match prospect.authority {
        Authority::NobodyToAsk => Places::default(),
        Authority::Empowered
        | Authority::NotEmpowered
        | Authority::BudgetExhausted
        | Authority::MarginTooLow => prospect.places,
    };
    let Places { free, promised } = places;
    let refused = |reason, detail| Step::refused(StepName::Capacity, reason, detail);
    if free == 0 {
        return refused(BlockReason::NoAgent, "no agent can answer now".to_owned());
    }
    let detail = format!("agents can take {free}, and {promised} are promised");
    if places.are_left() {
        Step::passed(StepName::Capacity, detail)
    } else {
        refused(BlockReason::Pacing, detail)
    }
}

fn pick_detail(play: &Play, of: usize) -> String {
    format!(
        "{} by expected incremental margin, of {of}",
        play.id.as_str()
    )
}
