//! What messaging promises, held against both engines. PostgreSQL is the server of `RESCATE_TEST_PG_URL`.

#![cfg(test)]

#[macro_use]
mod support;

mod delivery;
mod direct;
mod failures;
mod inbox;
mod stress;
