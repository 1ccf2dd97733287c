use domain::channel::Channel;
use domain::fact::FollowUp;
use domain::id::IssueCode;
use testkit::ids::nth;

use super::*;
use crate::event::OrderChange;
use crate::samples::{add, at, folded_until, of_order, order, search, timeline};

const HOUR: u64 = 3_600;

fn kinds(report: &Report) -> Vec<String> {
    let kind = |(_, body): &(Timestamp, FactBody)| {
        let json = serde_json::to_value(body).unwrap();
        json["kind"].as_str().unwrap().to_owned()
    };
    report.facts.iter().map(kind).collect()
}

fn visitor() -> PersonId {
    PersonId::Visitor(nth(1))
}

fn link(n: u64) -> Payload {
    Payload::Person(PersonEvent::IdentityLinked(nth(n)))
}

#[test]
fn a_session_counts_for_the_shopper_when_known() {
    let mut reported = Reported::default();

    let report = reported.next(&folded_until(HOUR, [(0, add("shoe")), (9, link(7))]), []);

    let abandoned = Counts {
        sessions: 1,
        carts: 1,
        orders: 0,
        abandonments: 1,
    };
    assert_eq!(report.counts, [(PersonId::Shopper(nth(7)), abandoned)]);
}

/// Nothing is counted twice, and nothing lost, however often the shop changes its mind.
#[test]
fn counts_move_with_the_person() {
    let unlink = |n: u64| Payload::Person(PersonEvent::IdentityUnlinked(nth(n)));
    let acts = [
        (0, add("shoe")),
        (9, link(7)),
        (HOUR, link(8)),
        (HOUR, unlink(8)),
        (HOUR, unlink(7)),
    ];
    let mut reported = Reported::default();
    let mut histories: BTreeMap<PersonId, Counts> = BTreeMap::new();
    let mut owners = Vec::new();
    for known in 1..=acts.len() {
        let state = folded_until(2 * HOUR, acts[..known].to_vec());
        for (person, added) in reported.next(&state, []).counts {
            let counts = histories.entry(person).or_default();
            *counts = counts.plus(added);
        }
        let of = |counts: &Counts| (counts.sessions, counts.carts, counts.abandonments);
        let counted = histories
            .iter()
            .filter(|(_, counts)| **counts != Counts::default());
        let counted: Vec<_> = counted
            .map(|(person, counts)| (*person, of(counts)))
            .collect();
        assert_eq!(counted, [(state.person(), (1, 1, 1))]);
        owners.push(state.person());
    }
    let shopper = |n| PersonId::Shopper(nth(n));
    assert_eq!(
        owners,
        [visitor(), shopper(7), shopper(8), shopper(7), visitor()]
    );
}

#[test]
fn an_abandoned_cart_is_reported_at_its_end() {
    let mut reported = Reported::default();
    let acts = || [(0, add("shoe"))];
    let running = reported.next(&folded_until(60, acts()), []);

    let report = reported.next(&folded_until(HOUR, acts()), []);

    assert_eq!(running, Report::default());
    assert_eq!(kinds(&report), ["session_ended"]);
    assert_eq!(report.outcome, Some((Ending::Abandoned, at(1_800))));
    let expected = Counts {
        sessions: 1,
        carts: 1,
        orders: 0,
        abandonments: 1,
    };
    assert_eq!(report.counts, [(visitor(), expected)]);
    let again = reported.next(&folded_until(2 * HOUR, acts()), []);
    assert_eq!(again, Report::default());
}

#[test]
fn an_order_after_the_end_corrects_outcome_and_history() {
    let mut reported = Reported::default();
    reported.next(&folded_until(HOUR, [(0, add("shoe"))]), []);

    let report = reported.next(
        &folded_until(2 * HOUR, [(0, add("shoe")), (HOUR, order("A-1"))]),
        [],
    );

    assert_eq!(kinds(&report), ["order_placed"]);
    assert_eq!(report.outcome, Some((Ending::Ordered, at(HOUR))));
    let expected = Counts {
        sessions: 0,
        carts: 0,
        orders: 1,
        abandonments: -1,
    };
    assert_eq!(report.counts, [(visitor(), expected)]);
}

#[test]
fn an_order_that_comes_late_corrects_what_was_said_of_the_end() {
    let mut reported = Reported::default();
    reported.next(&folded_until(HOUR, [(0, add("shoe"))]), []);

    let late = [(0, add("shoe")), (60, order("A-1"))];
    let report = reported.next(&folded_until(HOUR, late.clone()), []);

    assert_eq!(kinds(&report), ["order_placed"]);
    assert_eq!(report.outcome, Some((Ending::Ordered, at(60))));
    let [(person, counts)] = report.counts.as_slice() else {
        panic!("{:?}", report.counts);
    };
    assert_eq!(*person, visitor());
    assert_eq!((counts.orders, counts.abandonments), (1, -1));
    assert_eq!(
        reported.next(&folded_until(2 * HOUR, late), []),
        Report::default()
    );
}

#[test]
fn a_cancelled_order_is_a_fact_of_its_own() {
    let mut reported = Reported::default();
    reported.next(&folded_until(9, [(0, order("A-1"))]), []);
    let cancelled = || {
        [
            (0, order("A-1")),
            (10, of_order("A-1", OrderChange::Cancelled)),
        ]
    };

    let report = reported.next(&folded_until(20, cancelled()), []);

    assert_eq!(kinds(&report), ["order_cancelled"]);
    assert_eq!(
        reported.next(&folded_until(30, cancelled()), []),
        Report::default()
    );
}

#[test]
fn a_contact_is_reported_when_its_event_is_fresh() {
    let contact = Payload::Person(PersonEvent::ContactReceived {
        channel: Channel::Chat,
        follow_up: FollowUp::Unrelated,
        issue: IssueCode::parse("wismo").unwrap(),
    });
    let events = timeline([(0, search()), (5, contact.clone())]);
    let state = folded_until(5, [(0, search()), (5, contact)]);
    let mut reported = Reported::default();

    let contacts = events.iter().filter_map(super::contact);
    assert_eq!(
        kinds(&reported.next(&state, contacts)),
        ["contact_received"]
    );
    assert_eq!(reported.next(&state, []), Report::default());
}
