//! What a scripted shopper can do, and the events that it makes.

use std::time::Duration;

use domain::channel::Channel;
use domain::order::ShipmentStatus;
use domain::time::{Timestamp, earlier, later};
use proto::cart::v1::CartLine;
use proto::consent::v1::{Consent, ConsentState, Purpose};
use proto::convert::time::{wire_duration, wire_timestamp};
use proto::field::WireField;
use proto::money::v1::Money;
use proto::session::v1 as pb;
use proto::session::v1::event::Payload;
use proto::session::v1::{CheckoutStep, CostKind, PageKind};

/// Currency of everything in the demo; the recording is in it too.
pub(super) const CURRENCY: &str = "USD";

/// Something the shop sells; amounts in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) sku: &'static str,
    pub(super) price: i64,
    pub(super) margin: i64,
    pub(super) configurable: Configurable,
}

/// Whether an article has options to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Configurable {
    Yes,
    No,
}

/// Something a shopper does, or that happens to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// Agrees to be helped on a channel.
    AgreesTo(Channel),
    /// Looks at an article.
    Views(&'static Item),
    /// Turns away from an article after a long look at its options.
    Studied(&'static Item, Duration),
    /// Puts an article in the cart.
    Adds(&'static Item),
    /// Opens a page.
    Opens(PageKind, &'static str),
    /// Enters a step of the checkout.
    Enters(CheckoutStep),
    /// Sees a cost for the first time, in minor units.
    Sees(CostKind, i64),
    /// A promotion code is refused.
    CodeRefused,
    /// A card is declined.
    CardDeclined,
    /// A form refuses what was typed.
    FormRefuses,
    /// The page fails.
    PageFails,
    /// Reads an entry of the help pages.
    Reads(&'static str),
    /// Turns to leave.
    TurnsToLeave,
    /// Pays; the order takes this off the cart, in minor units.
    Pays { discount: i64 },
    /// The carrier reports.
    Ships(ShipmentStatus),
}

/// Whose system tells of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Teller {
    /// The shopper's browser.
    Storefront,
    /// The shop's own systems.
    Platform,
}

/// Acts that are told in one call, after a pause.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beat {
    pub(super) pause: Duration,
    pub(super) acts: &'static [Act],
}

/// A beat after so many milliseconds.
pub(super) const fn after(millis: u64, acts: &'static [Act]) -> Beat {
    Beat {
        pause: Duration::from_millis(millis),
        acts,
    }
}

/// What an act needs to know of its shopper to become a payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bearing<'a> {
    pub(super) order: &'a str,
    pub(super) zone: &'a str,
    /// Value and margin of the cart, in minor units.
    pub(super) cart: (i64, i64),
    pub(super) at: Timestamp,
}

impl Act {
    /// Whose system tells of it.
    pub(super) const fn teller(&self) -> Teller {
        match self {
            // A browser proves no consent.
            Self::AgreesTo(_) | Self::Pays { .. } | Self::Ships(_) => Teller::Platform,
            Self::Views(_)
            | Self::Studied(..)
            | Self::Adds(_)
            | Self::Opens(..)
            | Self::Enters(_)
            | Self::Sees(..)
            | Self::CodeRefused
            | Self::CardDeclined
            | Self::FormRefuses
            | Self::PageFails
            | Self::Reads(_)
            | Self::TurnsToLeave => Teller::Storefront,
        }
    }

    /// The page it happens on.
    pub(super) fn page(&self) -> String {
        match self {
            Self::AgreesTo(_) => "/".to_owned(),
            Self::Views(item) | Self::Studied(item, _) | Self::Adds(item) => {
                format!("/product/{}", item.sku)
            }
            Self::Opens(_, page) => (*page).to_owned(),
            Self::Enters(_)
            | Self::Sees(..)
            | Self::CodeRefused
            | Self::CardDeclined
            | Self::FormRefuses
            | Self::PageFails
            | Self::TurnsToLeave => "/checkout".to_owned(),
            Self::Reads(topic) => format!("/help/{topic}"),
            Self::Pays { .. } => "/checkout/done".to_owned(),
            Self::Ships(_) => String::new(),
        }
    }

    /// What the event says.
    pub(super) fn payload(&self, bearing: Bearing<'_>) -> Payload {
        match self {
            Self::AgreesTo(channel) => Payload::ConsentChanged(pb::ConsentChanged {
                consent: Some(consent(*channel, bearing)),
            }),
            Self::Views(item) => Payload::ProductViewed(viewed(item, None)),
            Self::Studied(item, dwell) => Payload::ProductViewed(viewed(item, Some(*dwell))),
            Self::Adds(item) => Payload::CartItemAdded(pb::CartItemAdded {
                line: Some(line(item)),
            }),
            Self::Opens(kind, _) => Payload::PageViewed(pb::PageViewed {
                kind: (*kind).into(),
            }),
            Self::Enters(step) => Payload::CheckoutStepEntered(pb::CheckoutStepEntered {
                step: (*step).into(),
            }),
            Self::Sees(kind, amount) => Payload::CostRevealed(pb::CostRevealed {
                kind: (*kind).into(),
                amount: Some(money(*amount)),
            }),
            Self::CodeRefused
            | Self::CardDeclined
            | Self::FormRefuses
            | Self::PageFails
            | Self::TurnsToLeave => self.trouble(),
            Self::Reads(topic) => Payload::FaqViewed(pb::FaqViewed {
                topic: (*topic).to_owned(),
            }),
            Self::Pays { discount } => Payload::OrderPlaced(paid(*discount, bearing)),
            Self::Ships(status) => Payload::ShipmentUpdated(shipped(*status, bearing)),
        }
    }

    /// What stands in the way; leaving, for anything that does not.
    fn trouble(&self) -> Payload {
        let method = "card".to_owned();
        if *self == Self::CodeRefused {
            let reason = "not_combinable".to_owned();
            Payload::CouponRejected(pb::CouponRejected { reason })
        } else if *self == Self::CardDeclined {
            let reason = "issuer_declined".to_owned();
            Payload::PaymentDeclined(pb::PaymentDeclined { method, reason })
        } else if *self == Self::FormRefuses {
            let field = "postal_code".to_owned();
            Payload::FormError(pb::FormError { field })
        } else if *self == Self::PageFails {
            let kind = pb::FaultKind::Error.into();
            Payload::PageFault(pb::PageFault {
                kind,
                load_time: None,
            })
        } else {
            Payload::ExitIntent(pb::ExitIntent {})
        }
    }
}

/// An amount on the wire.
pub(super) fn money(minor_units: i64) -> Money {
    Money {
        minor_units,
        currency: CURRENCY.to_owned(),
    }
}

fn viewed(item: &Item, dwell: Option<Duration>) -> pb::ProductViewed {
    pb::ProductViewed {
        sku: item.sku.to_owned(),
        price: Some(money(item.price)),
        configurable: item.configurable == Configurable::Yes,
        dwell: dwell.map(wire_duration),
    }
}

fn line(item: &Item) -> CartLine {
    CartLine {
        sku: item.sku.to_owned(),
        quantity: 1,
        unit_price: Some(money(item.price)),
        unit_margin: Some(money(item.margin)),
        configurable: item.configurable == Configurable::Yes,
        category: None,
    }
}

fn consent(channel: Channel, bearing: Bearing<'_>) -> Consent {
    Consent {
        channel: channel.into_wire(),
        purpose: Purpose::ProactiveHelp.into(),
        state: ConsentState::Confirmed.into(),
        text_version: "2026-01".to_owned(),
        source: "help-banner".to_owned(),
        zone: Some(bearing.zone.to_owned()),
        recorded_at: Some(wire_timestamp(bearing.at)),
    }
}

fn paid(discount: i64, bearing: Bearing<'_>) -> pb::OrderPlaced {
    let (value, margin) = bearing.cart;
    pb::OrderPlaced {
        order_id: bearing.order.to_owned(),
        value: Some(money((value - discount).max(0))),
        margin: Some(money((margin - discount).max(0))),
    }
}

/// The carrier promises the day after tomorrow, and tells what happened a minute ago.
fn shipped(status: ShipmentStatus, bearing: Bearing<'_>) -> pb::ShipmentUpdated {
    let promised = later(bearing.at, Duration::from_hours(48));
    let happened = earlier(bearing.at, Duration::from_mins(1));
    pb::ShipmentUpdated {
        order_id: bearing.order.to_owned(),
        status: status.into_wire(),
        carrier_time: Some(wire_timestamp(happened)),
        estimated_delivery: Some(wire_timestamp(promised)),
        detail: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAMP: Item = Item {
        sku: "lamp",
        price: 4_000,
        margin: 1_500,
        configurable: Configurable::No,
    };

    #[test]
    fn an_offer_comes_off_what_is_paid_and_off_the_margin() {
        let bearing = Bearing {
            order: "o-1",
            zone: "UTC",
            cart: (LAMP.price, LAMP.margin),
            at: Timestamp::UNIX_EPOCH,
        };

        let Payload::OrderPlaced(order) = (Act::Pays { discount: 500 }).payload(bearing) else {
            panic!("an order");
        };

        assert_eq!(order.value, Some(money(3_500)));
        assert_eq!(order.margin, Some(money(1_000)));
    }

    #[test]
    fn only_the_shop_itself_tells_of_consents_orders_and_parcels() {
        let by_platform = [
            Act::AgreesTo(Channel::Call),
            Act::Pays { discount: 0 },
            Act::Ships(ShipmentStatus::InTransit),
        ];

        assert!(
            by_platform
                .iter()
                .all(|act| act.teller() == Teller::Platform)
        );
        assert_eq!(Act::Adds(&LAMP).teller(), Teller::Storefront);
    }
}
