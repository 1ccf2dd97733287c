//! The service over the network, as its callers meet it.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests panic where a test would"
)]

mod after_the_order;
mod bad_input;
mod black_hole;
mod crash;
mod disk_full;
mod downstream;
mod erase;
mod events;
mod ingest;
mod journey;
mod process;
mod reading;
mod sender;
mod slow_readers;
mod streams;
mod timers;
mod traces;
mod watching;
mod world;
