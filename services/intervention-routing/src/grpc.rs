//! The wire: parse, call, render. No rule and no query lives here.

mod convert;
mod intervention;
mod play;
mod request;

use platform::limited;
use platform::server::Server;
use proto::routing::v1::intervention_service_server::{
    InterventionServiceServer, SERVICE_NAME as INTERVENTIONS,
};
use proto::routing::v1::play_service_server::{PlayServiceServer, SERVICE_NAME as PLAYS};
use tonic::service::Routes;

use crate::service::Service;

/// The routes of all four gRPC services, and the server that is told their names.
pub(crate) fn routes(server: Server, service: &Service) -> (Server, Routes) {
    let interventions = intervention::InterventionApi::new(service.clone());
    let plays = play::PlayApi::new(service.clone());
    let routes = Routes::new(limited!(InterventionServiceServer::new(interventions)))
        .add_service(limited!(PlayServiceServer::new(plays)));
    let server = server.grpc_service(INTERVENTIONS).grpc_service(PLAYS);
    (server, routes)
}
