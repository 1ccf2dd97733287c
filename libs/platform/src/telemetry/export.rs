//! Export of spans by service: one connection to the collector, one resource for each service of the process.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::trace::Span as _;
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{
    MetricExporter, SpanExporter as OtlpExporter, WithExportConfig, WithTonicConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};
use tonic::transport::{Channel, Endpoint, Error};

use super::TelemetryError;

const ATTRIBUTE: &str = "rescate.service";
const TIMEOUT: Duration = Duration::from_secs(2);

/// Writes on every span which service it belongs to, as its context says.
#[derive(Debug)]
pub(super) struct ServiceStamp {
    default: &'static str,
}

impl ServiceStamp {
    pub(super) fn new(default: &'static str) -> Self {
        Self { default }
    }
}

impl SpanProcessor for ServiceStamp {
    fn on_start(&self, span: &mut Span, context: &Context) {
        let service = super::service_name(context).unwrap_or(self.default);
        span.set_attribute(KeyValue::new(ATTRIBUTE, service));
    }

    fn on_end(&self, _span: SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// An exporter for each service behind the one that the batch processor knows.
#[derive(Debug)]
pub(super) struct ByService {
    channel: Channel,
    default: &'static str,
    /// As many as there are services in the process.
    exporters: Mutex<HashMap<String, Arc<OtlpExporter>>>,
}

impl ByService {
    /// Connects when the first spans are sent: a collector that is away must not keep a service from starting.
    pub(super) fn connect(endpoint: &str, default: &'static str) -> Result<Self, Error> {
        Ok(Self {
            channel: channel(endpoint)?,
            default,
            exporters: Mutex::default(),
        })
    }

    fn exporter(&self, service: String) -> Result<Arc<OtlpExporter>, OTelSdkError> {
        let mut exporters = self
            .exporters
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(exporter) = exporters.get(&service) {
            return Ok(Arc::clone(exporter));
        }
        let mut exporter = OtlpExporter::builder()
            .with_tonic()
            .with_channel(self.channel.clone())
            .with_timeout(TIMEOUT)
            .build()
            .map_err(|failure| OTelSdkError::InternalFailure(failure.to_string()))?;
        exporter.set_resource(&resource(&service));
        let exporter = Arc::new(exporter);
        exporters.insert(service, Arc::clone(&exporter));
        Ok(exporter)
    }

    fn by_service(&self, batch: Vec<SpanData>) -> BTreeMap<String, Vec<SpanData>> {
        let mut groups = BTreeMap::<String, Vec<SpanData>>::new();
        for span in batch {
            let service = span
                .attributes
                .iter()
                .find(|attribute| attribute.key.as_str() == ATTRIBUTE)
                .map_or_else(|| self.default.to_owned(), |found| found.value.to_string());
            groups.entry(service).or_default().push(span);
        }
        groups
    }
}

/// An exporter of metrics, which connects when the first are sent.
pub(super) fn metrics(endpoint: &str) -> Result<MetricExporter, TelemetryError> {
    MetricExporter::builder()
        .with_tonic()
        .with_channel(channel(endpoint).map_err(TelemetryError::Endpoint)?)
        .with_timeout(TIMEOUT)
        .build()
        .map_err(TelemetryError::Metrics)
}

fn channel(endpoint: &str) -> Result<Channel, Error> {
    Ok(Endpoint::from_shared(endpoint.to_owned())?
        .connect_timeout(TIMEOUT)
        .timeout(TIMEOUT)
        .connect_lazy())
}

pub(super) fn resource(service: &str) -> Resource {
    Resource::builder_empty()
        .with_service_name(service.to_owned())
        .with_attribute(KeyValue::new("service.namespace", "rescate"))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build()
}

impl SpanExporter for ByService {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        // One service that cannot be exported must not cost the others their spans.
        let mut result = Ok(());
        for (service, spans) in self.by_service(batch) {
            let sent = match self.exporter(service) {
                Ok(exporter) => exporter.export(spans).await,
                Err(failure) => Err(failure),
            };
            result = result.and(sent);
        }
        result
    }
}
