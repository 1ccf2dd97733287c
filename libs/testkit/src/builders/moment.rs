//! Moments, with times and signs that fit one another.

use std::time::Duration;

use domain::cart::Cart;
use domain::channel::Channel;
use domain::consent::{Consent, Consents, Purpose};
use domain::id::{MomentId, OrderId, SessionId, ShopperId, VisitorId};
use domain::language::Language;
use domain::moment::{Moment, MomentKind, Page, Progress, Shopping, VisitHistory};
use domain::phase::RiskPhase;
use domain::signal::{Signal, SignalKind};
use domain::time::{Timestamp, Zone, earlier, later};

use super::{a_cart, a_consent};
use crate::clock::start;
use crate::ids::nth;

const LIVE_FOR: Duration = Duration::from_mins(1);
const SESSION_AGE: Duration = Duration::from_mins(5);
const PAGE_AGE: Duration = Duration::from_secs(40);
const SIGNAL_AGE: Duration = Duration::from_secs(20);

/// An unknown visitor who hesitates, five minutes into the session, on entering the checkout with [`a_cart`]; without
/// signs, history or consents.
pub fn a_moment() -> MomentBuilder {
    MomentBuilder {
        signals: Vec::new(),
        expires_after: LIVE_FOR,
        moment: Moment {
            id: nth(101),
            session: nth(102),
            visitor: nth(103),
            shopper: None,
            kind: MomentKind::CheckoutEntered,
            trigger: None,
            occurred_at: start(),
            expires_at: start(),
            phase: RiskPhase::TransactionalFriction,
            page: Some(Page::parse("/checkout").unwrap()),
            page_entered_at: None,
            cart: a_cart().build(),
            signals: Vec::new(),
            progress: Progress::Hesitating,
            history: VisitHistory::default(),
            consents: Consents::default(),
            zone: None,
            language: None,
            session_started_at: start(),
            session_version: 7,
            event_count: 12,
            shopping: None,
            order: None,
        },
    }
}

#[derive(Debug, Clone)]
#[must_use = "nothing is made until `build`"]
pub struct MomentBuilder {
    moment: Moment,
    signals: Vec<(SignalKind, u32, Duration)>,
    expires_after: Duration,
}

impl MomentBuilder {
    pub fn with_id(mut self, id: MomentId) -> Self {
        self.moment.id = id;
        self
    }

    pub fn with_session(mut self, session: SessionId) -> Self {
        self.moment.session = session;
        self
    }

    pub fn with_visitor(mut self, visitor: VisitorId) -> Self {
        self.moment.visitor = visitor;
        self
    }

    /// The person is known.
    pub fn with_shopper(mut self, shopper: ShopperId) -> Self {
        self.moment.shopper = Some(shopper);
        self
    }

    /// Also sets the phase in which such a moment arises and, after the order, the order.
    pub fn with_kind(mut self, kind: MomentKind) -> Self {
        self.moment.kind = kind;
        self.moment.phase = usual_phase(kind);
        if self.moment.phase == RiskPhase::PostClickAnxiety && self.moment.order.is_none() {
            return self.with_order("ORDER-1");
        }
        self
    }

    /// A moment made by a sign: friction in the phase of the sign.
    pub fn with_trigger(mut self, kind: SignalKind) -> Self {
        self.moment.kind = MomentKind::Friction;
        self.moment.phase = kind.phase();
        self.moment.trigger = Some(kind);
        self.with_signal(kind, 1)
    }

    /// Seen so often, last at the time of the moment.
    pub fn with_signal(self, kind: SignalKind, count: u32) -> Self {
        self.with_dwell(kind, count, Duration::ZERO)
    }

    /// Seen so often and so long in total, last at the time of the moment.
    pub fn with_dwell(mut self, kind: SignalKind, count: u32, dwell: Duration) -> Self {
        self.signals.push((kind, count, dwell));
        self
    }

    pub fn with_phase(mut self, phase: RiskPhase) -> Self {
        self.moment.phase = phase;
        self
    }

    pub fn with_page(mut self, page: &str) -> Self {
        self.moment.page = Some(Page::parse(page).unwrap());
        self
    }

    pub fn with_cart(mut self, cart: impl Into<Cart>) -> Self {
        self.moment.cart = cart.into();
        self
    }

    pub fn with_progress(mut self, progress: Progress) -> Self {
        self.moment.progress = progress;
        self
    }

    pub fn with_history(mut self, history: VisitHistory) -> Self {
        self.moment.history = history;
        self
    }

    /// A confirmed consent.
    pub fn with_consent_to(self, channel: Channel, purpose: Purpose) -> Self {
        self.with_consent(a_consent(channel, purpose))
    }

    pub fn with_consent(mut self, consent: Consent) -> Self {
        self.moment.consents.record(consent);
        self
    }

    /// Looks and additions of the session.
    pub fn with_shopping(mut self, shopping: Shopping) -> Self {
        self.moment.shopping = Some(shopping);
        self
    }

    pub fn with_zone(mut self, zone: &str) -> Self {
        self.moment.zone = Some(Zone::parse(zone).unwrap());
        self
    }

    pub fn with_language(mut self, language: Language) -> Self {
        self.moment.language = Some(language);
        self
    }

    /// Everything before the moment moves with it.
    pub fn with_occurred_at(mut self, at: Timestamp) -> Self {
        self.moment.occurred_at = at;
        self
    }

    /// A minute unless said otherwise.
    pub fn with_expiry_after(mut self, span: Duration) -> Self {
        self.expires_after = span;
        self
    }

    pub fn with_session_version(mut self, version: u64) -> Self {
        self.moment.session_version = version;
        self
    }

    pub fn with_order(mut self, order: &str) -> Self {
        self.moment.order = Some(OrderId::parse(order).unwrap());
        self
    }

    pub fn build(self) -> Moment {
        let now = self.moment.occurred_at;
        let page_entered_at = self.moment.page.is_some().then(|| earlier(now, PAGE_AGE));
        let signals = self.signals.into_iter().map(|(kind, count, dwell)| Signal {
            kind,
            count,
            first_seen: earlier(now, if count > 1 { SIGNAL_AGE } else { dwell }),
            last_seen: now,
            dwell,
        });
        Moment {
            expires_at: later(now, self.expires_after),
            page_entered_at,
            session_started_at: earlier(now, SESSION_AGE),
            signals: signals.collect(),
            ..self.moment
        }
    }
}

impl From<MomentBuilder> for Moment {
    fn from(builder: MomentBuilder) -> Self {
        builder.build()
    }
}

fn usual_phase(kind: MomentKind) -> RiskPhase {
    match kind {
        MomentKind::CartAdded | MomentKind::IdleCart => RiskPhase::InformationBlock,
        MomentKind::CheckoutEntered
        | MomentKind::Friction
        | MomentKind::ExitIntent
        | MomentKind::IdleInCheckout => RiskPhase::TransactionalFriction,
        MomentKind::OrderPlaced
        | MomentKind::OrderChanged
        | MomentKind::OrderCancelled
        | MomentKind::ShipmentMilestone
        | MomentKind::ShipmentTrouble
        | MomentKind::StatusAnxiety
        | MomentKind::BackOrderReady
        | MomentKind::DeliveryRevised => RiskPhase::PostClickAnxiety,
    }
}
