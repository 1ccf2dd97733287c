//! A session as a fold over its events. Pure: the same set of events gives the same state, whatever the order and
//! number of their arrivals, and time enters as an argument.
//!
//! Events are folded in the order of their [`Position`](crate::event::Position). Between two of them time passes, and
//! after the last one it goes on: a pause is seen by the same code in both places, so a timer needs no event of its own.
//! Deliberately absent: what is told to others, and when; that is `moment`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use domain::cart::Cart;
use domain::consent::Consents;
use domain::fact::Ending;
use domain::id::{OrderId, PersonId, ShopperId, VisitorId};
use domain::language::Language;
use domain::moment::Page;
use domain::phase::RiskPhase;
use domain::signal::SignalKind;
use domain::time::{Timestamp, Zone, later};

use crate::event::{Event, Payload, PersonEvent, Position};
use crate::packed::{pack_fields, pack_members};

mod browse;
mod buy;
mod checkout;
mod identity;
mod lapse;
mod occurrence;
mod order;
mod progress;
mod settings;
mod signals;
mod trail;
mod window;

pub(crate) use order::Order;
pub use settings::SignalSettings;
pub(crate) use signals::Signals;

use browse::Look;
use checkout::{Checkout, Costs};
use identity::Identity;
use trail::Trail;
use window::Window;

/// What a session has come to by a point in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) visitor: VisitorId,
    pub(crate) shopper: Option<ShopperId>,
    pub(crate) zone: Option<Zone>,
    pub(crate) language: Option<Language>,
    pub(crate) page: Option<Page>,
    pub(crate) page_entered_at: Option<Timestamp>,
    pub(crate) consents: Consents,
    pub(crate) cart: Cart,
    /// How often something was put in the cart, and when last.
    pub(crate) cart_adds: Tally,
    /// How often the checkout was entered, and when last.
    pub(crate) checkouts: Tally,
    pub(crate) signals: Signals,
    pub(crate) orders: BTreeMap<OrderId, Order>,
    pub(crate) started_at: Timestamp,
    pub(crate) event_count: u32,
    /// Most by which a clock of a client was ahead of ours.
    pub(crate) skew: Duration,
    /// The furthest phase so far.
    pub(crate) phase_reached: RiskPhase,
    /// When the first order was placed, which ends the selling part.
    pub(crate) sold_at: Option<Timestamp>,
    /// When the session ended by inactivity or age. An order may still come.
    pub(crate) ended_at: Option<Timestamp>,
    last: Position,
    /// The last act of the shopper; the start, when there was none.
    active_at: Timestamp,
    /// The last act that led towards an order.
    forward_at: Option<Timestamp>,
    pause: Pause,
    checkout: Option<Checkout>,
    costs: Costs,
    /// The product on the screen, if it can be configured.
    look: Option<Look>,
    /// What may make a sign with more of its kind.
    recent: BTreeMap<SignalKind, Window>,
    identity: Identity,
    trail: Trail,
    /// The last event or lapse, before which nothing happens any more.
    clock: Timestamp,
    /// When something will happen by itself, if no event comes before.
    due: Option<Timestamp>,
}

/// How often something happened, and when last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) count: u32,
    pub(crate) last: Option<Timestamp>,
}

impl Tally {
    fn note(&mut self, at: Timestamp) {
        self.count = self.count.saturating_add(1);
        self.last = Some(at);
    }
}

/// Whether the time since the last act of the shopper was noted as idleness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pause {
    Open,
    Noted,
}

