//! Rows as sea-orm sees them.

pub(super) mod event_batch;
pub(super) mod history;
pub(super) mod log_head;
pub(super) mod session;
