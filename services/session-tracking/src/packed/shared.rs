//! The values that all services share. Each is read through its own constructor: what was unpacked is as valid as what
//! came over the wire.

use std::time::Duration;

use domain::cart::{Cart, CartLine, CartParts, Category, Configurable, Quantity};
use domain::channel::Channel;
use domain::consent::{Consent, ConsentState, Consents, Purpose};
use domain::fact::Ending;
use domain::id::{EventId, MomentId, OrderId, PersonId, SessionId, ShopperId, Sku, VisitorId};
use domain::language::Language;
use domain::moment::{MomentKind, VisitHistory};
use domain::money::{Currency, Money};
use domain::order::{OrderState, ShipmentStatus};
use domain::phase::RiskPhase;
use domain::signal::{Signal, SignalKind};
use domain::text::Text;
use domain::time::{Timestamp, Zone, from_millis, to_millis};
use uuid::Uuid;

use super::plain::{pack_text, unpack_text};
use super::{Pack, Unreadable, invalid, pack_fields, pack_member, take, take_array, unpack_member};

pack_fields! {
    Consent { channel, purpose, state, text_version, source, zone, recorded_at }
    Signal { kind, count, first_seen, last_seen, dwell }
    VisitHistory { earlier_sessions, earlier_carts, earlier_orders, earlier_abandonments }
}

macro_rules! uuids {
    ($( $id:ty ),+ $(,)?) => { $(
        impl Pack for $id {
            fn pack(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(self.uuid().as_bytes());
            }

            fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
                take_array(bytes).map(|bare| Self::from_uuid(Uuid::from_bytes(bare)))
            }
        }
    )+ };
}

uuids! { EventId, MomentId, SessionId, ShopperId, VisitorId }

impl Pack for PersonId {
    fn pack(&self, out: &mut Vec<u8>) {
        match self {
            Self::Shopper(shopper) => (true, *shopper).pack(out),
            Self::Visitor(visitor) => (false, *visitor).pack(out),
        }
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        if bool::unpack(bytes)? {
            ShopperId::unpack(bytes).map(Self::Shopper)
        } else {
            VisitorId::unpack(bytes).map(Self::Visitor)
        }
    }
}

/// Texts with rules of their own. One that its constructor would change is refused.
macro_rules! texts {
    ($( [$( $generics:tt )*] $text:ty = $what:literal; )+) => { $(
        impl<$( $generics )*> Pack for $text {
            fn pack(&self, out: &mut Vec<u8>) {
                pack_text(self.as_str(), out);
            }

            fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
                let text = unpack_text(bytes)?;
                let parsed = Self::parse(text).ok().filter(|parsed| parsed.as_str() == text);
                parsed.ok_or(invalid($what))
            }
        }
    )+ };
}

texts! {
    [] OrderId = "order id";
    [] Sku = "sku";
    [] Zone = "time zone";
    [const MAX: usize] Text<MAX> = "text";
}

/// Codes of one length, which needs no writing down.
macro_rules! codes {
    ($( $code:ty, $length:literal = $what:literal; )+) => { $(
        impl Pack for $code {
            fn pack(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(self.as_str().as_bytes());
            }

            fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
                let code = str::from_utf8(take(bytes, $length)?).ok();
                code.and_then(|code| Self::parse(code).ok()).ok_or(invalid($what))
            }
        }
    )+ };
}

codes! {
    Currency, 3 = "currency";
    Language, 2 = "language";
}

/// By their places among all members, which `the_places_of_words_never_change` pins.
macro_rules! words {
    ($( $set:ty ),+ $(,)?) => { $(
        impl Pack for $set {
            fn pack(&self, out: &mut Vec<u8>) {
                pack_member(Self::ALL, self, out);
            }

            fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
                unpack_member(Self::ALL, bytes)
            }
        }
    )+ };
}

words! {
    Channel, Configurable, ConsentState, Ending, MomentKind, OrderState, Purpose, RiskPhase, ShipmentStatus, SignalKind,
}

