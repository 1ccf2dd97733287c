//! What is reported of a session beside its moments: facts for measurement, how it ended, and what it adds to the history
//! of its person. Pure, and each told once.
//!
//! A session counts for one person: the shopper when known, else the visitor. So the histories of both stay apart, a
//! person who becomes known has the sum of them, and a link that is taken back moves what was counted.

use std::collections::BTreeMap;

use domain::fact::{Ending, FactBody};
use domain::id::{OrderId, PersonId};
use domain::moment::VisitHistory;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::{Event, Payload, PersonEvent};
use crate::fold::State;
use crate::packed::pack_fields;

/// What has been reported of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reported {
    ending: Option<Ending>,
    orders: BTreeMap<OrderId, ReportedOrder>,
    /// For whom the session was counted, and as what.
    counted: Option<(PersonId, Counts)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct ReportedOrder {
    placed: bool,
    cancelled: bool,
}

/// What a session adds to the counts of its person. Negative where it takes back what it added before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) sessions: i64,
    pub(crate) carts: i64,
    pub(crate) orders: i64,
    pub(crate) abandonments: i64,
}

/// What is to be told now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) facts: Vec<(Timestamp, FactBody)>,
    /// How the session ended, and when, if that is new.
    pub(crate) outcome: Option<(Ending, Timestamp)>,
    /// What it adds to whose history.
    pub(crate) counts: Vec<(PersonId, Counts)>,
}

impl Reported {
    /// What is new in a state, with the contacts that came since.
    pub(crate) fn next(
        &mut self,
        state: &State,
        contacts: impl IntoIterator<Item = (Timestamp, FactBody)>,
    ) -> Report {
        let mut report = Report::default();
        report.facts.extend(contacts);
        for (id, order) in &state.orders {
            let reported = self.orders.entry(id.clone()).or_default();
            if let Some(placed) = order.placed
                && !std::mem::replace(&mut reported.placed, true)
            {
                let body = FactBody::OrderPlaced {
                    order: id.clone(),
                    value: placed.value,
                    margin: placed.margin,
                };
                report.facts.push((placed.at, body));
            }
            if let Some(at) = order.cancelled_at
                && !std::mem::replace(&mut reported.cancelled, true)
            {
                let body = FactBody::OrderCancelled { order: id.clone() };
                report.facts.push((at, body));
            }
        }
        self.note_ending(state, &mut report);
        report
    }

    /// A session is measured once, at its first end. A later order corrects the outcome and the person's history; in
    /// the measurement it is an order of its own.
    fn note_ending(&mut self, state: &State, report: &mut Report) {
        let Some(ending) = state.ending() else { return };
        let ended_at = state
            .sold_at
            .or(state.ended_at)
            .unwrap_or(state.last_event_at());
        if self.ending.is_none() {
            let body = FactBody::SessionEnded {
                ending,
                phase_reached: Some(state.phase_reached),
                cart_value: (!state.cart.is_empty()).then(|| state.cart.value()),
            };
            report.facts.push((ended_at, body));
        }
        if self.ending != Some(ending) {
            self.ending = Some(ending);
            report.outcome = Some((ending, ended_at));
        }
        let counted = (state.person(), Counts::of(state, ending));
        report.counts = corrections(self.counted.replace(counted), counted);
    }
}

/// What turns the counts of before into those of now. They move when the session turns out to be another person's.
fn corrections(
    before: Option<(PersonId, Counts)>,
    (person, now): (PersonId, Counts),
) -> Vec<(PersonId, Counts)> {
    let none = Counts::default();
    let corrections = match before {
        Some((same, counts)) if same == person => vec![(person, now.less(counts))],
        Some((other, counts)) => vec![(other, none.less(counts)), (person, now)],
        None => vec![(person, now)],
    };
    let news = corrections
        .into_iter()
        .filter(|(_, counts)| *counts != none);
    news.collect()
}

impl Counts {
    fn of(state: &State, ending: Ending) -> Self {
        let orders = state.orders.values().filter(|order| order.placed.is_some());
        Self {
            sessions: 1,
            carts: i64::from(state.cart_adds.count > 0),
            orders: i64::try_from(orders.count()).unwrap_or(i64::MAX),
            abandonments: i64::from(ending == Ending::Abandoned),
        }
    }

    fn less(self, other: Self) -> Self {
        Self {
            sessions: self.sessions.saturating_sub(other.sessions),
            carts: self.carts.saturating_sub(other.carts),
            orders: self.orders.saturating_sub(other.orders),
            abandonments: self.abandonments.saturating_sub(other.abandonments),
        }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            sessions: self.sessions.saturating_add(other.sessions),
            carts: self.carts.saturating_add(other.carts),
            orders: self.orders.saturating_add(other.orders),
            abandonments: self.abandonments.saturating_add(other.abandonments),
        }
    }

    /// The history that a new session of the person starts from.
    pub(crate) fn history(self) -> VisitHistory {
        let count = |n: i64| u32::try_from(n.max(0)).unwrap_or(u32::MAX);
        VisitHistory {
            earlier_sessions: count(self.sessions),
            earlier_carts: count(self.carts),
            earlier_orders: count(self.orders),
            earlier_abandonments: count(self.abandonments),
        }
    }
}

/// The fact that a contact is.
pub(crate) fn contact(event: &Event) -> Option<(Timestamp, FactBody)> {
    let Payload::Person(PersonEvent::ContactReceived {
        channel,
        follow_up,
        issue,
    }) = &event.payload
    else {
        return None;
    };
    let body = FactBody::ContactReceived {
        channel: *channel,
        follow_up: *follow_up,
        issue: issue.clone(),
    };
    Some((event.occurred_at, body))
}

pack_fields! {
    Reported { ending, orders, counted }
    ReportedOrder { placed, cancelled }
    Counts { sessions, carts, orders, abandonments }
}

#[cfg(test)]
mod tests;
