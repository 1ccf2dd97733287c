//! Tables of this service, private to the store. A row is read as strictly as a request.

pub(super) mod arm;
pub(super) mod contact;
pub(super) mod cool_down;
pub(super) mod decision;
pub(super) mod intervention;
pub(super) mod play;
