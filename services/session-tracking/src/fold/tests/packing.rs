//! A state comes back from its bytes as it was and goes on as if it had never been packed.

use domain::channel::Channel;
use domain::consent::{Consent, ConsentState, Purpose};
use domain::id::ShopperId;
use domain::language::Language;
use domain::text::Text;
use domain::time::{Zone, later};
use proptest::prelude::*;
use testkit::ids::nth;

use super::properties::{in_order, timeline};
use super::*;
use crate::event::{OrderChange, PersonEvent};
use crate::moment::Told;
use crate::packed::{self, FORMAT};
use crate::report::{Reported, contact};
use crate::samples::{config, event, hex, line, of_order, order, shipment, usd};

/// A session that has a bit of everything.
fn eventful() -> State {
    let consent = Consent {
        channel: Channel::Sms,
        purpose: Purpose::OrderUpdates,
        state: ConsentState::Confirmed,
        text_version: Text::parse("sms-3").unwrap(),
        source: Text::parse("checkout-form").unwrap(),
        zone: None,
        recorded_at: at(3),
    };
    let acts = [
        (0, look("sofa", None)),
        (70, add("sofa")),
        (80, Payload::Person(PersonEvent::ConsentChanged(consent))),
        (90, step(CheckoutStep::Delivery)),
        (95, cost(CostKind::Shipping, 990)),
        (200, decline()),
        (210, form_error()),
        (300, order("A-1")),
        (400, shipment(domain::order::ShipmentStatus::InTransit, 350)),
        (500, of_order("A-1", OrderChange::Changed)),
    ];
    let mut events = crate::samples::timeline(acts);
    events[0].page = Some(Text::parse("/sofa").unwrap());
    events[0].zone = Some(Zone::parse("Europe/Madrid").unwrap());
    events[0].language = Some(Language::ES);
    events[1].shopper = Some(nth::<ShopperId>(1));
    State::fold(&events, &config().signals).unwrap()
}

/// Other bytes for the same state are another form, and need another number: `FORMAT`.
#[test]
fn the_form_is_pinned() {
    let bytes = hex(&packed::pack(&eventful()));

    assert_eq!(FORMAT, 3);
    assert_eq!(bytes, GOLDEN);
}

const GOLDEN: &str = concat!(
    "030192f0c1000070008000000000000001010192f0c1000070008000000000000001010d4575726f70652f4d616472696401657301052f",
    "736f66610180a4ecdf95670104020205736d732d330d636865636b6f75742d666f726d00f0d2ecdf9567025553440104736f666101904e",
    "01c413010001bc0f000101e0e9f4df95670101a0a2f7df956704000001c0cdf3df9567c0cdf3df9567f0a20405050190c5fbdf956790c5",
    "fbdf9567a8b40609090180d984e0956780d984e09567000e0e02d0ee82e09567c0f390e09567b8f30b000103412d3101c0f390e0956755",
    "5344904e000101c0a8a9e095670000000000000102e08097e0956701e08097e095670192f0c10000700080000000000000090201036875",
    "6200000000000080a4ecdf95670a000201c0f390e0956700c0a8a9e095670192f0c100007000800000000000000ac0f390e0956701c0f3",
    "90e095670000000000010a01a0f585e09567010192f0c1000070008000000000000001000104736f6661010000000180a4ecdf956701e0",
    "e9f4df95670180a4ecdf9567c0a8a9e0956701e0f0c9b29667",
);

#[test]
fn a_session_with_a_bit_of_everything_is_below_a_kibibyte() {
    let bytes = packed::pack(&eventful());

    assert!(bytes.len() < 1_024, "{} bytes", bytes.len());
    assert_eq!(packed::unpack::<State>(&bytes), Ok(eventful()));
}

#[test]
fn every_cut_is_refused() {
    let bytes = packed::pack(&eventful());

    for length in 0..bytes.len() {
        assert!(packed::unpack::<State>(&bytes[..length]).is_err());
    }
}

#[test]
fn a_full_cart_is_counted_by_its_lines() {
    let lines = |n: u64| {
        (0..n).map(|n| {
            (
                n,
                Payload::Cart(crate::event::CartMove::Added(line(
                    &format!("sku-{n:03}"),
                    5_000,
                ))),
            )
        })
    };
    let bytes = |n| packed::pack(&folded(lines(n))).len();

    assert!(
        (bytes(20) - bytes(10)) / 10 <= 30,
        "30 bytes a line of 7 characters, with its place in the trail"
    );
    assert_eq!(folded(lines(20)).cart.value(), usd(100_000));
}

proptest! {
    #[test]
    fn states_come_back(events in timeline(), wait in 0..100_000_u64) {
        let now = later(events.last().unwrap().occurred_at, Duration::from_secs(wait));
        let state = in_order(&events, now);
        let mut told = Told::default();
        let cue = told.next(&state, now, &config().moments);
        let mut reported = Reported::default();
        reported.next(&state, events.iter().filter_map(contact));

        prop_assert_eq!(packed::unpack(&packed::pack(&state)), Ok(state));
        prop_assert_eq!(packed::unpack(&packed::pack(&told)), Ok(told));
        prop_assert_eq!(packed::unpack(&packed::pack(&reported)), Ok(reported));
        prop_assert_eq!(packed::unpack(&packed::pack(&cue)), Ok(cue));
    }

    #[test]
    fn a_state_that_came_back_goes_on_the_same(events in timeline(), at in any::<prop::sample::Index>()) {
        let settings = &config().signals;
        let (before, after) = events.split_at(at.index(events.len()) + 1);
        let state = State::fold(before, settings).unwrap();
        let mut resumed: State = packed::unpack(&packed::pack(&state)).unwrap();
        for event in after {
            resumed.step(event, settings);
        }

        prop_assert_eq!(packed::pack(&resumed), packed::pack(&State::fold(&events, settings).unwrap()));
    }

    #[test]
    fn broken_bytes_are_refused_or_read_as_they_stand(
        events in timeline(),
        breaks in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
    ) {
        let mut bytes = packed::pack(&State::fold(&events, &config().signals).unwrap());
        for (place, byte) in breaks {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(state) = packed::unpack::<State>(&bytes) {
            prop_assert_eq!(packed::pack(&state), bytes);
        }
    }

    #[test]
    fn looking_changes_nothing(events in timeline(), wait in 0..100_000_u64) {
        let settings = &config().signals;
        let state = State::fold(&events, settings).unwrap();
        let now = later(events.last().unwrap().occurred_at, Duration::from_secs(wait));
        let mut passed = state.clone();
        passed.pass(now, settings);

        prop_assert_eq!(&*state.at(now, settings), &passed);
        if state.next_due().is_none_or(|due| now < due) {
            prop_assert_eq!(&state, &passed);
        }
    }
}

#[test]
fn the_last_position_is_that_of_the_last_event() {
    let events = [event(1, at(0), search()), event(2, at(9), search())];

    let state = State::fold(&events, &config().signals).unwrap();

    assert_eq!(state.last_position(), events[1].position());
}
