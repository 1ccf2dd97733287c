//! The use cases on both engines: limits under concurrency, replays, and what becomes of offers.

mod access;
mod accountable;
mod activations;
mod approvals;
mod carts;
mod cedar;
mod faults;
mod floors;
mod four_eyes;
mod grace;
mod life;
mod limits;
mod model;
mod parts;
mod periods;
mod policies;
mod proof;
mod rules;
mod statements;
mod together;
mod trails;
mod watching;
mod world;

use world::World;
