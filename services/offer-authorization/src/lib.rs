//! draft
mod amounts;
mod authority;
mod case;
mod decision;
mod error;
mod store;
mod ledger;
mod offer;
mod programme;
mod token;
#[cfg(test)]
mod samples;
