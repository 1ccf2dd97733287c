//! The one gRPC server: every service is served by it, with the same limits, refusals and way to stop.
//!
//! From the outside in: CORS and gRPC-Web, trace, reasons, panics, deadline, admission, access, quotas, then the routes.
//! Access is settled on the headers, before a message is read. Health and reflection pass the last three by.
//! Each server also takes batches of calls to its routes (`DeliveryService`).

use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server as Transport;
use tonic_web::GrpcWebLayer;
use tower::ServiceBuilder;
use tower::layer::util::{Identity, Stack};
use tower_http::cors::CorsLayer;
use tracing::{info, warn};

use crate::auth::{Table, Verifier, access};
use crate::methods;

mod access_layer;
mod admission;
mod around;
mod config;
mod cors;
mod deadline_layer;
mod delivery;
mod incoming;
mod panics;
mod quota;
mod readiness;
mod reasons;
mod trace;
mod transport;

pub use config::ServerConfig;
pub use delivery::{Deliveries, deliveries};
pub use readiness::{Draining, Readiness};
pub use transport::ServeError;

use around::Around;

/// Once everything is cut, connections have this long to notice.
const AFTER_CUT: Duration = Duration::from_secs(1);

/// A server to be: what it serves, under which limits.
#[derive(Debug, Clone)]
pub struct Server {
    config: ServerConfig,
    service: &'static str,
    verifier: Verifier,
    access: &'static Table,
    pools: Vec<(&'static str, usize)>,
    grpc_services: Vec<&'static str>,
    readiness: Readiness,
}

impl Server {
    /// A server of the service named `service` in traces, such as `offer-authorization`.
    pub fn new(config: &ServerConfig, service: &'static str, verifier: Verifier) -> Self {
        Self {
            config: config.clone(),
            service,
            verifier,
            access: access::RPCS,
            pools: Vec::new(),
            grpc_services: Vec::new(),
            readiness: Readiness::ready(),
        }
    }

    /// Gives the RPC at `path` a pool of `calls` at once of its own, beside the common one.
    #[must_use]
    pub fn pool(mut self, path: &'static str, calls: usize) -> Self {
        self.pools.push((path, calls));
        self
    }

    /// Names a gRPC service of the routes in full, for health and reflection.
    #[must_use]
    pub fn grpc_service(mut self, name: &'static str) -> Self {
        self.grpc_services.push(name);
        self
    }

    /// Follows a readiness that the service sets; without one it is ready when it serves.
    #[must_use]
    pub fn readiness(mut self, readiness: Readiness) -> Self {
        self.readiness = readiness;
        self
    }

    #[cfg(test)]
    pub(crate) fn with_access(mut self, access: &'static Table) -> Self {
        self.access = access;
        self
    }

    /// Serves until `shutdown`, then drains: not ready at once, accepting on for a while, then GOAWAY and the end of
    /// streams, time for calls, and the cut. Returns when every connection is gone, or a second after the cut.
    ///
    /// # Errors
    /// Settings that the transport refuses, such as an unreadable certificate. Calls never end the server.
    pub async fn serve(
        self,
        listener: TcpListener,
        routes: Routes,
        shutdown: CancellationToken,
    ) -> Result<(), ServeError> {
        methods::prepare();
        let address = listener.local_addr().map_err(ServeError::Listener)?;
        let draining = Draining::default();
        let cut = CancellationToken::new();
        let (health, reporter) = readiness::health(&self.grpc_services).await;
        let routes = self.with_deliveries(routes, &draining);
        let routes = transport::with_infrastructure(routes, health, &self)?;
        let mut layered = self.layers(transport::builder(&self.config)?, &draining);
        let incoming = incoming::connections(listener, &self.config, cut.clone());
        let served = layered
            .add_routes(routes)
            .serve_with_incoming_shutdown(incoming, draining.token().cancelled_owned());
        let follow = readiness::follow(reporter, self.readiness.clone(), shutdown.clone());
        info!(service = self.service, %address, "serving");
        let result = tokio::select! {
            result = served => result.map_err(ServeError::Transport),
            () = self.stop(shutdown, &draining, &cut) => Ok(()),
            never = follow => match never {},
        };
        info!(service = self.service, "stopped");
        result
    }

    async fn stop(
        &self,
        shutdown: CancellationToken,
        draining: &Draining,
        cut: &CancellationToken,
    ) {
        shutdown.cancelled().await;
        info!(service = self.service, "not ready, draining");
        tokio::time::sleep(self.config.drain_accept()).await;
        draining.token().cancel();
        tokio::time::sleep(self.config.drain_calls()).await;
        warn!(
            service = self.service,
            "calls did not end in time and are cut"
        );
        cut.cancel();
        tokio::time::sleep(AFTER_CUT).await;
    }

    /// The routes, and batches of calls to them. A call of a batch passes the layers that a call by itself does, but for
    /// admission and quotas: the batch has its place, and only services make batches.
    fn with_deliveries(&self, routes: Routes, draining: &Draining) -> Routes {
        let calls = ServiceBuilder::new()
            .layer(Around(trace::Trace::new(self.service, draining.clone())))
            .layer(Around(reasons::Reasons))
            .layer(Around(panics::Panics))
            .layer(Around(deadline_layer::Deadlines::new(&self.config)))
            .layer(Around(self.access_layer()))
            .service(routes.clone().prepare());
        routes.add_service(deliveries(calls))
    }

    fn access_layer(&self) -> access_layer::AccessLayer {
        access_layer::AccessLayer::new(self.verifier.clone(), self.access)
    }

    fn layers(&self, transport: Transport, draining: &Draining) -> Transport<Layers> {
        transport
            .layer(cors::layer(&self.config))
            .layer(GrpcWebLayer::new())
            .layer(Around(trace::Trace::new(self.service, draining.clone())))
            .layer(Around(reasons::Reasons))
            .layer(Around(panics::Panics))
            .layer(Around(deadline_layer::Deadlines::new(&self.config)))
            .layer(Around(admission::Admission::new(&self.config, &self.pools)))
            .layer(Around(self.access_layer()))
            .layer(Around(quota::Quota::new(&self.config)))
    }
}

/// The layers of [`Server::layers`], innermost first.
type Layers = Stack<
    Around<quota::Quota>,
    Stack<
        Around<access_layer::AccessLayer>,
        Stack<
            Around<admission::Admission>,
            Stack<
                Around<deadline_layer::Deadlines>,
                Stack<
                    Around<panics::Panics>,
                    Stack<
                        Around<reasons::Reasons>,
                        Stack<
                            Around<trace::Trace>,
                            Stack<GrpcWebLayer, Stack<CorsLayer, Identity>>,
                        >,
                    >,
                >,
            >,
        >,
    >,
>;

#[cfg(test)]
mod tests;
