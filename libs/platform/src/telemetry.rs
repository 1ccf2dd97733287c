//! Logs and traces of a process: set up once, flushed at the end.
//!
//! Several services may share one process (standalone), so a span says which service it belongs to and the export
//! gives each of them a resource of its own. Personal data never gets here: spans and logs carry ids.

use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, Tracer,
};
use serde::Deserialize;
use thiserror::Error;
use tracing::Level;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{Faults, Validate};

mod context;
mod export;
mod json;

pub use context::{InvalidTraceContext, TraceContext, in_service, in_this_service};
pub(crate) use context::{inbound, service_name};

const FLUSH: Duration = Duration::from_secs(3);
const QUEUED_SPANS: usize = 8_192;
const BATCH_SPANS: usize = 512;
const BATCH_DELAY: Duration = Duration::from_secs(1);

/// Settings of logs and traces.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetryConfig {
    /// Where spans go, as OTLP over gRPC: `http://host:4317`. Without it, trace ids are still made and passed on.
    #[serde(deserialize_with = "crate::config::empty_as_none")]
    pub otlp_endpoint: Option<String>,
    /// Where metrics go, in the same way; not every collector of spans takes them. Without it they go nowhere.
    #[serde(deserialize_with = "crate::config::empty_as_none")]
    pub otlp_metrics_endpoint: Option<String>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Which log lines are written, in the words of `tracing_subscriber::EnvFilter`.
    pub log_filter: String,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            otlp_endpoint: None,
            otlp_metrics_endpoint: None,
            log_format: LogFormat::Json,
            log_filter: "info".to_owned(),
        }
    }
}

