//! A collector for traces: what services export is received over real OTLP/gRPC and can be asked for by name, by
//! trace and by service. Metrics and logs are deliberately absent; they have their own endpoints.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1 as wire;
use tokio::sync::Notify;
use tokio::time::timeout;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use crate::stand_in::StandIn;

/// One finished span, with ids in lower case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// `service.name` of the resource that the span was exported for.
    pub service: String,
    pub name: String,
    pub trace_id: String,
    pub span_id: String,
    /// `None` for the root of a trace.
    pub parent_id: Option<String>,
    /// OpenTelemetry's name of the kind, such as `SPAN_KIND_SERVER`.
    pub kind: &'static str,
    pub outcome: Outcome,
    /// Values in their text form.
    pub attributes: BTreeMap<String, String>,
    pub events: Vec<String>,
    pub links: Vec<Link>,
}

/// Whether a span was marked as failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    NotFailed,
    Failed,
}

/// The other end of a span link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub trace_id: String,
    pub span_id: String,
}

impl Span {
    pub fn attribute(&self, key: &str) -> Option<&str> {
        self.attributes.get(key).map(String::as_str)
    }

    pub fn is_child_of(&self, parent: &Self) -> bool {
        self.trace_id == parent.trace_id && self.parent_id.as_ref() == Some(&parent.span_id)
    }

    pub fn links_to(&self, other: &Self) -> bool {
        self.links
            .iter()
            .any(|link| link.trace_id == other.trace_id && link.span_id == other.span_id)
    }
}

/// A collector on a free port of the loopback; it ends when it is dropped.
#[derive(Debug)]
pub struct Receiver {
    server: StandIn,
    received: Arc<Received>,
}

#[derive(Debug, Default)]
struct Received {
    spans: Mutex<Vec<Span>>,
    grew: Notify,
}

impl Receiver {
    pub async fn start() -> Self {
        let received = Arc::new(Received::default());
        let collector = TraceServiceServer::new(Collector(Arc::clone(&received)));
        Self {
            server: StandIn::serve(Routes::new(collector)).await,
            received,
        }
    }

    /// What `otlp_endpoint` is set to.
    pub fn endpoint(&self) -> String {
        self.server.uri()
    }

    /// Everything received so far, in the order of arrival. Exporters send in batches: flush them, or use
    /// [`wait_for`](Self::wait_for).
    pub fn spans(&self) -> Vec<Span> {
        self.received.spans.lock().unwrap().clone()
    }

    pub fn in_trace(&self, trace_id: &str) -> Vec<Span> {
        self.matching(|span| span.trace_id == trace_id)
    }

    pub fn named(&self, name: &str) -> Vec<Span> {
        self.matching(|span| span.name == name)
    }

    pub fn of_service(&self, service: &str) -> Vec<Span> {
        self.matching(|span| span.service == service)
    }

    /// Waits until what has been received satisfies `predicate`, and yields it. Panics at the deadline with the names
    /// of the spans that did arrive.
    pub async fn wait_for(
        &self,
        deadline: Duration,
        predicate: impl Fn(&[Span]) -> bool,
    ) -> Vec<Span> {
        let found = timeout(deadline, async {
            loop {
                let grew = self.received.grew.notified();
                let spans = self.spans();
                if predicate(&spans) {
                    return spans;
                }
                grew.await;
            }
        });
        found
            .await
            .unwrap_or_else(|_| panic!("not within {deadline:?}; received {:#?}", self.outline()))
    }

    /// Waits for one span of this name and yields it.
    pub async fn span(&self, deadline: Duration, name: &str) -> Span {
        let spans = self
            .wait_for(deadline, |spans| spans.iter().any(|span| span.name == name))
            .await;
        let mut named = spans.into_iter().filter(|span| span.name == name);
        named.next().expect("the span that was waited for")
    }

    fn matching(&self, wanted: impl Fn(&Span) -> bool) -> Vec<Span> {
        let mut spans = self.spans();
        spans.retain(wanted);
        spans
    }

    fn outline(&self) -> Vec<String> {
        self.spans()
            .iter()
            .map(|span| format!("{} {} {}", span.trace_id, span.service, span.name))
            .collect()
    }
}

