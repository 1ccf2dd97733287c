//! The trace of one recovery across calls, outbox rows and minutes.
//!
//! Context travels as W3C `traceparent` only. No baggage is read or written: it would be a way for values to leave.

use std::fmt;
use std::future::Future;

use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::context::{FutureExt, WithContext};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use thiserror::Error;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

const HEADER: &str = "traceparent";
const VERSION: &str = "00";

/// A place in a trace, kept as the text of `traceparent`; always well-formed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TraceContext {
    text: String,
    span: Place,
}

/// `SpanContext` without its trace state, so that equality and hashing are those of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    trace: TraceId,
    span: SpanId,
    flags: u8,
}

/// The text is no `traceparent` of version 00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a traceparent of version 00")]
pub struct InvalidTraceContext;

/// Whether the caller of the present call brought a trace of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Caller,
    Here,
}

#[derive(Debug, Clone, Copy)]
struct ServiceName(&'static str);

impl TraceContext {
    /// Where the running code is in its trace; `None` outside any span.
    pub fn current() -> Option<Self> {
        Self::of(Context::current().span().span_context())
    }

    /// Where `span` is in its trace.
    pub fn of_span(span: &Span) -> Option<Self> {
        Self::of(span.context().span().span_context())
    }

    fn of(context: &SpanContext) -> Option<Self> {
        context.is_valid().then(|| {
            Self::new(Place {
                trace: context.trace_id(),
                span: context.span_id(),
                flags: context.trace_flags().to_u8(),
            })
        })
    }

    fn new(span: Place) -> Self {
        let text = format!("{VERSION}-{}-{}-{:02x}", span.trace, span.span, span.flags);
        Self { text, span }
    }

    /// Reads a `traceparent`.
    pub fn parse(text: &str) -> Result<Self, InvalidTraceContext> {
        let mut parts = text.split('-');
        let (Some(VERSION), Some(trace), Some(span), Some(flags), None) = (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) else {
            return Err(InvalidTraceContext);
        };
        let lower_hex = |part: &str, length: usize| {
            part.len() == length
                && part
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        if !(lower_hex(trace, 32) && lower_hex(span, 16) && lower_hex(flags, 2)) {
            return Err(InvalidTraceContext);
        }
        let trace = TraceId::from_hex(trace).map_err(|_| InvalidTraceContext)?;
        let span = SpanId::from_hex(span).map_err(|_| InvalidTraceContext)?;
        let flags = u8::from_str_radix(flags, 16).map_err(|_| InvalidTraceContext)?;
        if trace == TraceId::INVALID || span == SpanId::INVALID {
            return Err(InvalidTraceContext);
        }
        // Bits we do not know are dropped, as the standard asks.
        let flags = flags & TraceFlags::SAMPLED.to_u8();
        Ok(Self::new(Place { trace, span, flags }))
    }

    /// The context that a caller sent; a malformed one counts as none.
    pub fn of_headers(headers: &HeaderMap) -> Option<Self> {
        Self::parse(headers.get(HEADER)?.to_str().ok()?).ok()
    }

    /// Adds the context to the headers of a call.
    pub fn inject(&self, headers: &mut HeaderMap) {
        if let Ok(value) = self.text.parse() {
            headers.insert(HEADER, value);
        }
    }

    /// The text of `traceparent`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The trace, 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        self.span.trace.to_string()
    }

    fn span_context(&self) -> SpanContext {
        SpanContext::new(
            self.span.trace,
            self.span.span,
            TraceFlags::new(self.span.flags),
            true,
            TraceState::default(),
        )
    }

    /// Makes `span` a child of this context. Must come before the span is entered.
    pub fn set_parent_of(&self, span: &Span) {
        let parent = Context::current().with_remote_span_context(self.span_context());
        // Fails only where nobody records spans.
        let _ = span.set_parent(parent);
    }

    /// Adds a link from `span` to this context.
    pub fn link_from(&self, span: &Span) {
        span.add_link(self.span_context());
    }

    /// Joins `span`, which continues what began here perhaps long ago, to this trace: as a part of it when the
    /// present caller brought no trace of its own, else by links in both directions. Must come before the span is
    /// entered.
    pub fn resume(&self, span: &Span) {
        match Context::current().get::<Origin>() {
            Some(Origin::Caller) => {
                self.link_from(span);
                let Some(here) = Self::of_span(span) else {
                    return;
                };
                let mark = tracing::info_span!(parent: None, "continued", otel.kind = "internal");
                self.set_parent_of(&mark);
                here.link_from(&mark);
            }
            Some(Origin::Here) | None => {
                self.link_from(&Span::current());
                self.set_parent_of(span);
            }
        }
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// Sets what the span of a served call starts from.
pub(crate) fn inbound(service: &'static str, parent: Option<&TraceContext>, span: &Span) {
    let origin = if parent.is_some() {
        Origin::Caller
    } else {
        Origin::Here
    };
    let mut context = Context::new()
        .with_value(ServiceName(service))
        .with_value(origin);
    if let Some(parent) = parent {
        context = context.with_remote_span_context(parent.span_context());
    }
    let _ = span.set_parent(context);
}

/// The service that the running code belongs to in traces.
pub(crate) fn service_name(context: &Context) -> Option<&'static str> {
    context.get::<ServiceName>().map(|name| name.0)
}

/// Runs a future as part of one service: spans that it starts are exported as that service's.
pub fn in_service<F: Future>(service: &'static str, future: F) -> WithContext<F> {
    future.with_context(Context::current().with_value(ServiceName(service)))
}

/// A future that belongs to the same service as the caller and to no span of it: for background tasks.
pub fn in_this_service<F: Future>(future: F) -> WithContext<F> {
    let context = service_name(&Context::current()).map_or_else(Context::new, |name| {
        Context::new().with_value(ServiceName(name))
    });
    future.with_context(context)
}
