//! A move that the state of a task, reservation or invitation does not allow.

use crate::error::RoutingError;

/// Why a move cannot be made, in words for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub(crate) struct Refused {
    pub(crate) why: &'static str,
}

impl Refused {
    pub(crate) const fn because(why: &'static str) -> Self {
        Self { why }
    }
}

impl From<Refused> for RoutingError {
    fn from(refused: Refused) -> Self {
        Self::IllegalState { why: refused.why }
    }
}
