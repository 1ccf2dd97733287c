//! Tables of this service, private to the store.

pub(super) mod fact;
