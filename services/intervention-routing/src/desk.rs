//! The desks that are open in this process: who is there, what they can take, and the way to tell them.
//!
//! Nothing here must survive a restart: reservations and tasks are in the store, desks come back by themselves and are
//! told again. What an agent has in use is a copy of the store's sum, kept for the choice of the next agent; the
//! transaction that reserves looks at the store itself.

mod news;
mod registry;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use domain::id::{QueueId, TenantId};
use domain::time::Timestamp;
use tokio::sync::mpsc;

pub(crate) use news::{Cut, DeskNews, PresenceNow, SessionNews};

use crate::intervention::AssignedAgent;
use crate::matching::{Load, Need, Places, Presence, Profile, Promise};
use registry::{Registry, Way};

/// News that may wait for one desk; a desk that falls further behind is cut.
const BUFFER: usize = 256;

/// All open desks. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Desks {
    registry: Arc<Mutex<Registry>>,
    per_agent: usize,
}

/// One open desk; closed when it is dropped.
#[derive(Debug)]
pub(crate) struct Desk {
    desks: Desks,
    id: u64,
    tenant: TenantId,
    agent: AssignedAgent,
    news: mpsc::Receiver<DeskNews>,
    cut: Arc<OnceLock<Cut>>,
}

/// The agent has as many desks open as allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManyDesks;

impl Desks {
    pub(crate) fn new(per_agent: usize) -> Self {
        Self {
            registry: Arc::default(),
            per_agent,
        }
    }

    /// Opens a desk, which takes no work before its first presence.
    pub(crate) fn open(
        &self,
        tenant: &TenantId,
        agent: &AssignedAgent,
        now: Timestamp,
    ) -> Result<Desk, TooManyDesks> {
        let (sender, news) = mpsc::channel(BUFFER);
        let cut = Arc::new(OnceLock::new());
        let way = Way::new(sender, Arc::clone(&cut), now);
        let mut registry = self.lock();
        if registry.open_desks(tenant, agent) >= self.per_agent {
            return Err(TooManyDesks);
        }
        let id = registry.open(tenant, agent, way, now);
        Ok(Desk {
            desks: self.clone(),
            id,
            tenant: tenant.clone(),
            agent: agent.clone(),
            news,
            cut,
        })
    }

    /// Who could take a task of this need now.
    pub(crate) fn available(&self, tenant: &TenantId, need: &Need) -> Vec<AssignedAgent> {
        self.lock().available(tenant, need)
    }

    /// The room that all agents together have for tasks of this need, and how much of it is promised.
    pub(crate) fn places(&self, tenant: &TenantId, need: &Need, promises: &[Promise]) -> Places {
        self.lock().places(tenant, need, promises)
    }

    /// Whether all chats that are promised can be kept without an agent.
    pub(crate) fn can_spare(
        &self,
        tenant: &TenantId,
        agent: &AssignedAgent,
        promises: &[Promise],
    ) -> bool {
        self.lock().can_spare(tenant, agent, promises)
    }

    /// Who gets a task.
    pub(crate) fn choose(
        &self,
        tenant: &TenantId,
        need: &Need,
        refused: &BTreeSet<AssignedAgent>,
    ) -> Option<AssignedAgent> {
        self.lock().choose(tenant, need, refused)
    }

    /// What an agent who is there can do.
    pub(crate) fn profile(&self, tenant: &TenantId, agent: &AssignedAgent) -> Option<Profile> {
        self.lock().profile(tenant, agent)
    }

    /// Queues in which somebody could take work, by tenant.
    pub(crate) fn queues_with_room(&self) -> BTreeMap<TenantId, BTreeSet<QueueId>> {
        self.lock().queues_with_room()
    }

    /// Everybody who has a desk open.
    pub(crate) fn agents(&self) -> Vec<(TenantId, AssignedAgent)> {
        self.lock().agents()
    }

    /// Whether somebody serves a queue, with room or without.
    pub(crate) fn serves(&self, tenant: &TenantId, queue: &QueueId) -> bool {
        self.lock().serves(tenant, queue)
    }

    /// Takes over what an agent has in use, as the store says.
    pub(crate) fn set_load(
        &self,
        tenant: &TenantId,
        agent: &AssignedAgent,
        load: Load,
        now: Timestamp,
    ) {
        self.lock().set_load(tenant, agent, load, now);
    }

    /// Counts a missed reservation. Beyond `limit` in a row the agent counts as not responding, and is told.
    pub(crate) fn missed(
        &self,
        tenant: &TenantId,
        agent: &AssignedAgent,
        limit: u32,
        now: Timestamp,
    ) {
        self.lock().missed(tenant, agent, limit, now);
    }

    /// Notes that an agent answered a reservation.
    pub(crate) fn answered(&self, tenant: &TenantId, agent: &AssignedAgent) {
        self.lock().answered(tenant, agent);
    }

    /// Tells all desks of an agent. One that does not read is cut.
    pub(crate) fn tell(&self, tenant: &TenantId, agent: &AssignedAgent, news: &DeskNews) {
        self.lock().tell(tenant, agent, news);
    }

    /// Cuts desks that have been silent for `limit`, and names the agents who are gone with them.
    pub(crate) fn sweep(&self, limit: Duration, now: Timestamp) -> Vec<(TenantId, AssignedAgent)> {
        self.lock().sweep(limit, now)
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        // No code panics while it holds the lock; and if it did, each entry is valid by itself.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    pub(crate) fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    pub(crate) fn agent(&self) -> &AssignedAgent {
        &self.agent
    }

    /// Notes that the desk lives.
    pub(crate) fn heard(&self, now: Timestamp) {
        self.desks
            .lock()
            .heard(&self.tenant, &self.agent, self.id, now);
    }

    /// Takes over what the agent says of what they can do, which counts for all of the agent's desks, and tells them.
    pub(crate) fn present(&self, profile: Profile, load: Load, now: Timestamp) {
        self.heard(now);
        self.desks
            .lock()
            .present(&self.tenant, &self.agent, (profile, load), now);
    }

    /// Tells this desk alone.
    pub(crate) fn tell(&self, news: &DeskNews) {
        self.desks
            .lock()
            .tell_one(&self.tenant, &self.agent, self.id, news);
    }

    /// The next thing to tell the desk, or why it was cut.
    pub(crate) async fn next(&mut self) -> Result<DeskNews, Cut> {
        match self.news.recv().await {
            Some(news) => Ok(news),
            None => Err(self.cut.get().copied().unwrap_or(Cut::Silent)),
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.desks.lock().close(&self.tenant, &self.agent, self.id);
    }
}

#[cfg(test)]
mod tests;
