//! The set decides: neither order, nor repetition, nor the size of the portions.

use std::time::Duration;

use domain::fact::{Fact, FactBody};
use domain::id::{OrderId, PersonId, SessionId, ShopperId, VisitorId};
use domain::time::later;
use testkit::builders::{a_fact, usd};
use testkit::clock::start;
use testkit::ids::nth;

use super::*;

const W: Duration = Duration::from_hours(7 * 24);

fn order(n: u64, number: &str, seconds: u64) -> Fact {
    let order = OrderId::parse(number).unwrap();
    a_fact(FactBody::OrderPlaced {
        order,
        value: usd(500),
        margin: None,
    })
    .with_id(nth(n))
    .with_occurred_at(later(start(), Duration::from_secs(seconds)))
    .build()
}

fn cancelled(n: u64, number: &str, seconds: u64) -> Fact {
    let order = OrderId::parse(number).unwrap();
    a_fact(FactBody::OrderCancelled { order })
        .with_id(nth(n))
        .with_occurred_at(later(start(), Duration::from_secs(seconds)))
        .build()
}

fn fold(facts: &[Fact]) -> Episodes {
    let mut episodes = Episodes::default();
    for fact in facts {
        episodes.add(fact);
    }
    episodes
}

fn orders_within_w(facts: &[Fact], who: Who) -> usize {
    let episodes = fold(facts);
    let purchases = episodes.orders.by_person(&episodes.people);
    purchases.within(who, start(), W).count()
}

fn visitor() -> Who {
    Who::Person(order(1, "a", 0).person.unwrap())
}

#[test]
fn an_order_that_two_systems_report_counts_once_at_its_first_time() {
    let facts = [order(2, "a", 60), order(1, "a", 30)];

    let episodes = fold(&facts);
    let purchases = episodes.orders.by_person(&episodes.people);

    let after = |seconds| later(start(), Duration::from_secs(seconds));
    assert_eq!(purchases.within(visitor(), after(30), W).count(), 1);
    assert_eq!(purchases.within(visitor(), after(31), W).count(), 0);
}

#[test]
fn an_order_counts_from_the_start_until_before_the_horizon_ends() {
    let end = W.as_secs();

    assert_eq!(orders_within_w(&[order(1, "a", 0)], visitor()), 1);
    assert_eq!(orders_within_w(&[order(1, "a", end - 1)], visitor()), 1);
    assert_eq!(orders_within_w(&[order(1, "a", end)], visitor()), 0);
}

#[test]
fn a_cancellation_counts_within_the_horizon_only() {
    let end = W.as_secs();
    let placed = order(1, "a", 10);

    assert_eq!(
        orders_within_w(&[placed.clone(), cancelled(2, "a", end - 1)], visitor()),
        0
    );
    assert_eq!(
        orders_within_w(&[placed, cancelled(2, "a", end)], visitor()),
        1
    );
}

#[test]
fn a_visitor_who_logs_in_is_the_shopper_for_the_whole_session() {
    let session: SessionId = nth(9);
    let (visitor, shopper): (VisitorId, ShopperId) = (nth(10), nth(11));
    let before = Fact {
        person: Some(visitor.into()),
        session: Some(session),
        ..order(1, "a", 1)
    };
    let after = Fact {
        person: Some(shopper.into()),
        session: Some(session),
        ..order(2, "b", 2)
    };
    let elsewhere = Fact {
        person: Some(visitor.into()),
        session: Some(nth(12)),
        ..order(3, "c", 3)
    };
    let facts = [before, after, elsewhere];

    assert_eq!(
        orders_within_w(&facts, Who::Person(PersonId::Shopper(shopper))),
        2
    );
    assert_eq!(
        orders_within_w(&facts, Who::Person(PersonId::Visitor(visitor))),
        1
    );
}

#[test]
fn an_order_without_a_person_belongs_to_the_person_of_its_session() {
    let session: SessionId = nth(9);
    let visitor: VisitorId = nth(10);
    let named = Fact {
        person: Some(visitor.into()),
        session: Some(session),
        ..order(1, "a", 1)
    };
    let unnamed = Fact {
        person: None,
        session: Some(session),
        ..order(2, "b", 2)
    };

    let found = orders_within_w(&[unnamed, named], Who::Person(PersonId::Visitor(visitor)));

    assert_eq!(found, 2);
}

#[test]
fn steps_that_name_no_intervention_are_never_joined() {
    let step = |n| {
        let mut fact = a_fact(FactBody::InvitationShown).with_id(nth(n)).build();
        fact.intervention = None;
        fact
    };

    assert_eq!(fold(&[step(1), step(2), step(1)]).interventions.len(), 2);
}
