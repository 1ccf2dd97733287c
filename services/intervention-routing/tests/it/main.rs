//! intervention-routing over a real listener, with stand-ins for the services around it.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests panic where a test would"
)]

mod access;
mod bad_input;
mod desks;
mod downstream;
mod interventions;
mod plays;
mod propose;
mod world;
