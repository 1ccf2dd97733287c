//! What the calls of the table say: every kind of event and of fact, and moments and carts with all that they can have.

use std::time::Duration;

use domain::channel::Channel;
use domain::consent::Purpose;
use domain::id::{OfferId, TypedId};
use domain::language::Language;
use domain::moment::{Moment, Shopping};
use domain::signal::SignalKind;
use domain::time::earlier;
use platform::ids::{IdSource, SystemIds};
use proto::cart::v1::Cart;
use proto::convert::time::wire_timestamp;
use proto::fact::v1::Fact;
use proto::session::v1::Event;
use testkit::builders;

use crate::people::{Shopper, now};

mod bodies;
mod payloads;

/// One event of each kind, of one shopper.
pub(super) fn events() -> Vec<Event> {
    let shopper = Shopper::new();
    payloads::all()
        .into_iter()
        .map(|payload| shopper.event(Duration::from_secs(1), "/cart", payload))
        .collect()
}

/// One fact of each kind, about one episode.
pub(super) fn facts() -> Vec<Fact> {
    let shopper = Shopper::new();
    let intervention = format!("itv_{}", SystemIds.next_uuid());
    let fact = |body| Fact {
        fact_id: format!("fct_{}", SystemIds.next_uuid()),
        occurred_at: Some(wire_timestamp(now())),
        session_id: Some(shopper.session.to_string()),
        person_id: Some(shopper.person()),
        intervention_id: Some(intervention.clone()),
        partner_id: Some("acme-bpo".to_owned()),
        agent_id: Some("ana".to_owned()),
        body: Some(body),
    };
    bodies::all().into_iter().map(fact).collect()
}

/// A moment of now, of a shopper of its own who may be helped.
pub(crate) fn a_moment() -> Moment {
    let shopper = Shopper::new();
    let moment = builders::a_moment()
        .with_trigger(SignalKind::ShippingShock)
        .with_id(TypedId::from_uuid(SystemIds.next_uuid()))
        .with_session(shopper.session)
        .with_visitor(TypedId::from_uuid(SystemIds.next_uuid()))
        .with_shopper(TypedId::from_uuid(SystemIds.next_uuid()))
        .with_consent_to(Channel::Chat, Purpose::ProactiveHelp)
        .with_zone("Europe/Madrid")
        .with_language(Language::ES)
        .with_cart(builders::a_cart().with_shipping(1_900).with_tax(700))
        .with_occurred_at(now())
        .with_expiry_after(Duration::from_mins(2))
        .with_shopping(Shopping {
            product_views: 6,
            cart_additions: 2,
            products_seen: 3,
            cart_item_views: 4,
            first_at: earlier(now(), Duration::from_mins(4)),
            previous_at: Some(earlier(now(), Duration::from_mins(1))),
        })
        .build();
    Moment {
        page_entered_at: Some(moment.occurred_at),
        ..moment
    }
}

/// USD 120.00 in the first version, with shipping and tax.
pub(super) fn a_cart() -> Cart {
    let cart = builders::a_cart().with_shipping(1_900).with_tax(700);
    cart.build().into()
}

pub(super) fn a_long_ago() -> prost_types::Timestamp {
    wire_timestamp(earlier(now(), Duration::from_hours(1)))
}

/// An id that no offer has.
pub(super) fn an_offer_id() -> String {
    OfferId::from_uuid(SystemIds.next_uuid()).to_string()
}
