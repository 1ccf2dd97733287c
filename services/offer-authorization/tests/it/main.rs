//! The service over the network, as its callers meet it.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: a helper fails its test by a panic"
)]

mod access;
mod approvals;
mod bad_input;
mod bad_rules;
mod bank;
mod checkouts;
mod crashed;
mod downstream;
mod journey;
mod killed;
mod replays;
mod rules;
mod traces;
mod world;