struct Collector(Arc<Received>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let spans = request
            .into_inner()
            .resource_spans
            .into_iter()
            .flat_map(spans_of_resource);
        self.0.spans.lock().unwrap().extend(spans);
        self.0.grew.notify_waiters();
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn spans_of_resource(exported: wire::ResourceSpans) -> Vec<Span> {
    let resource = attributes(exported.resource.map_or_else(Vec::new, |it| it.attributes));
    let service = resource.get("service.name").cloned().unwrap_or_default();
    exported
        .scope_spans
        .into_iter()
        .flat_map(|scope| scope.spans)
        .map(|span| view(&service, span))
        .collect()
}

fn view(service: &str, span: wire::Span) -> Span {
    let failed = span
        .status
        .as_ref()
        .is_some_and(|status| status.code() == wire::status::StatusCode::Error);
    Span {
        service: service.to_owned(),
        kind: span.kind().as_str_name(),
        trace_id: hex(&span.trace_id),
        span_id: hex(&span.span_id),
        parent_id: (!span.parent_span_id.is_empty()).then(|| hex(&span.parent_span_id)),
        outcome: if failed {
            Outcome::Failed
        } else {
            Outcome::NotFailed
        },
        attributes: attributes(span.attributes),
        events: span.events.into_iter().map(|event| event.name).collect(),
        links: span.links.iter().map(link).collect(),
        name: span.name,
    }
}

fn link(link: &wire::span::Link) -> Link {
    Link {
        trace_id: hex(&link.trace_id),
        span_id: hex(&link.span_id),
    }
}

fn attributes(pairs: Vec<KeyValue>) -> BTreeMap<String, String> {
    pairs
        .into_iter()
        .map(|pair| (pair.key, text(pair.value)))
        .collect()
}

fn text(value: Option<AnyValue>) -> String {
    match value.and_then(|any| any.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::BoolValue(flag)) => flag.to_string(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(Value::BytesValue(bytes)) => hex(&bytes),
        Some(Value::ArrayValue(array)) => {
            let items: Vec<_> = array.values.into_iter().map(|v| text(Some(v))).collect();
            items.join(",")
        }
        Some(other) => format!("{other:?}"),
        None => String::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
    use opentelemetry_proto::tonic::resource::v1::Resource;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(5);

    fn pair(key: &str, text: &str) -> KeyValue {
        KeyValue {
            key: key.to_owned(),
            value: Some(AnyValue {
                value: Some(Value::StringValue(text.to_owned())),
            }),
            ..KeyValue::default()
        }
    }

    fn exported(name: &str, span_id: u8, parent: Option<u8>) -> wire::Span {
        wire::Span {
            trace_id: vec![1; 16],
            span_id: vec![span_id; 8],
            parent_span_id: parent.map_or_else(Vec::new, |id| vec![id; 8]),
            name: name.to_owned(),
            attributes: vec![pair("tenant", "acme")],
            ..wire::Span::default()
        }
    }

    async fn export(receiver: &Receiver, service: &str, spans: Vec<wire::Span>) {
        let resource = Resource {
            attributes: vec![pair("service.name", service)],
            ..Resource::default()
        };
        let resource_spans = wire::ResourceSpans {
            resource: Some(resource),
            scope_spans: vec![wire::ScopeSpans {
                spans,
                ..wire::ScopeSpans::default()
            }],
            ..wire::ResourceSpans::default()
        };
        let mut client = TraceServiceClient::connect(receiver.endpoint())
            .await
            .unwrap();
        let request = ExportTraceServiceRequest {
            resource_spans: vec![resource_spans],
        };
        client.export(request).await.unwrap();
    }

    #[tokio::test]
    async fn spans_of_two_services_meet_in_one_trace() {
        let receiver = Receiver::start().await;

        export(&receiver, "risk-scoring", vec![exported("assess", 1, None)]).await;
        export(&receiver, "kpi", vec![exported("record", 2, Some(1))]).await;

        let child = receiver.span(DEADLINE, "record").await;
        let parents = receiver.of_service("risk-scoring");
        assert_eq!(
            (child.service.as_str(), child.attribute("tenant")),
            ("kpi", Some("acme"))
        );
        assert!(child.is_child_of(&parents[0]));
        assert_eq!(receiver.in_trace(&child.trace_id).len(), 2);
    }

    #[tokio::test]
    #[should_panic(expected = "received [")]
    async fn what_never_comes_fails_with_what_did() {
        let receiver = Receiver::start().await;

        receiver
            .wait_for(Duration::from_millis(20), |spans| !spans.is_empty())
            .await;
    }
}
