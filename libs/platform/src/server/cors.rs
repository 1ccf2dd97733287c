//! Which web pages may call by gRPC-Web.

use http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::ServerConfig;

const ASKED: [&str; 5] = [
    "x-grpc-web",
    "x-user-agent",
    "grpc-timeout",
    "traceparent",
    "content-type",
];
const SHOWN: [&str; 3] = ["grpc-status", "grpc-message", "grpc-status-details-bin"];

/// Answers for the allowed origins; without any, browsers stay out and other clients notice nothing.
pub(super) fn layer(config: &ServerConfig) -> CorsLayer {
    let origins: Vec<HeaderValue> = config
        .allowed_origins
        .iter()
        .filter_map(|origin| origin.parse().ok())
        .collect();
    let asked = ASKED
        .map(HeaderName::from_static)
        .into_iter()
        .chain([header::AUTHORIZATION]);
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::POST])
        .allow_headers(asked.collect::<Vec<_>>())
        .expose_headers(SHOWN.map(HeaderName::from_static))
        .max_age(std::time::Duration::from_mins(10))
}
