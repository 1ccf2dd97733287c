//! The messages of this service to its commands, and its answers to messages.

pub(super) mod desk;
pub(super) mod intervention;
pub(super) mod play;
pub(super) mod shopper;
