//! Rows as sea-orm sees them.

pub(super) mod consent;
pub(super) mod event_batch;
pub(super) mod history;
pub(super) mod log_head;
pub(super) mod log_sweep;
pub(super) mod session;
pub(super) mod session_name;
