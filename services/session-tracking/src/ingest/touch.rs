//! Where a change of a session stands in traces.
//!
//! What came with a batch of one session continues the caller's trace. A batch of several sessions is the transport of
//! many recoveries, so each session begins a trace of its own, linked to the batch. What a timer does continues where
//! the session was last.

use platform::telemetry::TraceContext;
use tracing::{Span, info_span};

use super::Batch;
use crate::snapshot::SessionKey;

/// What touched a session in a group, as far as traces are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Touch {
    /// A batch with events of this session alone.
    Alone(TraceContext),
    /// A batch with events of other sessions too.
    Among(TraceContext),
    /// A timer, or a caller without a trace.
    Untraced,
}

impl Touch {
    pub(super) fn of_batch(batch: &Batch) -> Self {
        let Some(trace) = batch.trace.clone() else {
            return Self::Untraced;
        };
        let mut sessions = batch.events.iter().map(|incoming| incoming.event.session);
        let first = sessions.next();
        if sessions.all(|session| Some(session) == first) {
            Self::Alone(trace)
        } else {
            Self::Among(trace)
        }
    }

    /// The span of what this touch leads to. `last` is where the session was in a trace before.
    pub(super) fn span(&self, key: &SessionKey, last: Option<&TraceContext>) -> Span {
        let span = info_span!(
            parent: None,
            "session.decide",
            rescate.tenant = %key.tenant,
            rescate.session = %key.session,
        );
        match (self, last) {
            (Self::Alone(trace), _) => trace.set_parent_of(&span),
            (Self::Among(batch), _) => batch.link_from(&span),
            (Self::Untraced, Some(last)) => last.set_parent_of(&span),
            (Self::Untraced, None) => {}
        }
        span
    }
}
