//! The use cases on both engines: limits under concurrency, replays, and what becomes of offers.

mod access;
mod approvals;
mod cedar;
mod grace;
mod life;
mod limits;
mod model;
mod policies;
mod proof;
mod rules;
mod statements;
mod trails;
mod world;

use world::World;
