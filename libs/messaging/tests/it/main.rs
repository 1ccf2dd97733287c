//! What messaging promises, held against both engines.

#![cfg(test)]

mod bounds;
mod delivery;
mod direct;
mod failures;
mod inbox;
mod revise;
mod stress;
mod support;
