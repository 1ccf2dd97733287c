//! What a store promises, held against both engines.

#![cfg(test)]

#[macro_use]
mod support;

mod batch;
mod contention;
mod group;
mod lifecycle;
mod postgres;
mod request_keys;
mod rows;
mod sqlite;
mod transactions;
