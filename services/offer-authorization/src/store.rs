//! The store, in domain terms: functions that read on any connection and write in a transaction. One implementation
//! serves both engines, so there is no trait; transactions are opened by the use cases, through `storage`.

pub(crate) mod audit;
pub(crate) mod cases;
mod days;
pub(crate) mod decisions;
mod entities;
pub(crate) mod floors;
pub(crate) mod generations;
pub(crate) mod ledger;
mod migrations;
pub(crate) mod offers;
pub(crate) mod people;
pub(crate) mod policies;
pub(crate) mod programmes;
pub(crate) mod purses;
pub(crate) mod standings;

pub(crate) use migrations::migrations;
