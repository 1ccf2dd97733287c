//! Figures that alerts are set on, as OpenTelemetry metrics. Where they go is telemetry's: without a collector they go nowhere.
//!
//! Deliberately absent: counting calls, which spans tell, and labels that grow without bound.

use opentelemetry::{KeyValue, global, metrics};

/// A figure that is what it was told last, for each set of labels.
#[derive(Debug, Clone)]
pub struct Gauge {
    gauge: metrics::Gauge<f64>,
}

impl Gauge {
    /// A figure of a service. The name is dotted, the unit as UCUM writes it (`1` for a share); see
    /// <https://opentelemetry.io/docs/specs/semconv/general/metrics/>.
    pub fn new(
        service: &'static str,
        name: &'static str,
        unit: &'static str,
        description: &'static str,
    ) -> Self {
        let meter = global::meter(service);
        let builder = meter.f64_gauge(name);
        Self {
            gauge: builder
                .with_unit(unit)
                .with_description(description)
                .build(),
        }
    }

    /// Tells the figure of these labels.
    pub fn tell(&self, value: f64, labels: &[(&'static str, &str)]) {
        let labels: Vec<KeyValue> = labels
            .iter()
            .map(|(name, value)| KeyValue::new(*name, (*value).to_owned()))
            .collect();
        self.gauge.record(value, &labels);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
        MetricsService, MetricsServiceServer,
    };
    use opentelemetry_proto::tonic::collector::metrics::v1::{
        ExportMetricsServiceRequest, ExportMetricsServiceResponse,
    };
    use opentelemetry_proto::tonic::metrics::v1::metric::Data;
    use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
    use tokio::net::TcpListener;
    use tokio_stream::wrappers::TcpListenerStream;
    use tonic::{Request, Response, Status};

    use super::*;
    use crate::telemetry::{TelemetryConfig, init};

    #[derive(Clone, Default)]
    struct Collector(Arc<Mutex<Vec<ExportMetricsServiceRequest>>>);

    #[tonic::async_trait]
    impl MetricsService for Collector {
        async fn export(
            &self,
            request: Request<ExportMetricsServiceRequest>,
        ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
            self.0.lock().unwrap().push(request.into_inner());
            Ok(Response::new(ExportMetricsServiceResponse::default()))
        }
    }

    /// Sets up telemetry for its process.
    #[tokio::test(flavor = "multi_thread")]
    async fn the_last_figure_of_each_set_of_labels_reaches_the_collector() {
        let collector = Collector::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let serving = tonic::transport::Server::builder()
            .add_service(MetricsServiceServer::new(collector.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(serving);
        let config = TelemetryConfig {
            otlp_metrics_endpoint: Some(endpoint),
            log_filter: "off".to_owned(),
            ..TelemetryConfig::default()
        };
        let telemetry = init(&config, "rescate").unwrap();
        let gauge = Gauge::new("kpi", "rescate.test.share", "1", "A share");
        gauge.tell(0.75, &[("rescate.tenant", "acme")]);
        gauge.tell(0.25, &[("rescate.tenant", "acme")]);
        telemetry.shutdown().await;

        let received = collector.0.lock().unwrap();
        let scopes = received
            .iter()
            .flat_map(|request| &request.resource_metrics)
            .flat_map(|resource| &resource.scope_metrics);
        let metrics = scopes.flat_map(|scope| &scope.metrics);
        let [metric] = &metrics.collect::<Vec<_>>()[..] else {
            panic!("one metric: {received:?}");
        };
        assert_eq!(
            (metric.name.as_str(), metric.unit.as_str()),
            ("rescate.test.share", "1")
        );
        let Some(Data::Gauge(told)) = &metric.data else {
            panic!("a gauge: {metric:?}");
        };
        let [point] = &told.data_points[..] else {
            panic!("one set of labels: {told:?}");
        };
        assert_eq!(point.value, Some(Value::AsDouble(0.25)));
        assert_eq!(point.attributes[0].key, "rescate.tenant");
        let resource = format!("{:?}", received[0].resource_metrics[0].resource);
        assert!(resource.contains("\"rescate\""), "{resource}");
    }
}
