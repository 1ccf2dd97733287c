//! One group: the batches and timers that become durable together.

use std::collections::{BTreeMap, HashMap};

use domain::id::{SessionId, TenantId, VisitorId};

use super::touch::Touch;
use super::{Answer, Batch, Receipt};
use crate::snapshot::SessionKey;

/// What one transaction of the writer will take.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) batches: Vec<(Batch, Answer<Receipt>)>,
    pub(super) events: usize,
    /// Sessions whose timers are due.
    pub(super) due: Vec<SessionKey>,
}

/// The sessions that a group touches, in a fixed order, so that two writers of one database do not wait for each other
/// in a ring.
pub(super) type Touched = BTreeMap<SessionKey, Touch>;

impl Group {
    pub(super) fn add(&mut self, batch: Batch, answer: Answer<Receipt>) {
        self.events += batch.events.len();
        self.batches.push((batch, answer));
    }

    /// The sessions that it needs, with a visitor for those that may be new.
    pub(super) fn wanted(&self) -> BTreeMap<TenantId, HashMap<SessionId, Option<VisitorId>>> {
        let mut wanted: BTreeMap<TenantId, HashMap<SessionId, Option<VisitorId>>> = BTreeMap::new();
        for key in &self.due {
            let sessions = wanted.entry(key.tenant.clone()).or_default();
            sessions.insert(key.session, None);
        }
        for (batch, _) in &self.batches {
            let sessions = wanted.entry(batch.tenant.clone()).or_default();
            for (_, event) in &batch.events {
                sessions.insert(event.session, Some(event.visitor));
            }
        }
        wanted
    }
}
