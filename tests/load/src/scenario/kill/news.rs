//! What was told downstream, held against what must have been: everything once by its id, whatever was killed meanwhile.
//! Pure.

use std::collections::{HashMap, HashSet};

use proto::fact::v1::Ending;
use proto::moment::v1::MomentKind;
use serde::Serialize;

use super::super::model::Model;
use crate::numbers::count;
use crate::upstreams::{About, Ledger, Told};

/// What became of the messages.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct News {
    /// Moments, outcomes and facts, by their ids.
    pub(super) messages: u64,
    /// Of these, delivered more than once: the server died before it had noted that. Their receivers know them by the id.
    pub(super) delivered_again: u64,
    /// The same news under two ids.
    pub(super) told_twice: u64,
    /// News that must have been told and was not. Absent where nobody waited for them.
    pub(super) missing: Option<u64>,
    /// Of orders that nobody has placed, or not so.
    pub(super) unknown: u64,
    /// An id that came with another content.
    pub(super) changed: u64,
}

impl News {
    /// Judges what was told of the sessions of a model, all of which have sent everything, and had the time to be told of.
    pub(super) fn of(model: &Model, ledger: &Ledger) -> Self {
        let mut told: HashMap<&About, u32> = HashMap::new();
        for Told { about, .. } in ledger.messages() {
            *told.entry(about).or_default() += 1;
        }
        let repeated = ledger.messages().filter(|told| told.times > 1);
        let twice = told.values().map(|ids| u64::from(ids - 1));
        let due = due(model);
        let is_unknown = |about: &&&About| is_of_an_order(about) && !due.contains(**about);
        let mut missing = count(due.iter().filter(|about| !told.contains_key(about)).count());
        missing += silent_carts(model, &told);
        Self {
            messages: count(ledger.messages().count()),
            delivered_again: count(repeated.count()),
            told_twice: twice.sum(),
            missing: Some(missing),
            unknown: count(told.keys().filter(is_unknown).count()),
            changed: ledger.changed,
        }
    }

    /// News with which something is wrong.
    pub(super) fn wrong(&self) -> u64 {
        self.told_twice + self.missing.unwrap_or_default() + self.unknown + self.changed
    }
}

/// What must be told of the orders: each to both, and once that its session has ended so.
fn due(model: &Model) -> HashSet<About> {
    let mut due = HashSet::new();
    for (session, expected) in model.sessions() {
        for order in expected.orders() {
            due.insert(About::Moment {
                session: session.clone(),
                kind: MomentKind::OrderPlaced,
                trigger: None,
                order: Some(order.id.clone()),
                at: order.at,
            });
            due.insert(About::Order {
                session: session.clone(),
                order: order.id.clone(),
            });
            due.insert(About::End {
                session: session.clone(),
            });
            due.insert(About::Outcome {
                session: session.clone(),
                ending: Ending::Ordered,
            });
        }
    }
    due
}

/// Sessions with a cart and no order of which no moment was told. A first addition is told at once; only when it comes so late
/// that the cart has fallen idle meanwhile, that is told instead.
fn silent_carts(model: &Model, told: &HashMap<&About, u32>) -> u64 {
    let heard: HashSet<&String> = told.keys().filter_map(|about| moment_of(about)).collect();
    let silent = model.sessions().filter(|(session, expected)| {
        expected.has_cart() && expected.orders().is_empty() && !heard.contains(session)
    });
    count(silent.count())
}

/// The session of a moment.
fn moment_of(about: &About) -> Option<&String> {
    match about {
        About::Moment { session, .. } => Some(session),
        About::Order { .. } | About::End { .. } | About::Outcome { .. } => None,
    }
}

fn is_of_an_order(about: &About) -> bool {
    match about {
        About::Moment { kind, .. } => *kind == MomentKind::OrderPlaced,
        About::Order { .. } => true,
        About::Outcome { ending, .. } => *ending == Ending::Ordered,
        About::End { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use proto::convert::time::wire_timestamp;
    use proto::fact::v1::fact::Body;
    use proto::fact::v1::{Fact, OrderPlaced, SessionEnded};
    use proto::moment::v1::Moment;
    use proto::risk::v1::RecordOutcomeRequest;

    use super::super::super::model::tests::model;
    use super::*;

    const ORDER: &str = "order-1";

    fn moment(id: &str, kind: MomentKind, model: &Model) -> Moment {
        let (session, expected) = model.sessions().next().unwrap();
        let order = expected.orders().first();
        let at = order.and_then(|order| order.at);
        Moment {
            moment_id: id.to_owned(),
            session_id: session.clone(),
            kind: kind.into(),
            order_id: order.map(|order| order.id.clone()),
            occurred_at: at.map(wire_timestamp),
            ..Moment::default()
        }
    }

    fn fact(id: &str, body: Body, model: &Model) -> Fact {
        let (session, _) = model.sessions().next().unwrap();
        Fact {
            fact_id: id.to_owned(),
            session_id: Some(session.clone()),
            body: Some(body),
            ..Fact::default()
        }
    }

    /// Everything that must be told of a session with an order.
    fn all_told(model: &Model) -> Ledger {
        let (session, _) = model.sessions().next().unwrap();
        let mut ledger = Ledger::default();
        ledger.moment(&moment("mom_1", MomentKind::OrderPlaced, model));
        ledger.fact(&fact("fct_1", placed(ORDER), model));
        let ended = Body::SessionEnded(SessionEnded::default());
        ledger.fact(&fact("fct_2", ended, model));
        ledger.outcome(&RecordOutcomeRequest {
            request_id: "1".to_owned(),
            session_id: session.clone(),
            ending: Ending::Ordered.into(),
            ..RecordOutcomeRequest::default()
        });
        ledger
    }

    fn placed(order: &str) -> Body {
        Body::OrderPlaced(OrderPlaced {
            order_id: order.to_owned(),
            ..OrderPlaced::default()
        })
    }

    #[test]
    fn news_that_come_again_under_their_id_came_once() {
        let model = model(Some("1"));
        let mut ledger = all_told(&model);
        ledger.moment(&moment("mom_1", MomentKind::OrderPlaced, &model));

        let news = News::of(&model, &ledger);

        let expected = News {
            messages: 4,
            delivered_again: 1,
            missing: Some(0),
            ..News::default()
        };
        assert_eq!(news, expected);
        assert_eq!(news.wrong(), 0);
    }

    #[test]
    fn news_under_two_ids_were_told_twice() {
        let model = model(Some("1"));
        let mut ledger = all_told(&model);
        ledger.moment(&moment("mom_2", MomentKind::OrderPlaced, &model));
        ledger.fact(&fact("fct_3", placed(ORDER), &model));

        assert_eq!(News::of(&model, &ledger).told_twice, 2);
    }

    #[test]
    fn news_that_were_not_told_are_missing() {
        let ordered = model(Some("1"));
        assert_eq!(News::of(&ordered, &Ledger::default()).missing, Some(4));

        let cart = model(None);
        assert_eq!(News::of(&cart, &Ledger::default()).missing, Some(1));
        let mut told = Ledger::default();
        told.moment(&moment("mom_1", MomentKind::CartAdded, &cart));
        assert_eq!(News::of(&cart, &told).wrong(), 0);
    }

    #[test]
    fn an_order_that_nobody_has_placed_is_unknown() {
        let model = model(Some("1"));
        let mut ledger = all_told(&model);
        ledger.fact(&fact("fct_3", placed("order-7"), &model));

        assert_eq!(News::of(&model, &ledger).unknown, 1);
    }
}
