//! A session by itself, and in its compact form.

use testkit::ids::nth;

use super::*;
use crate::event::Event;
use crate::packed;
use crate::samples::{add, at, event, order, remove, rules, search};

fn taken(events: &[Event]) -> Session {
    let mut session = Session::new(VisitHistory::default());
    for event in events {
        assert_eq!(session.take(event, &rules()), Taken::New);
    }
    session.decide(at(60), 1, &rules(), |_, _, _, _| ());
    session
}

fn timeline() -> Vec<Event> {
    vec![
        event(1, at(0), add("shoe")),
        event(2, at(10), remove("shoe")),
        event(3, at(20), add("hat")),
    ]
}

#[test]
fn the_compact_form_holds_all_but_the_past() {
    let mut session = taken(&timeline());
    session.places = vec![
        LogPlace {
            partition: 3,
            sequence: 500,
        },
        LogPlace {
            partition: 0,
            sequence: 7,
        },
    ];

    let bytes = packed::pack(&session);

    assert_eq!(packed::unpack(&bytes), Ok(session));
    assert!(packed::unpack::<Session>(&bytes[..bytes.len() - 1]).is_err());
}

#[test]
fn an_event_is_taken_once() {
    let mut session = taken(&timeline());

    let again = session.take(&event(2, at(10), remove("shoe")), &rules());

    assert_eq!(again, Taken::Duplicate);
}

#[test]
fn an_event_out_of_order_needs_the_past_and_is_folded_in_its_place() {
    let mut session = taken(&timeline());
    let late = event(9, at(5), add("cap"));
    assert!(session.needs_past_for(&late));
    assert!(!session.needs_past_for(&event(2, at(10), remove("shoe"))));
    assert!(!session.needs_past_for(&event(8, at(30), search())));

    session.remember(timeline());
    session.take(&late, &rules());
    session.take(&event(8, at(30), search()), &rules());
    session.decide(at(61), 2, &rules(), |_, _, _, _| ());

    let mut all = timeline();
    all.insert(1, late);
    all.push(event(8, at(30), search()));
    let expected = State::fold(&all, &rules().signals).unwrap();
    assert_eq!(session.state, Some(expected));
}

#[test]
fn an_event_whose_past_is_gone_is_folded_where_it_came() {
    let mut session = taken(&timeline());

    let late = session.take(&event(9, at(5), add("cap")), &rules());

    assert_eq!(late, Taken::New);
    let snapshot = session.snapshot(nth(1), &rules().signals).unwrap();
    assert_eq!(snapshot.event_count, 4);
}

#[test]
fn a_full_session_takes_what_binds() {
    let rules = Rules {
        max_events: 3,
        ..rules()
    };
    let mut session = taken(&timeline());

    assert_eq!(
        session.take(&event(4, at(30), search()), &rules),
        Taken::Full
    );
    assert_eq!(
        session.take(&event(5, at(30), order("A-1")), &rules),
        Taken::New
    );
}

#[test]
fn changes_are_counted() {
    let mut session = taken(&timeline());
    session.take(&event(4, at(70), search()), &rules());
    session.decide(at(70), 9, &rules(), |_, _, _, revision| {
        assert_eq!(
            (revision.version, revision.created, revision.changed),
            (2, 1, 9)
        );
    });

    assert_eq!(session.revision.changed, 9);
    assert!(!session.is_new());
    assert!(Session::new(VisitHistory::default()).is_new());
    // Nothing happened: there is nothing to tell.
    let mut empty = Session::new(VisitHistory::default());
    assert!(empty.decide(at(0), 1, &rules(), |_, _, _, _| ()).is_none());
}
