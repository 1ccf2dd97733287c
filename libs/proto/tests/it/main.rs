//! The contracts as their users see them: what goes through the wire comes back, what is wrong is named, and what was
//! written by an earlier version can still be read.
#![cfg(test)]

mod contracts;
mod golden;
mod refusals;
mod round_trips;
mod values;
