//! A session as others read it.

use std::time::Duration;

use domain::cart::Cart;
use domain::consent::Consents;
use domain::fact::Ending;
use domain::id::{OrderId, PersonId, SessionId, ShopperId, Sku, TenantId, VisitorId};
use domain::language::Language;
use domain::moment::{Page, Progress, VisitHistory};
use domain::order::{OrderState, ShipmentStatus};
use domain::phase::RiskPhase;
use domain::signal::{Signal, SignalKind};
use domain::time::{Timestamp, Zone};
use serde::{Deserialize, Serialize};

use crate::event::Name;
use crate::fold::{SignalSettings, State};
use crate::moment::Subject;

/// Names a session; ids are made by clients, so that two tenants may use one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SessionKey {
    pub(crate) tenant: TenantId,
    pub(crate) session: SessionId,
}

/// Where a session is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionState {
    Active,
    Ordered,
    Abandoned,
    Ended,
}

impl SessionState {
    pub(crate) fn of(ending: Option<Ending>) -> Self {
        match ending {
            None => Self::Active,
            Some(Ending::Ordered) => Self::Ordered,
            Some(Ending::Abandoned) => Self::Abandoned,
            Some(Ending::NoCart) => Self::Ended,
        }
    }

    /// The word in the store.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Ordered => "ordered",
            Self::Abandoned => "abandoned",
            Self::Ended => "ended",
        }
    }
}

/// A session at one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Snapshot {
    pub(crate) session: SessionId,
    pub(crate) visitor: VisitorId,
    pub(crate) shopper: Option<ShopperId>,
    pub(crate) state: SessionState,
    pub(crate) phase: RiskPhase,
    pub(crate) cart: Cart,
    pub(crate) signals: Vec<Signal>,
    /// The shopper moves ahead until then, if nothing happens.
    pub(crate) progress_until: Option<Timestamp>,
    pub(crate) history: VisitHistory,
    pub(crate) consents: Consents,
    pub(crate) orders: Vec<OrderLine>,
    pub(crate) page: Option<Page>,
    pub(crate) page_entered_at: Option<Timestamp>,
    pub(crate) zone: Option<Zone>,
    pub(crate) language: Option<Language>,
    pub(crate) started_at: Timestamp,
    pub(crate) last_event_at: Timestamp,
    pub(crate) event_count: u32,
    pub(crate) skew: Duration,
    pub(crate) version: u64,
}

/// An order of a session, with its delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderLine {
    pub(crate) order: OrderId,
    pub(crate) state: OrderState,
    pub(crate) shipment: Option<ShipmentStatus>,
    pub(crate) placed_at: Option<Timestamp>,
    pub(crate) detail: Option<Name>,
    pub(crate) promised: Option<Timestamp>,
    #[serde(default)]
    pub(crate) revisions: u32,
    /// The signs of trouble seen on it.
    #[serde(default)]
    pub(crate) troubles: Vec<SignalKind>,
    /// The articles that were on back order and became ready.
    #[serde(default)]
    pub(crate) ready: Vec<Sku>,
}

impl Snapshot {
    /// The session as others may read it now.
    pub(crate) fn of(subject: Subject<'_>, settings: &SignalSettings) -> Self {
        let Subject {
            session,
            state,
            history,
            version,
            now,
        } = subject;
        Self {
            session,
            visitor: state.visitor,
            shopper: state.shopper,
            state: SessionState::of(state.ending()),
            phase: state.phase(),
            cart: state.cart.clone(),
            signals: state.signals.iter_at(now).collect(),
            progress_until: state.progress_until(settings),
            history,
            consents: state.consents.clone(),
            orders: orders(state),
            page: state.page.clone(),
            page_entered_at: state.page_entered_at,
            zone: state.zone.clone(),
            language: state.language,
            started_at: state.started_at,
            last_event_at: state.last_event_at(),
            event_count: state.event_count,
            skew: state.skew,
            version,
        }
    }

    /// The persons whose consents hold in the session: the visitor, and the shopper once known.
    pub(crate) fn persons(&self) -> impl Iterator<Item = PersonId> + use<> {
        let shopper = self.shopper.map(PersonId::from);
        [PersonId::from(self.visitor)].into_iter().chain(shopper)
    }

    /// Takes in what a person has agreed to anywhere.
    pub(crate) fn agree(&mut self, consents: Option<&Consents>) {
        for consent in consents.into_iter().flatten() {
            self.consents.record(consent.clone());
        }
    }

    /// Whether the shopper moves ahead now; it changes by the passing of time alone.
    pub(crate) fn progress(&self, now: Timestamp) -> Progress {
        match self.progress_until {
            Some(until) if now < until => Progress::Progressing,
            Some(_) | None => Progress::Hesitating,
        }
    }
}

fn orders(state: &State) -> Vec<OrderLine> {
    state
        .orders
        .iter()
        .map(|(id, order)| OrderLine {
            order: id.clone(),
            state: order.state(),
            shipment: order.shipment(),
            placed_at: order.placed.map(|placed| placed.at),
            detail: order.detail().cloned(),
            promised: order.promised(),
            revisions: order.revisions.count,
            troubles: order.troubles.keys().copied().collect(),
            ready: order.ready.keys().cloned().collect(),
        })
        .collect()
}
