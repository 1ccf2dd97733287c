//! What every service of the suite shares and none of them decides: configuration, telemetry, access, status
//! mapping, clock and ids, the one gRPC server and the one gRPC client.
//!
//! A service brings `Routes`, settings and its rules; how calls are limited, traced, refused, drained and retried
//! is settled here once. Deliberately absent: storage, messaging and anything that knows what an offer is.

pub mod auth;
pub mod client;
pub mod clock;
pub mod config;
pub mod ids;
pub mod lifecycle;
pub mod limits;
pub mod metrics;
pub mod paging;
pub mod program;
pub mod server;
pub mod status;
pub mod stream;
pub mod telemetry;

mod deadline;
mod methods;
mod observe;
mod sources;

pub use deadline::Deadline;
pub use sources::Sources;

#[cfg(test)]
mod testing;
