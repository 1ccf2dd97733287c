//! What the tests of all packages share: databases that last one test, services in process or as processes, a clock
//! and ids under control, tokens of every caller, builders of domain values and a receiver for traces.
//!
//! A dev-dependency only. Helpers panic where a test would: a test that cannot be set up has failed.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "this library is test code: it fails a test by a panic, at the place where something is wrong"
)]

pub mod builders;
pub mod canary;
pub mod clock;
pub mod grpc;
pub mod ids;
pub mod otlp;
pub mod process;
pub mod scratch;
pub mod serve;
pub mod tokens;
mod wait;

pub use self::{
    clock::FakeClock,
    ids::SequentialIds,
    serve::{Served, serve},
    wait::{Settles, eventually},
};
