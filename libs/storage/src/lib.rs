//! One store for two engines: SQLite in one process, PostgreSQL in a cluster. Pools, transactions, request keys and
//! error classes live here, so that no service asks which engine runs.
//!
//! Deliberately absent: entities and queries of any service, and transactions opened by hand. The one way to change
//! data is [`Database::write`], or [`Database::write_once`] for a call that carries a `request_id`, and
//! [`Database::write_together`] for several of them. Calls of many callers that are decided on together go through a
//! [`Batcher`].

mod batch;
pub mod column;
mod config;
mod database;
mod engine;
mod error;
mod group;
mod migrations;
mod request;
mod retention;
pub mod rows;
pub mod schema;
pub mod shape;
mod tenant;
mod tx;
mod write;

pub use batch::{Answers, Batcher, Call};
pub use config::{Durability, InvalidStoreUrl, StoreConfig, StoreUrl};
pub use database::{Database, migrate};
pub use error::{StoreError, StoreFault};
pub use migrations::migrations;
pub use request::{RequestKey, Together};
pub use tenant::TenantScoped;
pub use tx::Tx;
