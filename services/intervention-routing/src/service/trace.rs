//! What happens to an intervention minutes after its decision is a part of the same trace.

use platform::telemetry::TraceContext;
use tracing::{Span, info_span};

use crate::intervention::Intervention;

/// A span for a step of an intervention: in the trace of its decision, or linked with it both ways when the present
/// caller brought a trace of its own.
pub(super) fn step(name: &'static str, intervention: &Intervention) -> Span {
    let span = info_span!(
        "step",
        otel.name = name,
        rescate.tenant = %intervention.tenant,
        rescate.session = %intervention.session,
        rescate.intervention = %intervention.id,
    );
    let decided = intervention.traceparent.as_deref().map(TraceContext::parse);
    if let Some(Ok(decided)) = decided {
        decided.resume(&span);
    }
    span
}
