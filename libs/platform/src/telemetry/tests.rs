use std::io::Write;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span as Exported;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};
use tracing::{Instrument, info_span};

use super::*;
use crate::server::ServerConfig;
use crate::testing::{Harness, call};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    async fn start() -> (Self, String) {
        let collector = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let service = TraceServiceServer::new(collector.clone());
        let serving = tonic::transport::Server::builder()
            .add_service(service)
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(serving);
        (collector, endpoint)
    }

    /// Spans with the service that their resource names.
    fn spans(&self) -> Vec<(String, Exported)> {
        let mut spans = Vec::new();
        for resource in self
            .0
            .lock()
            .unwrap()
            .iter()
            .flat_map(|batch| &batch.resource_spans)
        {
            let attributes = &resource.resource.as_ref().unwrap().attributes;
            let named = attributes
                .iter()
                .find(|attribute| attribute.key == "service.name");
            let service = format!("{:?}", named.unwrap().value);
            let found = resource.scope_spans.iter().flat_map(|scope| &scope.spans);
            spans.extend(found.map(|span| (service.clone(), span.clone())));
        }
        spans
    }

    /// The first span of a call to the tiny service, on the side of one service.
    fn call_of(&self, service: &str) -> Exported {
        let (quoted, spans) = (format!("\"{service}\""), self.spans());
        let is_call = |(of, span): &&(String, Exported)| {
            of.contains(&quoted) && span.name == "unknown/unknown"
        };
        let found = spans.iter().find(is_call);
        found
            .unwrap_or_else(|| panic!("{service} in {spans:?}"))
            .1
            .clone()
    }

    fn named(&self, name: &str) -> (String, Exported) {
        let spans = self.spans();
        let found = spans.iter().find(|(_, span)| span.name == name);
        found
            .unwrap_or_else(|| panic!("{name} in {spans:?}"))
            .clone()
    }
}

/// Calls the tiny service as part of the service `kpi`, and resumes the trace of that later.
async fn work_and_resume(harness: &Harness) {
    let client = harness.client();
    let work = async {
        let seen = call(&client, "Trace", "").await.unwrap();
        assert!(TraceContext::parse(&seen).is_ok(), "{seen}");
        TraceContext::current().unwrap()
    };
    let work = async { work.instrument(info_span!("work")).await };
    let saved = in_service("kpi", work).await;
    let resume = async {
        let later = info_span!("later");
        saved.resume(&later);
        later.in_scope(|| ());
    };
    in_service("kpi", resume).await;
    let accept = async { call(&client, "Resume", saved.as_str()).await.unwrap() };
    in_service("desk", accept.instrument(info_span!("desk"))).await;
}

/// The one test that sets up telemetry for its process.
#[tokio::test(flavor = "multi_thread")]
async fn one_trace_runs_through_services_and_each_has_its_resource() {
    let (collector, endpoint) = Collector::start().await;
    let config = TelemetryConfig {
        otlp_endpoint: Some(endpoint),
        log_filter: "off".to_owned(),
        ..TelemetryConfig::default()
    };
    let telemetry = init(&config, "rescate").unwrap();
    let harness = Harness::start(ServerConfig::default()).await;
    work_and_resume(&harness).await;
    telemetry.shutdown().await;

    let (service, work) = collector.named("work");
    assert!(service.contains("\"kpi\""), "{service}");
    let (server, client) = (collector.call_of("tiny"), collector.call_of("kpi"));
    assert_eq!(
        (&server.trace_id, &client.trace_id),
        (&work.trace_id, &work.trace_id)
    );
    assert_eq!(server.parent_span_id, client.span_id);
    let text = format!("{:?}", server.attributes);
    for needed in [
        "rpc.grpc.status_code",
        "rescate.tenant",
        "acme",
        "rescate.service",
    ] {
        assert!(text.contains(needed), "{needed} in {text}");
    }
    let (_, later) = collector.named("later");
    let part_of_work = (&work.trace_id, &work.span_id);
    assert_eq!((&later.trace_id, &later.parent_span_id), part_of_work);
    let (service, accepted) = collector.named("accepted");
    let (_, continued) = collector.named("continued");
    assert!(service.contains("\"tiny\""), "{service}");
    assert_eq!(accepted.trace_id, collector.named("desk").1.trace_id);
    assert_eq!(accepted.links[0].span_id, work.span_id);
    assert_eq!(
        (&continued.trace_id, &continued.parent_span_id),
        part_of_work
    );
    assert_eq!(continued.links[0].span_id, accepted.span_id);
}

#[test]
fn only_well_formed_contexts_are_taken() {
    let context = TraceContext::parse(PARENT).unwrap();
    assert_eq!(context.as_str(), PARENT);
    assert_eq!(context.trace_id(), "0af7651916cd43dd8448eb211c80319c");
    for text in [
        "",
        "00",
        &PARENT.replace("00-", "01-"),
        &PARENT.to_uppercase(),
        &format!("{PARENT}-x"),
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333é-01",
    ] {
        assert_eq!(
            TraceContext::parse(text),
            Err(InvalidTraceContext),
            "{text}"
        );
    }
}

#[test]
fn without_telemetry_there_is_no_context() {
    assert_eq!(TraceContext::current(), None);
    TraceContext::parse(PARENT)
        .unwrap()
        .resume(&info_span!("later"));
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn log_lines_are_json_with_their_trace() {
    let lines = Lines::default();
    let writer = lines.clone();
    let provider = SdkTracerProvider::builder().build();
    let log = tracing_subscriber::fmt::layer()
        .with_writer(move || writer.clone())
        .fmt_fields(tracing_subscriber::fmt::format::JsonFields::new())
        .event_format(json::JsonLines);
    let subscriber = Registry::default()
        .with(log)
        .with(trace_layer(provider.tracer("test")));
    tracing::subscriber::with_default(subscriber, || {
        let span = info_span!("call", rescate.tenant = "acme", rpc.method = "GetOffer");
        TraceContext::parse(PARENT).unwrap().set_parent_of(&span);
        span.in_scope(|| tracing::info!(offers = 3, late = true, "found \"them\""));
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let line: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
    assert_eq!(line["message"], "found \"them\"");
    assert_eq!(
        (line["offers"].as_i64(), line["late"].as_bool()),
        (Some(3), Some(true))
    );
    assert_eq!(
        (&line["rescate.tenant"], &line["rpc.method"]),
        (&"acme".into(), &"GetOffer".into())
    );
    assert_eq!(line["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(line["span_id"].as_str().unwrap().len(), 16);
    assert_eq!(line["level"], "INFO");
}
