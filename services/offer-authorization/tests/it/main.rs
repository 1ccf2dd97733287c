//! The service over the network, as its callers meet it.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: a helper fails its test by a panic"
)]

mod access;
mod bad_input;
mod bad_rules;
mod checkouts;
mod downstream;
mod journey;
mod replays;
mod rules;
mod traces;
mod world;
