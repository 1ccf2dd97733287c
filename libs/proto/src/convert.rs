//! The one conversion between shared messages and the values of `domain`, both ways.
//!
//! A message is `TryFrom` and `From`; a single field is a [`WireField`](crate::field::WireField). From the wire answers
//! with the first field at fault, to the wire cannot fail. Most messages are a table of fields (`record!`), from which
//! both ways are made; what a message demands beyond its fields is a function beside the table.

mod assessment;
mod block;
mod cart;
mod fact;
mod fields;
mod moment;
mod record;
pub mod time;
mod words;