impl State {
    /// Folds events that stand in the order of their positions, each once. `None` without any.
    pub(crate) fn fold<'e>(
        events: impl IntoIterator<Item = &'e Event>,
        settings: &SignalSettings,
    ) -> Option<Self> {
        let mut events = events.into_iter();
        let mut state = Self::begin(events.next()?, settings);
        for event in events {
            state.step(event, settings);
        }
        Some(state)
    }

    /// The state after the first event of a session.
    fn begin(first: &Event, settings: &SignalSettings) -> Self {
        let at = first.occurred_at;
        let mut state = Self {
            visitor: first.visitor,
            shopper: None,
            zone: None,
            language: None,
            page: None,
            page_entered_at: None,
            consents: Consents::default(),
            cart: Cart::empty(settings.currency),
            cart_adds: Tally::default(),
            checkouts: Tally::default(),
            signals: Signals::default(),
            orders: BTreeMap::new(),
            started_at: at,
            event_count: 0,
            skew: Duration::ZERO,
            phase_reached: RiskPhase::InformationBlock,
            sold_at: None,
            ended_at: None,
            last: first.position(),
            active_at: at,
            forward_at: None,
            pause: Pause::Open,
            checkout: None,
            costs: Costs::default(),
            look: None,
            recent: BTreeMap::new(),
            identity: Identity::default(),
            trail: Trail::default(),
            clock: at,
            due: None,
        };
        state.step(first, settings);
        state
    }

    /// Takes one more event in, which must stand after all that were taken.
    pub(crate) fn step(&mut self, event: &Event, settings: &SignalSettings) {
        let at = event.occurred_at;
        self.pass(at, settings);
        self.clock = self.clock.max(at);
        self.last = event.position();
        self.event_count = self.event_count.saturating_add(1);
        self.skew = self.skew.max(event.ahead());
        self.note_context(event);
        if event.payload.is_by_shopper() {
            self.note_activity(at, settings);
        }
        self.note_forward(&event.payload, at);
        match &event.payload {
            Payload::Browse(act) => self.browse(act, at, settings),
            Payload::Cart(act) => self.buy(act, at),
            Payload::Checkout(act) => self.check_out(act, at),
            Payload::Order(event_of_order) => {
                self.follow_order(event_of_order, event.position(), settings);
            }
            Payload::Person(act) => self.note_person(act),
            Payload::Custom { .. } => {}
        }
        self.count_towards_sign(&event.payload, at, settings);
        self.phase_reached = self.phase_reached.max(self.phase());
        self.plan(settings);
    }

    /// The state at `now`: itself while nothing has happened since, else a copy in which time has passed.
    pub(crate) fn at(&self, now: Timestamp, settings: &SignalSettings) -> Cow<'_, Self> {
        if self.due.is_none_or(|due| now < due) {
            return Cow::Borrowed(self);
        }
        let mut state = self.clone();
        state.pass(now, settings);
        Cow::Owned(state)
    }

    /// Where the last event stands. One that stands before it needs the session to be folded again.
    pub(crate) fn last_position(&self) -> Position {
        self.last
    }

    pub(crate) fn last_event_at(&self) -> Timestamp {
        let (at, _) = self.last;
        at
    }

    /// Whom the session belongs to, as well as we know.
    pub(crate) fn person(&self) -> PersonId {
        self.shopper
            .map_or(PersonId::Visitor(self.visitor), PersonId::Shopper)
    }

    /// The part of the journey in which trouble would fall now.
    pub(crate) fn phase(&self) -> RiskPhase {
        let about_an_order = !self.orders.is_empty()
            || self.signals.has(SignalKind::OrderStatusRepeat)
            || self.signals.has(SignalKind::CancelPageViewed);
        if self.sold_at.is_some() {
            RiskPhase::PostClickAnxiety
        } else if self.checkout.is_some() {
            RiskPhase::TransactionalFriction
        } else if self.cart.is_empty() && about_an_order {
            RiskPhase::PostClickAnxiety
        } else {
            RiskPhase::InformationBlock
        }
    }

    /// How the session has ended, if it has.
    pub(crate) fn ending(&self) -> Option<Ending> {
        if self.sold_at.is_some() {
            return Some(Ending::Ordered);
        }
        self.ended_at.map(|_| {
            if self.cart.is_empty() {
                Ending::NoCart
            } else {
                Ending::Abandoned
            }
        })
    }

    /// Whether the shopper may still be on the way to an order.
    pub(crate) fn is_selling(&self) -> bool {
        self.ending().is_none()
    }

    fn note_context(&mut self, event: &Event) {
        if event.zone.is_some() && event.zone != self.zone {
            self.zone.clone_from(&event.zone);
        }
        self.language = event.language.or(self.language);
        if let Some(shopper) = event.shopper {
            self.identity.carry(shopper);
            self.shopper = self.identity.shopper();
        }
        if let Some(page) = &event.page
            && self.page.as_ref() != Some(page)
        {
            self.page = Some(page.clone());
            self.page_entered_at = Some(event.occurred_at);
        }
    }

    fn note_person(&mut self, event: &PersonEvent) {
        match event {
            PersonEvent::IdentityLinked(shopper) => self.identity.link(*shopper),
            PersonEvent::IdentityUnlinked(shopper) => self.identity.unlink(*shopper),
            PersonEvent::ConsentChanged(consent) => self.consents.record(consent.clone()),
            PersonEvent::ContactReceived { .. } => {}
        }
        self.shopper = self.identity.shopper();
    }

    /// A sign of life ends the pause, and wakes a session that has ended by inactivity but not by age.
    fn note_activity(&mut self, at: Timestamp, settings: &SignalSettings) {
        self.active_at = at;
        self.pause = Pause::Open;
        for kind in [
            SignalKind::CartIdle,
            SignalKind::CheckoutIdle,
            SignalKind::ShippingShock,
            SignalKind::TaxShock,
            SignalKind::TotalShock,
        ] {
            self.signals.cease(kind, at);
        }
        self.costs.close_before(at, settings);
        if at < later(self.started_at, settings.session_hard_limit) {
            self.ended_at = None;
        }
    }
}

pack_fields! {
    State {
        visitor, shopper, zone, language, page, page_entered_at, consents, cart, cart_adds, checkouts, signals, orders,
        started_at, event_count, skew, phase_reached, sold_at, ended_at, last, active_at, forward_at, pause,
        checkout, costs, look, recent, identity, trail, clock, due,
    }
    Tally { count, last }
}

pack_members! {
    Pause { Open, Noted }
}

#[cfg(test)]
mod tests;
