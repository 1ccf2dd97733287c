//! The messages of this service to its commands, and its answers to messages.

pub(super) mod intervention;
pub(super) mod play;
