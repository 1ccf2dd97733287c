//! The `rescate` command as a user runs it: real processes, real ports, real files.

#![expect(
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: a helper fails its test by a panic"
)]

mod audit;
mod commands;
mod crash;
mod demo;
