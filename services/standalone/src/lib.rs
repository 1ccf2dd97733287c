//! The suite on one machine: all five services in one process, and the tools around them.
//!
//! Wiring and command line only. Whatever the suite decides is decided in the services, so a suite started here behaves as
//! one that runs in five deployments.

mod audit;
pub mod cli;
mod demo;
mod model;
mod output;
mod replay;
pub mod suite;
pub mod token;
mod up;
