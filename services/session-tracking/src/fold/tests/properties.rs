//! What holds for every timeline: arrival does not matter. Events are shuffled, repeated and split into batches, with
//! looks at the session in between, and the session comes out the same to the byte.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::channel::Channel;
use domain::consent::{Consent, ConsentState, Purpose};
use domain::moment::VisitHistory;
use domain::order::ShipmentStatus;
use domain::time::{Timestamp, later};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use testkit::ids::nth;

use super::{HOUR, faq, fault, form_error};
use crate::event::{
    CheckoutStep, CostKind, Event, FaultKind, OrderChange, PageKind, Payload, PersonEvent,
};
use crate::fold::State;
use crate::moment::Subject;
use crate::packed;
use crate::samples::{
    add, ahead, at, config, cost, decline, event, exit, key, look, name, of_order, order, page,
    remove, search, shipment, sku, step,
};
use crate::snapshot::Snapshot;

/// What a session has come to, as bytes: the state, and what others read of it now.
pub(super) fn bytes(state: &State, now: Timestamp) -> Vec<u8> {
    let subject = Subject {
        session: key(1).session,
        state,
        history: VisitHistory::default(),
        version: 1,
        now,
    };
    let snapshot = Snapshot::of(subject, &config().signals);
    let mut bytes = packed::pack(state);
    bytes.extend(serde_json::to_vec(&snapshot).unwrap());
    bytes
}

/// The state of a session to which events came in this order, in batches of this size, packed after each and looked at.
/// An event that stands after all others is one more step; any other has the session folded again.
pub(super) fn arrived(events: &[Event], batch: usize, now: Timestamp) -> State {
    let settings = &config().signals;
    let mut known = BTreeMap::new();
    let mut packed = None;
    for (n, events) in (0..).zip(events.chunks(batch.max(1))) {
        let mut state: Option<State> = packed.map(|bytes: Vec<u8>| packed::unpack(&bytes).unwrap());
        for event in events {
            if known.insert(event.position(), event).is_some() {
                continue;
            }
            state.take_if(|state| event.position() < state.last_position());
            if let Some(state) = &mut state {
                state.step(event, settings);
            }
        }
        let state = state.or_else(|| State::fold(known.values().copied(), settings));
        // A look in between, at any time, must leave no trace in the state.
        let state = state.unwrap();
        let _seen = state.at(at(n * 977), settings);
        packed = Some(packed::pack(&state));
    }
    let state: State = packed::unpack(&packed.unwrap()).unwrap();
    state.at(now, settings).into_owned()
}

/// The state of events that came once each and in order.
pub(super) fn in_order(events: &[Event], now: Timestamp) -> State {
    let mut sorted = events.to_vec();
    sorted.sort_by_key(Event::position);
    let mut state = State::fold(&sorted, &config().signals).unwrap();
    state.pass(now, &config().signals);
    state
}

fn act() -> impl Strategy<Value = Payload> {
    let status = select(ShipmentStatus::ALL);
    let pages = select(vec![
        PageKind::Browse,
        PageKind::Compare,
        PageKind::Cart,
        PageKind::Checkout,
        PageKind::Policy,
        PageKind::OrderStatus,
        PageKind::CancelOrder,
        PageKind::Other,
    ]);
    let steps = select(vec![
        CheckoutStep::Address,
        CheckoutStep::Payment,
        CheckoutStep::Review,
    ]);
    let costs = select(vec![CostKind::Shipping, CostKind::Tax, CostKind::Total]);
    let article = || select(vec!["shoe", "hat", "sofa"]);
    prop_oneof![
        4 => article().prop_map(add),
        2 => article().prop_map(remove),
        3 => (article(), proptest::option::of(0..200_u64)).prop_map(|(sku, dwell)| look(sku, dwell)),
        4 => pages.prop_map(page),
        3 => steps.prop_map(step),
        2 => (costs, 0..9_000_i64).prop_map(|(kind, amount)| cost(kind, amount)),
        3 => select(vec![search(), exit(), decline(), faq(), form_error()]),
        1 => select(vec![fault(FaultKind::Error), fault(FaultKind::Slow)]),
        1 => select(vec![order("A-1"), order("B-2")]),
        1 => select(vec![
            OrderChange::Changed,
            OrderChange::Cancelled,
            OrderChange::DeliveryConfirmed,
            OrderChange::BackOrderReady(sku("sofa")),
        ])
        .prop_map(|change| of_order("A-1", change)),
        1 => person(),
        2 => (status, 0..9 * HOUR).prop_map(|(status, at)| shipment(status, at)),
    ]
}

fn person() -> impl Strategy<Value = Payload> {
    let names = (1..4_u64, any::<bool>()).prop_map(|(n, linked)| {
        if linked {
            PersonEvent::IdentityLinked(nth(n))
        } else {
            PersonEvent::IdentityUnlinked(nth(n))
        }
    });
    let states = select(ConsentState::ALL);
    let consents = (states, 0..9_u64).prop_map(|(state, seconds)| {
        PersonEvent::ConsentChanged(Consent {
            channel: Channel::Email,
            purpose: Purpose::Marketing,
            state,
            text_version: name("v1"),
            source: name("footer"),
            zone: None,
            recorded_at: at(seconds),
        })
    });
    prop_oneof![names, consents].prop_map(Payload::Person)
}

pub(super) fn timeline() -> impl Strategy<Value = Vec<Event>> {
    let gap = prop_oneof![6 => 0..90_u64, 2 => 90..2_000_u64, 1 => Just(0)];
    proptest::collection::vec((gap, act(), 0..9_u64), 1..60).prop_map(|acts| {
        let mut seconds = 0;
        let mut events = Vec::new();
        for (n, (gap, payload, skew)) in (1..).zip(acts) {
            seconds += gap;
            events.push(ahead(event(n, at(seconds), payload), skew));
        }
        events
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn arrival_does_not_matter(
        events in timeline(),
        moves in proptest::collection::vec((any::<Index>(), any::<Index>()), 0..60),
        repeats in proptest::collection::vec(any::<Index>(), 0..20),
        batch in 1..20_usize,
        wait in 0..100_000_u64,
    ) {
        let now = later(events.last().unwrap().occurred_at, Duration::from_secs(wait));
        let mut arriving = events.clone();
        for repeat in repeats {
            arriving.push(repeat.get(&events).clone());
        }
        for (from, to) in moves {
            let (from, to) = (from.index(arriving.len()), to.index(arriving.len()));
            arriving.swap(from, to);
        }

        let expected = in_order(&events, now);

        let state = arrived(&arriving, batch, now);
        prop_assert_eq!(bytes(&state, now), bytes(&expected, now));
        prop_assert_eq!(usize::try_from(state.event_count).unwrap(), events.len());
    }

    #[test]
    fn time_may_pass_in_any_steps(events in timeline(), stops in proptest::collection::vec(0..50_000_u64, 0..20)) {
        let last = events.last().unwrap().occurred_at;
        let end = later(last, Duration::from_secs(50_000));
        let mut stops = stops;
        stops.sort_unstable();
        let mut state = in_order(&events, last);
        for stop in stops {
            state.pass(later(last, Duration::from_secs(stop)), &config().signals);
        }
        state.pass(end, &config().signals);

        prop_assert_eq!(bytes(&state, end), bytes(&in_order(&events, end), end));
    }

    #[test]
    fn what_is_due_lies_ahead(events in timeline(), wait in 0..100_000_u64) {
        let now = later(events.last().unwrap().occurred_at, Duration::from_secs(wait));
        let state = in_order(&events, now);

        prop_assert!(state.next_due().is_none_or(|due| due > now));
    }
}