impl Validate for TelemetryConfig {
    fn validate(&self, faults: &mut Faults) {
        for (name, endpoint) in [
            ("otlp_endpoint", &self.otlp_endpoint),
            ("otlp_metrics_endpoint", &self.otlp_metrics_endpoint),
        ] {
            let url = |endpoint: &String| endpoint.parse::<http::Uri>();
            let named = |endpoint| url(endpoint).is_ok_and(|uri| uri.host().is_some());
            faults.check(
                endpoint.as_ref().is_none_or(named),
                name,
                "must be a URL such as http://host:4317",
            );
        }
        let valid = EnvFilter::builder().parse(&self.log_filter).is_ok();
        faults.check(
            valid,
            "log_filter",
            "must be a filter such as info,session_tracking=debug",
        );
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object a line, with trace and span id.
    Json,
    /// For people at a terminal.
    Text,
}

/// Why telemetry could not be set up.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("log filter cannot be read")]
    Filter(#[source] tracing_subscriber::filter::ParseError),
    /// The endpoint is no URL.
    #[error("telemetry endpoint cannot be used")]
    Endpoint(#[source] tonic::transport::Error),
    /// The exporter of metrics cannot be made.
    #[error("metrics cannot be exported")]
    Metrics(#[source] opentelemetry_otlp::ExporterBuildError),
    /// Somebody else has set up logging in this process.
    #[error("logging is set up already")]
    AlreadySet(#[source] tracing_subscriber::util::TryInitError),
}

/// The telemetry of a running process. Spans still waiting are lost unless [`Telemetry::shutdown`] is awaited.
#[derive(Debug)]
#[must_use = "spans are lost unless shutdown is awaited"]
pub struct Telemetry {
    provider: SdkTracerProvider,
    /// `None` without a collector.
    meters: Option<SdkMeterProvider>,
}

/// Sets up logs and traces for the whole process. `service_name` owns the spans that no service claims.
/// Logs go to standard error, so that a command can print its result.
pub fn init(
    config: &TelemetryConfig,
    service_name: &'static str,
) -> Result<Telemetry, TelemetryError> {
    let provider = provider(config, service_name)?;
    let meters = meters(config, service_name)?;
    let filter = EnvFilter::builder()
        .parse(&config.log_filter)
        .map_err(TelemetryError::Filter)?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let log: Box<dyn Layer<Registry> + Send + Sync> = match config.log_format {
        LogFormat::Json => lines
            .fmt_fields(tracing_subscriber::fmt::format::JsonFields::new())
            .event_format(json::JsonLines)
            .boxed(),
        LogFormat::Text => lines.compact().boxed(),
    };
    Registry::default()
        .with(log.with_filter(filter))
        .with(trace_layer(provider.tracer("rescate")))
        .try_init()
        .map_err(TelemetryError::AlreadySet)?;
    std::panic::set_hook(Box::new(report_panic));
    if let Some(meters) = &meters {
        opentelemetry::global::set_meter_provider(meters.clone());
    }
    Ok(Telemetry { provider, meters })
}

/// Tells where, never what: the text of a panic may hold the value that caused it.
fn report_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    tracing::error!(place = place.as_deref(), "panic");
}

/// Spans only: log lines reach the log, and their free text stays out of traces. The filter is this layer's own, so
/// that fewer log lines do not mean fewer spans.
fn trace_layer<S>(tracer: Tracer) -> impl Layer<S> + Send + Sync
where
    S: tracing::Subscriber
        + for<'span> tracing_subscriber::registry::LookupSpan<'span>
        + Send
        + Sync,
{
    let spans = filter_fn(|metadata| metadata.is_span() && *metadata.level() <= Level::INFO);
    tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(spans.with_max_level_hint(Level::INFO))
}

fn provider(
    config: &TelemetryConfig,
    service_name: &'static str,
) -> Result<SdkTracerProvider, TelemetryError> {
    // Always sampled here: which traces are kept is decided by the collector, which has seen all of one.
    let builder = SdkTracerProvider::builder()
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
        .with_span_processor(export::ServiceStamp::new(service_name));
    let Some(endpoint) = &config.otlp_endpoint else {
        return Ok(builder.build());
    };
    let exporter =
        export::ByService::connect(endpoint, service_name).map_err(TelemetryError::Endpoint)?;
    let batch = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUED_SPANS)
        .with_max_export_batch_size(BATCH_SPANS)
        .with_scheduled_delay(BATCH_DELAY)
        .build();
    let processor = BatchSpanProcessor::builder(exporter)
        .with_batch_config(batch)
        .build();
    Ok(builder.with_span_processor(processor).build())
}

/// Metrics are sent once a minute.
fn meters(
    config: &TelemetryConfig,
    service_name: &'static str,
) -> Result<Option<SdkMeterProvider>, TelemetryError> {
    let Some(endpoint) = &config.otlp_metrics_endpoint else {
        return Ok(None);
    };
    let provider = SdkMeterProvider::builder()
        .with_periodic_exporter(export::metrics(endpoint)?)
        .with_resource(export::resource(service_name));
    Ok(Some(provider.build()))
}

impl Telemetry {
    /// Sends the spans and figures that wait, taking 3 s at most; what cannot be sent by then is given up.
    pub async fn shutdown(self) {
        let Self { provider, meters } = self;
        let flushed = tokio::task::spawn_blocking(move || {
            let spans = provider.shutdown_with_timeout(FLUSH);
            let figures = meters.map_or(Ok(()), |meters| meters.shutdown_with_timeout(FLUSH));
            spans.and(figures)
        })
        .await;
        match flushed {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => tracing::warn!(error = %failure, "last spans were not sent"),
            Err(_) => tracing::warn!("telemetry did not shut down"),
        }
    }

    /// Sends the spans that wait, and keeps going.
    pub async fn flush(&self) {
        let provider = self.provider.clone();
        let flushed = tokio::task::spawn_blocking(move || provider.force_flush()).await;
        if !matches!(flushed, Ok(Ok(()))) {
            tracing::warn!("spans were not sent");
        }
    }
}

#[cfg(test)]
mod tests;
