//! The first half of a decision: all that needs no question to the world.

use domain::block::{Block, BlockReason};
use domain::experiment::Arm;
use domain::moment::MomentKind;
use domain::phase::RiskPhase;

use super::qualify::matching;
use super::{Closed, Gate, Simulated, Situation, Step, StepName, Verdict, Withheld, checks};
use crate::play::Play;

/// Takes a decision as far as it goes without asking the world.
pub(crate) fn gate<'a>(situation: &Situation<'a>) -> Gate<'a> {
    let mut steps = Vec::new();
    let plays = match candidates(situation, &mut steps) {
        Ok(plays) => plays,
        Err(closed) => return Gate::Closed { closed, steps },
    };
    let Some(&best) = plays.first() else {
        let closed = Closed::NotQualified;
        return Gate::Closed { closed, steps };
    };
    // INVARIANT: the arm is drawn before anything that depends on consent, the hour or a free agent, or the arms would
    // differ.
    match arm(best, situation) {
        Arm::Holdout => {
            let detail = "the person is held out of the experiment";
            steps.push(Step::refused(
                StepName::Assign,
                BlockReason::Holdout,
                detail,
            ));
            Gate::Withheld {
                play: best,
                how: Withheld::HeldOut,
                steps,
            }
        }
        Arm::Treatment => {
            steps.push(Step::passed(StepName::Assign, "the person is in treatment"));
            block_or_open(plays, situation, steps)
        }
    }
}

/// The plays that match and are new in the session, the best first; never none.
fn candidates<'a>(
    situation: &Situation<'a>,
    steps: &mut Vec<Step>,
) -> Result<Vec<&'a Play>, Closed> {
    if sells_to_a_buyer(situation) {
        let detail = "the order is placed: nothing is left to sell";
        steps.push(Step::refused(StepName::Order, BlockReason::Ordered, detail));
        return Err(Closed::Ordered);
    }
    steps.push(Step::passed(StepName::Order, "no order stands in the way"));
    let qualified = matching(situation);
    let Some(best) = qualified.first().map(|play| play.id.clone()) else {
        let detail = "no live play matches the moment";
        steps.push(Step::ended(StepName::Qualify, detail));
        return Err(Closed::NotQualified);
    };
    let matched = format!("matched {}", names(&qualified));
    steps.push(Step::passed(StepName::Qualify, matched));
    let new: Vec<&Play> = qualified
        .into_iter()
        .filter(|play| !situation.record.qualified_plays.contains(&play.id))
        .collect();
    if new.is_empty() {
        let detail = "they qualified in this session before";
        steps.push(Step::ended(StepName::Dedupe, detail));
        return Err(Closed::Duplicate { play: best });
    }
    let detail = format!("new in this session: {}", names(&new));
    steps.push(Step::passed(StepName::Dedupe, detail));
    Ok(new)
}

/// What one play alone would make of a stored moment: whether it matches, and every reason against it.
pub(crate) fn simulate(play: &Play, situation: &Situation<'_>) -> Simulated {
    if sells_to_a_buyer(situation) || matching(situation).is_empty() {
        return Simulated::NotQualified;
    }
    let held_out = match arm(play, situation) {
        Arm::Holdout => Some(BlockReason::Holdout),
        Arm::Treatment => None,
    };
    let trail = checks::all(play, situation);
    Simulated::Qualified {
        reasons: held_out.into_iter().chain(reasons(&trail)).collect(),
    }
}

/// The arm of the person: the one they have, else by hash of person and experiment, so the same over sessions, plays,
/// channels and names.
fn arm(play: &Play, situation: &Situation<'_>) -> Arm {
    let share = play.rule.holdout.unwrap_or(situation.rules.holdout);
    let person = situation.moment.person();
    let drawn = || Arm::assign(&situation.rules.experiment, person, share);
    situation.record.arm.unwrap_or_else(drawn)
}

/// Whether the moment tells of an order, or comes from a selling phase although an order is placed.
fn sells_to_a_buyer(situation: &Situation<'_>) -> bool {
    let selling = situation.assessment.phase != RiskPhase::PostClickAnxiety;
    situation.moment.kind == MomentKind::OrderPlaced
        || (selling && situation.moment.order.is_some())
}

/// Checks each play; the ones without a reason against them go on, else the best one is blocked with all its reasons.
fn block_or_open<'a>(
    plays: Vec<&'a Play>,
    situation: &Situation<'a>,
    mut steps: Vec<Step>,
) -> Gate<'a> {
    let checked: Vec<(&Play, Vec<Step>)> = plays
        .into_iter()
        .map(|play| (play, checks::all(play, situation)))
        .collect();
    let open: Vec<&Play> = checked
        .iter()
        .filter(|(_, trail)| reasons(trail).next().is_none())
        .map(|(play, _)| *play)
        .collect();
    let shown = open.first().copied();
    let trail = checked
        .into_iter()
        .find(|(play, _)| shown.is_none_or(|best| best.id == play.id));
    let Some((play, trail)) = trail else {
        return Gate::Closed {
            closed: Closed::NotQualified,
            steps,
        };
    };
    let block = Block::from_reasons(reasons(&trail));
    steps.extend(trail);
    match block {
        Some(block) => Gate::Withheld {
            play,
            how: Withheld::Blocked(block),
            steps,
        },
        None => Gate::Open { plays: open, steps },
    }
}

/// The reasons that steps gave.
pub(super) fn reasons(steps: &[Step]) -> impl Iterator<Item = BlockReason> + '_ {
    steps.iter().filter_map(|step| match step.verdict {
        Verdict::Refused { reason } => reason,
        Verdict::Passed | Verdict::Skipped => None,
    })
}

fn names(plays: &[&Play]) -> String {
    let ids: Vec<&str> = plays.iter().map(|play| play.id.as_str()).collect();
    ids.join(", ")
}
