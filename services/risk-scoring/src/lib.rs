//! Says how likely a shopping session is lost, and why, at one moment.

mod assess;
mod cause;
mod features;
mod model;
mod scorecard;
mod statistics;
