//! The log is read for years: every payload of the contract comes back as it went.

use std::collections::HashSet;
use std::mem::discriminant;

use domain::cart::Quantity;
use domain::channel::Channel;
use domain::consent::{Consent, ConsentState, Purpose};
use domain::fact::FollowUp;
use domain::id::IssueCode;
use domain::order::ShipmentStatus;
use prost::Message;
use prost_types::FileDescriptorSet;
use proto::descriptor::FILE_DESCRIPTOR_SET;

use super::*;
use crate::event::{
    Attribute, Browse, CartMove, CheckoutAct, CheckoutStep, CostKind, FaultKind, OrderChange,
    PageKind, Payload, PersonEvent,
};
use crate::samples::{
    add, cost, decline, look, name, of_order, order, page, remove, search, sku, step, usd,
};

fn browsing() -> Vec<Payload> {
    let load_time = Some(Duration::from_millis(4_200));
    let kind = FaultKind::Slow;
    let topic = name("returns");
    let acts = [
        Browse::ProductConfigured(sku("sofa")),
        Browse::HelpOpened,
        Browse::FaqViewed { topic },
        Browse::PageFault { kind, load_time },
        Browse::ExitIntent,
    ];
    let mut all: Vec<_> = acts.into_iter().map(Payload::Browse).collect();
    all.extend([page(PageKind::Policy), look("sofa", Some(90)), search()]);
    all
}

fn buying() -> Vec<Payload> {
    let change = CartMove::Changed(sku("shoe"), Quantity::new(3).unwrap());
    let discount = usd(500);
    let reason = Some(name("expired"));
    let method = name("card");
    let acts = [
        CheckoutAct::CouponApplied { discount },
        CheckoutAct::CouponRejected { reason },
        CheckoutAct::PaymentAttempted { method },
        CheckoutAct::FormError { field: name("zip") },
        CheckoutAct::AddressEdited,
    ];
    let mut all: Vec<_> = acts.into_iter().map(Payload::Checkout).collect();
    all.extend([add("shoe"), remove("shoe"), Payload::Cart(change)]);
    all.extend([
        step(CheckoutStep::Review),
        cost(CostKind::Tax, 120),
        decline(),
    ]);
    all
}

fn after_the_order() -> Vec<Payload> {
    vec![
        order("A-1"),
        of_order("A-1", OrderChange::Changed),
        of_order("A-1", OrderChange::Cancelled),
        of_order("A-1", OrderChange::DeliveryConfirmed),
        of_order("A-1", OrderChange::BackOrderReady(sku("sofa"))),
        shipment(ShipmentStatus::Exception, 3),
    ]
}

fn of_the_person() -> Vec<Payload> {
    let consent = Consent {
        channel: Channel::Sms,
        purpose: Purpose::Marketing,
        state: ConsentState::Withdrawn,
        text_version: name("v7"),
        source: name("/account"),
        zone: Some(time::Zone::parse("Europe/Madrid").unwrap()),
        recorded_at: at(4),
    };
    let contact = PersonEvent::ContactReceived {
        channel: Channel::Chat,
        follow_up: FollowUp::Unrelated,
        issue: IssueCode::parse("wismo").unwrap(),
    };
    let attribute = |value| Attribute {
        name: name("answer"),
        value,
    };
    vec![
        Payload::Person(contact),
        Payload::Person(PersonEvent::ConsentChanged(consent)),
        Payload::Person(PersonEvent::IdentityLinked(nth(9))),
        Payload::Person(PersonEvent::IdentityUnlinked(nth(9))),
        Payload::Custom {
            name: name("quiz"),
            attributes: vec![
                attribute(Some(text::Text::parse("b").unwrap())),
                attribute(None),
            ],
        },
    ]
}

/// How many kinds of payload the contract knows.
fn kinds() -> usize {
    let files = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap().file;
    let event = files
        .into_iter()
        .filter(|file| file.package() == "rescate.session.v1")
        .flat_map(|file| file.message_type)
        .find(|message| message.name() == "Event")
        .unwrap();
    let in_a_choice = |field: &&prost_types::FieldDescriptorProto| {
        field.oneof_index.is_some() && !field.proto3_optional()
    };
    event.field.iter().filter(in_a_choice).count()
}

#[test]
fn every_payload_comes_back() {
    let mut seen = HashSet::new();
    for payload in [browsing(), buying(), after_the_order(), of_the_person()].concat() {
        let sent = event(1, at(5), payload);
        let wire = render(sent.clone());
        seen.insert(discriminant(wire.payload.as_ref().unwrap()));

        assert_eq!(parse(wire, at(5)), Ok(sent));
    }
    assert_eq!(seen.len(), kinds());
}
