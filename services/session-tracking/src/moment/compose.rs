//! A moment, made of a cue and the session as it is.

use domain::id::{MomentId, OrderId, SessionId};
use domain::moment::{Moment, VisitHistory};
use domain::time::Timestamp;

use super::{Cue, MomentSettings, expires_at};
use crate::fold::{SignalSettings, State};

/// The session that a moment is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'s> {
    pub(crate) session: SessionId,
    pub(crate) state: &'s State,
    pub(crate) history: VisitHistory,
    pub(crate) version: u64,
    pub(crate) now: Timestamp,
}

pub(crate) fn compose(
    id: MomentId,
    cue: Cue,
    subject: Subject<'_>,
    signals: &SignalSettings,
    settings: &MomentSettings,
) -> Moment {
    let Subject {
        session,
        state,
        history,
        version,
        now,
    } = subject;
    let expires_at = expires_at(&cue, now, settings);
    Moment {
        id,
        session,
        visitor: state.visitor,
        shopper: state.shopper,
        kind: cue.kind,
        trigger: cue.trigger,
        occurred_at: cue.occurred_at,
        expires_at,
        phase: state.phase(),
        page: state.page.clone(),
        page_entered_at: state.page_entered_at,
        cart: state.cart.clone(),
        signals: state.signals.iter_at(now).collect(),
        progress: state.progress(now, signals),
        history,
        consents: state.consents.clone(),
        zone: state.zone.clone(),
        language: state.language,
        session_started_at: state.started_at,
        session_version: version,
        event_count: state.event_count,
        shopping: state.shopping(cue.occurred_at),
        order: cue.order.or_else(|| first_order(state)),
    }
}

/// The order that ended the selling, for a moment that is about none in particular.
fn first_order(state: &State) -> Option<OrderId> {
    state
        .orders
        .iter()
        .filter_map(|(id, order)| Some((order.placed?.at, id)))
        .min()
        .map(|(_, id)| id.clone())
}
