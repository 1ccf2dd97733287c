//! The wire: parse, call, render. No rule and no query lives here.

mod assess;
mod convert;
mod model;
mod render;
mod request;
mod risk;
mod stream;

use platform::lifecycle::Tasks;
use platform::limited;
use platform::server::Server;
use proto::risk::v1::model_service_server::{ModelServiceServer, SERVICE_NAME as MODELS};
use proto::risk::v1::risk_scoring_service_server::{
    RiskScoringServiceServer, SERVICE_NAME as RISK,
};
use tonic::service::Routes;

use crate::service::Service;

/// The routes of both gRPC services, and the server that is told their names. Streams are produced by `tasks`.
pub(crate) fn routes(server: Server, service: &Service, tasks: &Tasks) -> (Server, Routes) {
    let risk = risk::Api::new(service.clone(), tasks.clone());
    let models = model::Api::new(service.clone());
    let routes = Routes::new(limited!(RiskScoringServiceServer::new(risk)))
        .add_service(limited!(ModelServiceServer::new(models)));
    let server = server.grpc_service(RISK).grpc_service(MODELS);
    (server, routes)
}
