//! Events and settings for the tests of the pure modules.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use domain::cart::{CartLine, Configurable, Quantity};
use domain::id::{OrderId, Sku, TenantId};
use domain::money::{Currency, Money};
use domain::order::ShipmentStatus;
use domain::text::Text;
use domain::time::{Timestamp, earlier, later};
use platform::config::ServiceConfig;
use testkit::clock::start;
use testkit::ids::nth;

use crate::config::Config;
use crate::event::{
    Browse, CartMove, CheckoutAct, CheckoutStep, Checkpoint, CostKind, Event, Name, OrderChange,
    OrderEvent, PageKind, Payload, ProductView,
};
use crate::fold::State;
use crate::session::Rules;
use crate::snapshot::SessionKey;

/// The documented defaults.
pub(crate) fn config() -> &'static Config {
    static CONFIG: OnceLock<Config> = OnceLock::new();
    CONFIG.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sessions.toml");
        std::fs::write(&file, "[auth]\njwks = \"k\"\nsigning_key = \"k\"\n").unwrap();
        Config::load(Some(&file)).unwrap()
    })
}

/// The rules that follow from them.
pub(crate) fn rules() -> Rules {
    let config = config();
    Rules {
        signals: config.signals.clone(),
        moments: config.moments.clone(),
        max_events: config.ingest.session_max_events,
    }
}

/// A file of the data sets, which need not be at hand.
#[expect(
    clippy::disallowed_methods,
    reason = "where test data lies is no setting of the service"
)]
pub(crate) fn data(file: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let folder = std::env::var_os("RESCATE_DATA").map_or_else(|| beside.into(), PathBuf::from);
    let file = folder.join(file);
    file.exists().then_some(file)
}

pub(crate) fn key(n: u64) -> SessionKey {
    SessionKey {
        tenant: TenantId::parse("acme").unwrap(),
        session: nth(n),
    }
}

/// Bytes, as a test pins them.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// So many seconds after the start of the session.
pub(crate) fn at(seconds: u64) -> Timestamp {
    later(start(), Duration::from_secs(seconds))
}

/// The `n`th event of a session, received the moment it happened.
pub(crate) fn event(n: u64, occurred_at: Timestamp, payload: Payload) -> Event {
    Event {
        id: nth(n),
        session: nth(1),
        visitor: nth(1),
        shopper: None,
        occurred_at,
        received_at: occurred_at,
        page: None,
        zone: None,
        language: None,
        payload,
    }
}

/// Events at the given seconds, in the order given.
pub(crate) fn timeline(acts: impl IntoIterator<Item = (u64, Payload)>) -> Vec<Event> {
    (1..)
        .zip(acts)
        .map(|(n, (seconds, payload))| event(n, at(seconds), payload))
        .collect()
}

/// The state that a timeline comes to, after its last event.
pub(crate) fn folded(acts: impl IntoIterator<Item = (u64, Payload)>) -> State {
    State::fold(&timeline(acts), &config().signals).unwrap()
}

/// The same, with time passed until so many seconds after the start.
pub(crate) fn folded_until(seconds: u64, acts: impl IntoIterator<Item = (u64, Payload)>) -> State {
    let mut state = folded(acts);
    state.pass(at(seconds), &config().signals);
    state
}

pub(crate) fn usd(minor_units: i64) -> Money {
    Money::new(minor_units, Currency::USD).unwrap()
}

pub(crate) fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    Text::parse(text).unwrap()
}

pub(crate) fn line(article: &str, price: i64) -> CartLine {
    CartLine {
        sku: sku(article),
        quantity: Quantity::ONE,
        unit_price: usd(price),
        margin: Some(usd(price / 4)),
        configurable: Configurable::No,
        category: None,
    }
}

pub(crate) fn add(article: &str) -> Payload {
    Payload::Cart(CartMove::Added(line(article, 5_000)))
}

pub(crate) fn remove(article: &str) -> Payload {
    Payload::Cart(CartMove::Removed(sku(article)))
}

pub(crate) fn page(kind: PageKind) -> Payload {
    Payload::Browse(Browse::PageViewed(kind))
}

pub(crate) fn look(article: &str, dwell: Option<u64>) -> Payload {
    Payload::Browse(Browse::ProductViewed(ProductView {
        sku: sku(article),
        price: None,
        configurable: Configurable::Yes,
        dwell: dwell.map(Duration::from_secs),
    }))
}

pub(crate) fn search() -> Payload {
    Payload::Browse(Browse::Searched { result_count: 0 })
}

pub(crate) fn exit() -> Payload {
    Payload::Browse(Browse::ExitIntent)
}

pub(crate) fn step(step: CheckoutStep) -> Payload {
    Payload::Checkout(CheckoutAct::StepEntered(step))
}

pub(crate) fn cost(kind: CostKind, amount: i64) -> Payload {
    Payload::Checkout(CheckoutAct::CostRevealed(kind, usd(amount)))
}

pub(crate) fn decline() -> Payload {
    Payload::Checkout(CheckoutAct::PaymentDeclined {
        method: name("card"),
        reason: None,
    })
}

pub(crate) fn order_id(text: &str) -> OrderId {
    OrderId::parse(text).unwrap()
}

pub(crate) fn of_order(order: &str, change: OrderChange) -> Payload {
    Payload::Order(OrderEvent {
        order: order_id(order),
        change,
    })
}

pub(crate) fn order(id: &str) -> Payload {
    let change = OrderChange::Placed {
        value: usd(5_000),
        margin: None,
    };
    of_order(id, change)
}

/// A checkpoint that the carrier dates so many seconds after the start.
pub(crate) fn shipment(status: ShipmentStatus, carrier_seconds: u64) -> Payload {
    let checkpoint = Checkpoint {
        status,
        carrier_time: at(carrier_seconds),
        estimated_delivery: None,
        detail: Some(name("hub")),
    };
    of_order("A-1", OrderChange::Shipment(checkpoint))
}

/// An event that the client dates so many seconds ahead of us.
pub(crate) fn ahead(event: Event, seconds: u64) -> Event {
    Event {
        received_at: earlier(event.occurred_at, Duration::from_secs(seconds)),
        ..event
    }
}
