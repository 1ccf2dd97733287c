//! The words and rules that all services share: ids, money, carts, causes, consents, facts.
//!
//! Everything here is pure and synchronous. A value that exists is valid: constructors return a `Result`, fields that
//! carry an invariant are private, and serde goes through the same constructors. Deliberately absent: clocks,
//! randomness, wire types and storage; the time and new ids are arguments.
#![deny(missing_docs)]
// The three lints below guard what runs in production; a test may count as it likes.
#![cfg_attr(
    not(test),
    deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)
)]

pub mod assessment;
pub mod block;
pub mod card;
pub mod cart;
pub mod cause;
pub mod channel;
pub mod consent;
pub mod experiment;
pub mod fact;
pub mod hash;
pub mod id;
pub mod language;
pub mod moment;
pub mod money;
pub mod offer;
pub mod order;
pub mod phase;
pub mod remedy;
pub mod signal;
pub mod text;
pub mod time;
pub mod word;
