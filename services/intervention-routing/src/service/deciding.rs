//! What every part of a decision works with.

use std::collections::BTreeMap;

use domain::assessment::Assessment;
use domain::id::{PlayId, TenantId};
use domain::moment::Moment;
use domain::time::Timestamp;
use storage::Tx;

use crate::decide::Authority;

/// A moment that somebody may be helped at.
#[derive(Debug, Clone)]
pub(crate) struct Proposal {
    pub(crate) moment: Moment,
    pub(crate) assessment: Assessment,
}

/// The answers of the world, by play and version.
pub(super) type Answers = BTreeMap<(PlayId, u32), Authority>;

/// What one decision works with.
pub(super) struct Deciding<'a> {
    pub(super) tx: &'a Tx,
    pub(super) tenant: &'a TenantId,
    pub(super) proposal: &'a Proposal,
    pub(super) answers: &'a Answers,
    pub(super) now: Timestamp,
}
