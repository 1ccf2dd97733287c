//! The service over the network, as its callers meet it.

mod access;
mod answers;
mod bad_input;
mod facts;
mod streams;
mod world;
