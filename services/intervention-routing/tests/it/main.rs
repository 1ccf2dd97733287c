//! intervention-routing over a real listener, with stand-ins for the services around it.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests panic where a test would"
)]

mod access;
mod bad_input;
mod contacts;
mod desk_input;
mod desks;
mod downstream;
mod handovers;
mod identities;
mod interventions;
mod labels;
mod plays;
mod promises;
mod propose;
mod races;
mod repetition;
mod replays;
mod restarts;
mod storefronts;
mod timeouts;
mod traces;
mod world;
