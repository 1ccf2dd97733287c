//! What the tests of all packages share: databases that last one test, services in process or as processes, stand-ins
//! for the services around them, a clock and ids under control, a network and a disk that can fail, tokens of every
//! caller, builders of domain values, tables of bad input and a receiver for traces.
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
pub mod disk;
pub mod grpc;
pub mod ids;
pub mod messages;
pub mod otlp;
pub mod process;
mod proxy;
pub mod rees46;
mod rig;
pub mod scratch;
pub mod serve;
pub mod spoil;
pub mod stand_in;
pub mod tokens;
mod wait;

pub use self::{
    clock::FakeClock,
    ids::SequentialIds,
    proxy::Proxy,
    rig::Rig,
    serve::{Served, serve},
    stand_in::StandIn,
    wait::{Settles, eventually},
};
