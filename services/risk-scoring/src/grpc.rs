//! The wire: parse, call, render. No rule and no query lives here.

mod assess;
mod convert;
mod model;
mod render;
mod request;
mod risk;
mod stream;

use platform::lifecycle::Tasks;
use platform::server::Server;
use platform::{limited, limits};
use proto::risk::v1::model_service_server::{ModelServiceServer, SERVICE_NAME as MODELS};
use proto::risk::v1::risk_scoring_service_server::{
    RiskScoringServiceServer, SERVICE_NAME as RISK,
};
use tonic::service::Routes;

use crate::service::Service;

/// Largest request to register a model, in bytes: files of other trainers are text. A file takes the memory of its bytes, and one
/// made of empty lines of a scorecard forty times as much, 170 MB, before it is refused. That is why few are read at once; and
/// only operators may send one, whose token is read before the message.
const REGISTER: usize = 4 * 1024 * 1024;
/// Models that are registered at once; another one is told to come again.
const REGISTRATIONS: usize = 2;

/// The routes of both gRPC services, and the server that is told their names. Streams are produced by `tasks`.
pub(crate) fn routes(server: Server, service: &Service, tasks: &Tasks) -> (Server, Routes) {
    let risk = risk::Api::new(service.clone(), tasks.clone());
    let models = model::Api::new(service.clone());
    let routes = Routes::new(limited!(RiskScoringServiceServer::new(risk))).add_service(
        ModelServiceServer::new(models)
            .max_decoding_message_size(REGISTER)
            .max_encoding_message_size(limits::ENCODE),
    );
    let server = server
        .pool(model::REGISTER_MODEL, REGISTRATIONS)
        .grpc_service(RISK)
        .grpc_service(MODELS);
    (server, routes)
}
