//! Flows that cross services, through public calls only, on the embedded default.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "test code: a helper fails its test by a panic"
)]

mod access;
mod calls;
mod cards;
mod categories;
mod features;
mod outline;
mod people;
mod recovery;
mod refusal;
mod repetition;
mod rollout;
mod shop;
mod slots;
mod stage;
mod sweep_cards;
mod sweep_errors;
mod trace;
mod wire;
