//! Flows that cross services, through public calls only, on the embedded default.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "test code: a helper fails its test by a panic"
)]

mod access;
mod people;
mod recovery;
mod shop;
mod trace;
