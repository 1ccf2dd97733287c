//! Flows that cross services, through public calls only, on the embedded default.

mod access;
mod people;
mod recovery;
mod shop;
mod trace;
