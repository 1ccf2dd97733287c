use domain::channel::Channel;
use domain::fact::FollowUp;
use domain::id::IssueCode;

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
    assert_eq!(report.visitor, expected);
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
    assert_eq!(report.visitor, expected);
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

    assert_eq!(kinds(&reported.next(&state, &events)), ["contact_received"]);
    assert_eq!(reported.next(&state, []), Report::default());
}
