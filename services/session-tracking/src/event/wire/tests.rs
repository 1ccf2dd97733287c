//! Events come back from the wire as they went, and what is wrong with one is named by its field.

use domain::id::EventId;
use domain::time::{Timestamp, earlier, later};
use proto::cart::v1::CartLine;
use proto::money::v1::Money;
use proto::session::v1::event::Payload as Wire;
use std::time::Duration;
use testkit::ids::nth;

use super::*;
use crate::event::{Payload, PersonEvent};
use crate::samples::{at, config, event, exit, order, shipment};

mod round_trip;

const CARD: &str = "4111 1111 1111 1111";

fn wire(payload: Wire) -> pb::Event {
    pb::Event {
        payload: Some(payload),
        ..render(event(1, at(0), exit()))
    }
}

fn reason(event: pb::Event) -> (String, ErrorReason) {
    let fault = parse(event, at(0)).unwrap_err();
    assert!(!fault.description.contains("4111"), "the value is echoed");
    (fault.field, fault.reason)
}

type Fault = (fn(&mut pb::Event), &'static str, ErrorReason);

const FAULTS: [Fault; 9] = [
    (|it| it.event_id.clear(), "event_id", ErrorReason::Required),
    (
        |it| it.session_id.push('x'),
        "session_id",
        ErrorReason::MalformedId,
    ),
    (
        |it| it.occurred_at = None,
        "occurred_at",
        ErrorReason::Required,
    ),
    (|it| it.payload = None, "payload", ErrorReason::Required),
    (
        |it| it.page.push_str("?email=x"),
        "page",
        ErrorReason::InvalidField,
    ),
    (|it| it.page = "x".repeat(257), "page", ErrorReason::TooLong),
    (
        |it| it.page = CARD.to_owned(),
        "page",
        ErrorReason::CardData,
    ),
    (
        |it| it.time_zone = "Mars".to_owned(),
        "time_zone",
        ErrorReason::UnknownZone,
    ),
    (
        |it| it.language = "xx".to_owned(),
        "language",
        ErrorReason::UnknownLanguage,
    ),
];

#[test]
fn what_is_wrong_is_named_by_its_field() {
    for (spoil, field, expected) in FAULTS {
        let mut event = wire(Wire::ExitIntent(pb::ExitIntent {}));
        spoil(&mut event);

        assert_eq!(reason(event), (field.to_owned(), expected));
    }
}

fn line(unit_price: Option<Money>, unit_margin: Option<Money>) -> pb::Event {
    wire(Wire::CartItemAdded(pb::CartItemAdded {
        line: Some(CartLine {
            sku: "shoe".to_owned(),
            quantity: 1,
            unit_price,
            unit_margin,
            configurable: false,
            category: None,
        }),
    }))
}

fn money(minor_units: i64, currency: &str) -> Money {
    let currency = currency.to_owned();
    Money {
        minor_units,
        currency,
    }
}

#[test]
fn money_is_read_strictly() {
    let price = |faulty| reason(line(Some(faulty), None)).1;

    assert_eq!(reason(line(None, None)).1, ErrorReason::Required);
    assert_eq!(price(money(-1, "USD")), ErrorReason::NegativeMoney);
    assert_eq!(price(money(i64::MAX, "USD")), ErrorReason::MoneyOverflow);
    assert_eq!(price(money(1, "XXX")), ErrorReason::UnknownCurrency);
    let mixed = reason(line(Some(money(100, "USD")), Some(money(10, "EUR"))));
    assert_eq!(mixed.1, ErrorReason::CurrencyMismatch);
}

#[test]
fn payloads_are_named_in_the_path_of_their_faults() {
    let kind = wire(Wire::PageViewed(pb::PageViewed { kind: 99 }));
    let step = wire(Wire::CheckoutStepEntered(pb::CheckoutStepEntered {
        step: 0,
    }));
    let method = wire(Wire::PaymentAttempted(pb::PaymentAttempted {
        method: CARD.to_owned(),
    }));
    let attribute = |name: &str, value: &str| pb::CustomAttribute {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let custom = wire(Wire::Custom(pb::CustomEvent {
        name: "quiz".to_owned(),
        attributes: vec![attribute("a", "1"), attribute("b", CARD)],
    }));

    assert_eq!(
        reason(kind),
        ("page_viewed.kind".to_owned(), ErrorReason::UnknownEnum)
    );
    assert_eq!(
        reason(step),
        (
            "checkout_step_entered.step".to_owned(),
            ErrorReason::Required
        )
    );
    assert_eq!(
        reason(method),
        ("payment_attempted.method".to_owned(), ErrorReason::CardData)
    );
    let at_fault = "custom.attributes[1].value".to_owned();
    assert_eq!(reason(custom), (at_fault, ErrorReason::CardData));
}

fn judged(occurred_at: Timestamp, payload: Payload) -> Option<ErrorReason> {
    let mut event = event(1, occurred_at, payload);
    event.received_at = at(0);
    config()
        .events
        .check(&event)
        .err()
        .map(|fault| fault.reason)
}

#[test]
fn time_has_bounds_on_both_sides() {
    let (ahead, behind) = (Duration::from_mins(5), Duration::from_mins(30));
    let milli = Duration::from_millis(1);

    assert_eq!(judged(later(at(0), ahead), exit()), None);
    assert_eq!(
        judged(later(at(0), ahead + milli), exit()),
        Some(ErrorReason::TimeInFuture)
    );
    assert_eq!(judged(earlier(at(0), behind), exit()), None);
    assert_eq!(
        judged(earlier(at(0), behind + milli), exit()),
        Some(ErrorReason::TimeTooOld)
    );
}

#[test]
fn what_binds_the_shop_may_come_a_day_late() {
    let day = Duration::from_hours(24);
    let milli = Duration::from_millis(1);
    let linked = Payload::Person(PersonEvent::IdentityLinked(nth(9)));

    for payload in [order("A-1"), linked] {
        assert_eq!(judged(earlier(at(0), day), payload.clone()), None);
        assert_eq!(
            judged(earlier(at(0), day + milli), payload),
            Some(ErrorReason::TimeTooOld)
        );
    }
}

#[test]
fn a_carrier_cannot_know_the_future() {
    let event = event(
        1,
        at(0),
        shipment(domain::order::ShipmentStatus::InTransit, 301),
    );

    let fault = config().events.check(&event).unwrap_err();

    assert_eq!(fault.field, "shipment_updated.carrier_time");
    assert_eq!(fault.reason, ErrorReason::TimeInFuture);
}

#[test]
fn an_id_of_any_uuid_version_is_taken() {
    let given = "evt_00000000-0000-4000-8000-000000000001";
    let mut event = render(event(1, at(0), exit()));
    given.clone_into(&mut event.event_id);

    assert_eq!(
        parse(event, at(0)).unwrap().id,
        EventId::parse(given).unwrap()
    );
    assert_ne!(nth::<EventId>(1).to_string(), given);
}
