//! The service over the network, as its callers meet it.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "test code: a helper fails its test by a panic"
)]

mod access;
mod assess;
mod bad_input;
mod causes;
mod downstream;
mod model_files;
mod models;
mod outcomes;
mod preview;
mod replays;
mod streams;
mod world;
