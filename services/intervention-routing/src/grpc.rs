//! The wire: parse, call, render. No rule and no query lives here.

mod convert;
mod desk;
mod intervention;
mod play;
mod request;
mod shopper;

use platform::lifecycle::Tasks;
use platform::limited;
use platform::server::Server;
use proto::routing::v1::agent_desk_service_server::{
    AgentDeskServiceServer, SERVICE_NAME as DESKS,
};
use proto::routing::v1::intervention_service_server::{
    InterventionServiceServer, SERVICE_NAME as INTERVENTIONS,
};
use proto::routing::v1::play_service_server::{PlayServiceServer, SERVICE_NAME as PLAYS};
use proto::routing::v1::shopper_service_server::{SERVICE_NAME as SHOPPERS, ShopperServiceServer};
use tonic::service::Routes;

use crate::service::Service;

/// The routes of all four gRPC services, and the server that is told their names. Streams are served by `tasks`.
pub(crate) fn routes(server: Server, service: &Service, tasks: &Tasks) -> (Server, Routes) {
    let interventions = intervention::InterventionApi::new(service.clone());
    let plays = play::PlayApi::new(service.clone());
    let desks = desk::AgentDeskApi::new(service.clone(), tasks.clone());
    let shoppers = shopper::ShopperApi::new(service.clone(), tasks.clone());
    let routes = Routes::new(limited!(InterventionServiceServer::new(interventions)))
        .add_service(limited!(PlayServiceServer::new(plays)))
        .add_service(limited!(AgentDeskServiceServer::new(desks)))
        .add_service(limited!(ShopperServiceServer::new(shoppers)));
    let server = [INTERVENTIONS, PLAYS, DESKS, SHOPPERS]
        .into_iter()
        .fold(server, Server::grpc_service);
    (server, routes)
}
