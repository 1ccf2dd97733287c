//! Keeps shopping sessions.

mod config;
mod event;
mod fold;
mod moment;
mod report;
mod session;
mod error;
mod ingest;
mod outbound;
mod store;
mod snapshot;
