//! What a browser may tell. Its token speaks for one session, and whoever holds it can write what they like: so it tells
//! what a page can see, and nothing that the shop is bound by or that names a person.
//!
//! Orders, shipments, contacts and identities are for the systems of the shop to tell. A payment that was tried or declined
//! binds nobody: a page sees it and may tell it. A consent to be reached away from the page rests on a proof that a page
//! cannot give; to take one back needs none.

use domain::channel::Channel;
use domain::consent::{Consent, ConsentState};
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;

use crate::event::{Event, OrderChange, Payload, PersonEvent};

/// Refuses what only the shop may tell, by the field that tells it.
pub(super) fn check(event: &Event) -> Result<(), InvalidField> {
    let refused = refused_payload(&event.payload);
    let refused = refused.or(event.shopper.map(|_| "shopper_id"));
    let Some(field) = refused else { return Ok(()) };
    let rule = "must be told by the systems of the shop, not by a browser";
    Err(InvalidField::new(field, ErrorReason::ScopeMissing, rule))
}

fn refused_payload(payload: &Payload) -> Option<&'static str> {
    match payload {
        Payload::Browse(_) | Payload::Cart(_) | Payload::Checkout(_) | Payload::Custom { .. } => {
            None
        }
        Payload::Order(event) => Some(match &event.change {
            OrderChange::Placed { .. } => "order_placed",
            OrderChange::Changed => "order_changed",
            OrderChange::Cancelled => "order_cancelled",
            OrderChange::Shipment(_) => "shipment_updated",
            OrderChange::DeliveryConfirmed => "delivery_confirmed",
            OrderChange::BackOrderReady(_) => "back_order_ready",
        }),
        Payload::Person(PersonEvent::ContactReceived { .. }) => Some("contact_received"),
        Payload::Person(PersonEvent::IdentityLinked(_)) => Some("identity_linked"),
        Payload::Person(PersonEvent::IdentityUnlinked(_)) => Some("identity_unlinked"),
        Payload::Person(PersonEvent::ConsentChanged(consent)) => {
            reaches_out(consent).then_some("consent_changed.consent.state")
        }
    }
}

/// Whether a consent lets somebody reach the person where the page is not.
fn reaches_out(consent: &Consent) -> bool {
    let allows = match consent.state {
        ConsentState::Confirmed => true,
        ConsentState::Unknown | ConsentState::Requested | ConsentState::Withdrawn => false,
    };
    let away = match consent.channel {
        Channel::OnPage | Channel::Chat => false,
        Channel::Call | Channel::Email | Channel::Sms => true,
    };
    allows && away
}

#[cfg(test)]
mod tests {
    use domain::consent::Purpose;
    use domain::order::ShipmentStatus;
    use domain::text::Text;
    use testkit::ids::nth;

    use super::*;
    use crate::event::{CheckoutAct, CheckoutStep};
    use crate::samples::{
        add, at, decline, event, exit, name, of_order, order, remove, search, shipment, sku, step,
    };

    fn field_of(event: &Event) -> Option<String> {
        let fault = check(event).err()?;
        assert_eq!(fault.reason, ErrorReason::ScopeMissing);
        Some(fault.field)
    }

    fn refused(payload: Payload) -> Option<String> {
        field_of(&event(1, at(0), payload))
    }

    fn consent(channel: Channel, state: ConsentState) -> Payload {
        Payload::Person(PersonEvent::ConsentChanged(Consent {
            channel,
            purpose: Purpose::ProactiveHelp,
            state,
            text_version: Text::parse("v1").unwrap(),
            source: Text::parse("banner").unwrap(),
            zone: None,
            recorded_at: at(0),
        }))
    }

    #[test]
    fn what_a_page_sees_is_taken() {
        for payload in [
            search(),
            exit(),
            remove("shoe"),
            add("shoe"),
            step(CheckoutStep::Payment),
            decline(),
            Payload::Checkout(CheckoutAct::PaymentAttempted {
                method: name("card"),
            }),
            consent(Channel::Chat, ConsentState::Confirmed),
            consent(Channel::Email, ConsentState::Requested),
            consent(Channel::Sms, ConsentState::Withdrawn),
        ] {
            assert_eq!(refused(payload.clone()), None, "{payload:?}");
        }
    }

    #[test]
    fn what_binds_the_shop_is_refused_by_its_field() {
        let person = Payload::Person;
        for (payload, field) in [
            (order("A-1"), "order_placed"),
            (of_order("A-1", OrderChange::Changed), "order_changed"),
            (of_order("A-1", OrderChange::Cancelled), "order_cancelled"),
            (shipment(ShipmentStatus::Delivered, 0), "shipment_updated"),
            (
                of_order("A-1", OrderChange::DeliveryConfirmed),
                "delivery_confirmed",
            ),
            (
                of_order("A-1", OrderChange::BackOrderReady(sku("shoe"))),
                "back_order_ready",
            ),
            (
                person(PersonEvent::IdentityLinked(nth(1))),
                "identity_linked",
            ),
            (
                person(PersonEvent::IdentityUnlinked(nth(1))),
                "identity_unlinked",
            ),
            (
                consent(Channel::Email, ConsentState::Confirmed),
                "consent_changed.consent.state",
            ),
        ] {
            assert_eq!(refused(payload).as_deref(), Some(field));
        }
    }

    #[test]
    fn a_browser_names_no_shopper() {
        let named = Event {
            shopper: Some(nth(1)),
            ..event(1, at(0), search())
        };

        assert_eq!(field_of(&named).as_deref(), Some("shopper_id"));
    }
}