/// Whole milliseconds, rounded down: all times of a session are.
impl Pack for Timestamp {
    fn pack(&self, out: &mut Vec<u8>) {
        to_millis(*self).pack(out);
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        from_millis(i64::unpack(bytes)?).map_err(|_| invalid("instant"))
    }
}

/// Whole milliseconds, rounded down: all spans of a session are.
impl Pack for Duration {
    fn pack(&self, out: &mut Vec<u8>) {
        u64::try_from(self.as_millis())
            .unwrap_or(u64::MAX)
            .pack(out);
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        u64::unpack(bytes).map(Self::from_millis)
    }
}

impl Pack for Quantity {
    fn pack(&self, out: &mut Vec<u8>) {
        self.get().pack(out);
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        Self::new(u32::unpack(bytes)?).map_err(|_| invalid("quantity"))
    }
}

impl Pack for Money {
    fn pack(&self, out: &mut Vec<u8>) {
        self.currency().pack(out);
        self.minor_units().pack(out);
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        let currency = Currency::unpack(bytes)?;
        amount(i64::unpack(bytes)?, currency)
    }
}

/// All amounts of a cart are in its currency, which is written once.
impl Pack for Cart {
    fn pack(&self, out: &mut Vec<u8>) {
        let bare = |money: Option<Money>| money.map(Money::minor_units);
        self.version().pack(out);
        self.currency().pack(out);
        let lines: Vec<Line> = self.lines().iter().map(Line::from).collect();
        lines.pack(out);
        bare(self.shipping()).pack(out);
        bare(self.tax()).pack(out);
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        let version = u64::unpack(bytes)?;
        let currency = Currency::unpack(bytes)?;
        let lines = Vec::<Line>::unpack(bytes)?;
        let lines = lines.into_iter().map(|line| line.priced_in(currency));
        let parts = CartParts {
            version,
            currency,
            lines: lines.collect::<Result<_, _>>()?,
            shipping: optional_amount(Pack::unpack(bytes)?, currency)?,
            tax: optional_amount(Pack::unpack(bytes)?, currency)?,
        };
        Self::new(parts).map_err(|_| invalid("cart"))
    }
}

/// A line of a cart with bare amounts.
struct Line {
    sku: Sku,
    quantity: Quantity,
    unit_price: i64,
    margin: Option<i64>,
    configurable: Configurable,
    category: Option<Category>,
}

pack_fields! {
    Line { sku, quantity, unit_price, margin, configurable, category }
}

impl From<&CartLine> for Line {
    fn from(line: &CartLine) -> Self {
        let CartLine {
            sku,
            quantity,
            unit_price,
            margin,
            configurable,
            category,
        } = line;
        Self {
            sku: sku.clone(),
            quantity: *quantity,
            unit_price: unit_price.minor_units(),
            margin: margin.map(Money::minor_units),
            configurable: *configurable,
            category: category.clone(),
        }
    }
}

impl Line {
    fn priced_in(self, currency: Currency) -> Result<CartLine, Unreadable> {
        let Self {
            sku,
            quantity,
            unit_price,
            margin,
            configurable,
            category,
        } = self;
        Ok(CartLine {
            sku,
            quantity,
            unit_price: amount(unit_price, currency)?,
            margin: optional_amount(margin, currency)?,
            configurable,
            category,
        })
    }
}

fn amount(minor_units: i64, currency: Currency) -> Result<Money, Unreadable> {
    Money::new(minor_units, currency).map_err(|_| invalid("amount"))
}

fn optional_amount(
    minor_units: Option<i64>,
    currency: Currency,
) -> Result<Option<Money>, Unreadable> {
    minor_units
        .map(|minor_units| amount(minor_units, currency))
        .transpose()
}

impl Pack for Consents {
    fn pack(&self, out: &mut Vec<u8>) {
        let consents: Vec<Consent> = self.iter().cloned().collect();
        consents.pack(out);
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        let packed = Vec::<Consent>::unpack(bytes)?;
        let consents: Self = packed.iter().cloned().collect();
        if consents.iter().eq(&packed) {
            Ok(consents)
        } else {
            Err(invalid("order of entries"))
        }
    }
}
