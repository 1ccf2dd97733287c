//! Says how likely a shopping session is lost, and why, at one moment.

mod cause;
mod features;
mod scorecard;
