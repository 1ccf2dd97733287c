//! Contacts between agents and shoppers: what they came to by the agent's word, by the shopper's, and by what followed.

use std::time::Duration;

use domain::fact::{Pointless, Resolution};
use serde::Serialize;

use super::view::{Case, View};
use crate::formulas::{Answers, Interval, Ratio, point_biserial};

/// First Contact Resolution - Proactive, three readings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct FirstContactResolution {
    pub(crate) declared: Ratio,
    pub(crate) confirmed: Ratio,
    pub(crate) observed: Ratio,
    pub(crate) observed_ordered: Ratio,
    pub(crate) follow_up_window: Duration,
}

/// Net Transaction Score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct NetTransactionScore {
    pub(crate) answers: [u64; 5],
    pub(crate) n: u64,
    pub(crate) score: Option<f64>,
    pub(crate) interval: Option<Interval>,
    pub(crate) response_rate: Ratio,
    pub(crate) buyers_less_others: Option<f64>,
    pub(crate) correlation_with_order: Option<f64>,
}

/// Lowest score by which a shopper confirms the help.
const HELPED: u8 = 4;

/// DOMAIN 4.1: persons who replied in a chat and ordered within the horizon ÷ persons who replied in one.
pub(super) fn conversion(view: &View<'_>) -> Ratio {
    let chatting = view.chatting_persons().into_iter();
    Ratio::of(chatting.map(|case| view.ordered_after_talk(case)))
}

/// DOMAIN 4.3. A contact that changed hands was not settled by the first of them, whoever says that it was settled.
pub(super) fn resolution(view: &View<'_>) -> FirstContactResolution {
    let wrapped = view
        .engaged()
        .filter_map(|case| Some((case, case.steps.last_wrap()?)));
    let surveyed = view
        .engaged()
        .filter_map(|case| Some((case, case.steps.survey.get()?)));
    let settled = || view.engaged().filter(|case| view.is_settled(case));
    let at_first = |case: &Case<'_>| !case.steps.changed_hands() && !view.issue_came_back(case);
    FirstContactResolution {
        declared: Ratio::of(wrapped.map(|(case, (_, wrap))| {
            wrap.resolution == Resolution::Resolved && !case.steps.changed_hands()
        })),
        confirmed: Ratio::of(
            surveyed.map(|(case, score)| score.get() >= HELPED && !case.steps.changed_hands()),
        ),
        observed: Ratio::of(settled().map(at_first)),
        observed_ordered: Ratio::of(
            settled()
                .filter(|case| at_first(case))
                .map(|case| view.ordered_after_talk(case)),
        ),
        follow_up_window: view.question.follow_up,
    }
}

/// DOMAIN 4.4: how much a contact helped with deciding on an order, hence of contacts in which there was one to win.
pub(super) fn score(view: &View<'_>) -> NetTransactionScore {
    let eligible = || view.cases.iter().filter(|case| case.is_eligible());
    let answered = || eligible().filter_map(|case| Some((case, case.steps.survey.get()?.get())));
    let all = Answers::of(answered().map(|(_, score)| score));
    let of = |buyers: Buyers| {
        let wanted = answered()
            .filter(move |(case, _)| view.ordered_after_talk(case) == (buyers == Buyers::Yes));
        Answers::of(wanted.map(|(_, score)| score))
    };
    let (buyers, others) = (of(Buyers::Yes), of(Buyers::No));
    let ended = eligible().filter(|case| !case.steps.wraps.is_empty());
    NetTransactionScore {
        answers: all.counts(),
        n: all.n(),
        score: all.score(),
        interval: all.interval(),
        response_rate: Ratio::of(ended.map(|case| case.steps.survey.is_known())),
        buyers_less_others: buyers
            .score()
            .zip(others.score())
            .map(|(buyers, others)| buyers - others),
        correlation_with_order: point_biserial(buyers, others),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Buyers {
    Yes,
    No,
}

/// Contacts in which the agent had to say no to what held the cart ÷ wrapped contacts.
pub(super) fn pointless(view: &View<'_>) -> Ratio {
    let wrapped = view
        .cases
        .iter()
        .filter(|case| !case.steps.wraps.is_empty());
    Ratio::of(wrapped.map(|case| {
        let mut wraps = case.steps.wraps.values();
        wraps.any(|wrap| wrap.pointless == Pointless::Yes)
    }))
}

/// DOMAIN 4.3: outreaches that an undesirable contact followed ÷ outreaches, also those that nobody answered: whoever
/// fears a scam does not reply to it.
pub(super) fn undesirable(view: &View<'_>) -> Ratio {
    Ratio::of(view.outreaches().map(|case| view.caused_trouble(case)))
}
