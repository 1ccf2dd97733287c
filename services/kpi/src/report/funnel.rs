//! From the assessed moment to the order, and why it ended on the way.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::block::BlockReason;
use domain::fact::{InvitationAnswer, Resolution};
use serde::Serialize;

use super::view::{Case, View};

/// Numbers of interventions that reached each step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Funnel {
    pub(crate) assessed_moments: u64,
    pub(crate) qualified: u64,
    pub(crate) held_out: u64,
    pub(crate) blocked: u64,
    pub(crate) shown: u64,
    pub(crate) accepted: u64,
    pub(crate) declined: u64,
    pub(crate) ignored: u64,
    pub(crate) reservations: u64,
    pub(crate) conversations: u64,
    pub(crate) engaged: u64,
    pub(crate) resolved: u64,
    pub(crate) ordered: u64,
    pub(crate) cancelled: u64,
    pub(crate) event_to_reservation: Latency,
}

/// Quantiles of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Latency {
    pub(crate) n: u64,
    pub(crate) p50: Option<Duration>,
    pub(crate) p95: Option<Duration>,
    pub(crate) p99: Option<Duration>,
}

/// How often a reason stood in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct BlockCount {
    pub(crate) reason: BlockReason,
    pub(crate) primary_count: u64,
    pub(crate) other_count: u64,
}

pub(super) fn funnel(view: &View<'_>) -> Funnel {
    let number =
        |wanted: fn(&Case<'_>) -> bool| count(view.cases.iter().filter(|case| wanted(case)));
    let answers = |wanted| {
        let cases = view.cases.iter();
        count(cases.filter(|case| case.steps.answered.get() == Some(&wanted)))
    };
    let waits = reservation_waits(view);
    let buyers = view
        .engaged_persons()
        .into_iter()
        .filter(|case| view.ordered_after_talk(case));
    Funnel {
        assessed_moments: assessed_moments(view),
        qualified: number(is_qualified),
        held_out: number(|case| case.steps.is_held_out()),
        blocked: number(|case| case.steps.blocked.is_known() && !case.steps.is_held_out()),
        shown: number(|case| case.steps.shown.is_known()),
        accepted: answers(InvitationAnswer::Accepted),
        declined: answers(InvitationAnswer::Declined),
        ignored: answers(InvitationAnswer::Ignored),
        reservations: count(waits.iter()),
        conversations: number(|case| case.steps.has_started()),
        engaged: number(|case| case.steps.engaged.is_known()),
        resolved: number(is_resolved),
        ordered: count(buyers),
        cancelled: number(|case| case.steps.cancelled.is_known() && !case.steps.has_started()),
        event_to_reservation: latency(waits),
    }
}

/// Each reason that stood in the way at least once, by rank.
pub(super) fn block_reasons(view: &View<'_>) -> Vec<BlockCount> {
    let mut counts: BTreeMap<BlockReason, (u64, u64)> = BTreeMap::new();
    for (_, block) in view
        .cases
        .iter()
        .filter_map(|case| case.steps.blocked.get())
    {
        counts.entry(block.primary()).or_default().0 += 1;
        for other in block.others() {
            counts.entry(*other).or_default().1 += 1;
        }
    }
    let rows = counts.into_iter();
    rows.map(|(reason, (primary_count, other_count))| BlockCount {
        reason,
        primary_count,
        other_count,
    })
    .collect()
}

/// All but those that were blocked before any play was chosen.
fn is_qualified(case: &Case<'_>) -> bool {
    let play = case.steps.blocked.get().map(|(play, _)| play.is_some());
    case.steps.assigned.is_known() || play.unwrap_or(true)
}

fn is_resolved(case: &Case<'_>) -> bool {
    let last = case.steps.last_wrap();
    last.is_some_and(|(_, wrap)| wrap.resolution == Resolution::Resolved)
}

/// Moments have no partner, so a partner sees none.
fn assessed_moments(view: &View<'_>) -> u64 {
    if view.question.partner.is_some() {
        return 0;
    }
    let moments = view.episodes.assessed_moments.iter();
    count(moments.filter(|stamp| view.question.window.holds(stamp.at)))
}

/// A partner's reservations are those made for its own agents, whoever talked to the shopper in the end.
fn reservation_waits(view: &View<'_>) -> Vec<Duration> {
    let wanted = view.question.partner.as_ref();
    let interventions = view.episodes.interventions.values();
    interventions
        .filter(|steps| {
            steps
                .began()
                .is_some_and(|began| view.question.window.holds(began.at))
        })
        .flat_map(|steps| steps.reservations.values())
        .filter(|reservation| wanted.is_none() || reservation.partner.as_ref() == wanted)
        .map(|reservation| reservation.since_event)
        .collect()
}

/// Quantiles by nearest rank: each one is a time that occurred.
fn latency(mut times: Vec<Duration>) -> Latency {
    times.sort_unstable();
    let quantile = |percent: usize| {
        let rank = (times.len() * percent).div_ceil(100);
        times.get(rank.checked_sub(1)?).copied()
    };
    Latency {
        n: count(times.iter()),
        p50: quantile(50),
        p95: quantile(95),
        p99: quantile(99),
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    items.fold(0, |count, _| count + 1)
}
