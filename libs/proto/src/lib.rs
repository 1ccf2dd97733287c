//! The wire contracts of Rescate in Rust: generated messages, clients and servers, and the one conversion between the
//! shared messages and the value types of `domain`.
//!
//! Wire types are loose on purpose (every field may be absent, every string may be anything); nothing past a service's
//! `grpc/` folder sees them. What a field may hold is said in the comments of the `.proto` files and enforced here for
//! shared messages, by each service for its own.

pub mod convert;
pub mod descriptor;
pub mod field;
mod generated;
mod reason;

pub use descriptor::{FILE_DESCRIPTOR_SET, descriptor_set_for};
pub use field::{FieldFault, InvalidField};
pub use generated::rescate::*;
pub use reason::{ERROR_DOMAIN, reason_name};
