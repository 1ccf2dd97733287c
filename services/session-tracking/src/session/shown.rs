//! By what readers choose sessions.

use domain::phase::RiskPhase;

use crate::fold::State;
use crate::packed::{pack_fields, pack_members};
use crate::snapshot::SessionState;

/// What a filter looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) state: SessionState,
    pub(crate) phase: RiskPhase,
}

impl Shown {
    pub(crate) fn of(state: &State) -> Self {
        Self {
            state: SessionState::of(state.ending()),
            phase: state.phase(),
        }
    }
}

pack_fields! {
    Shown { state, phase }
}

pack_members! {
    SessionState { Active, Ordered, Abandoned, Ended }
}
