//! What messaging promises, held against both engines.

#![cfg(test)]

mod delivery;
mod direct;
mod failures;
mod inbox;
mod stress;
mod support;
