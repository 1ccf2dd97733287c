//! The table of open desks behind the lock of [`Desks`](super::Desks).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::channel::Channel;
use domain::id::{QueueId, TenantId};
use domain::time::{Timestamp, elapsed};
use tokio::sync::mpsc;

use super::{Cut, DeskNews, PresenceNow};
use crate::intervention::AssignedAgent;
use crate::matching::{self, Load, Need, Places, Presence, Profile, Promise, Seat};

/// Agents by tenant, and what is known of each.
#[derive(Debug, Default)]
pub(super) struct Registry {
    tenants: HashMap<TenantId, BTreeMap<AssignedAgent, Entry>>,
    last_id: u64,
}

/// One agent.
#[derive(Debug)]
struct Entry {
    desks: BTreeMap<u64, Way>,
    /// Absent before the first presence.
    profile: Option<Profile>,
    load: Load,
    idle_since: Timestamp,
    misses: u32,
    last_heard: Timestamp,
}

/// The way to one desk.
#[derive(Debug)]
pub(super) struct Way {
    sender: mpsc::Sender<DeskNews>,
    cut: Arc<OnceLock<Cut>>,
    heard_at: Timestamp,
}

impl Way {
    pub(super) const fn new(
        sender: mpsc::Sender<DeskNews>,
        cut: Arc<OnceLock<Cut>>,
        now: Timestamp,
    ) -> Self {
        Self {
            sender,
            cut,
            heard_at: now,
        }
    }

    /// Whether the news found room; if not, the desk does not read and is cut.
    fn reach(&self, news: &DeskNews) -> bool {
        let reached = self.sender.try_send(news.clone()).is_ok();
        if !reached {
            // Set before when it is cut for another reason; then that one stands.
            let _ = self.cut.set(Cut::Slow);
        }
        reached
    }
}

impl Registry {
    pub(super) fn open_desks(&self, tenant: &TenantId, agent: &AssignedAgent) -> usize {
        self.entry(tenant, agent)
            .map_or(0, |entry| entry.desks.len())
    }

    pub(super) fn open(
        &mut self,
        tenant: &TenantId,
        agent: &AssignedAgent,
        way: Way,
        now: Timestamp,
    ) -> u64 {
        self.last_id += 1;
        let agents = self.tenants.entry(tenant.clone()).or_default();
        let entry = agents.entry(agent.clone()).or_insert_with(|| Entry {
            desks: BTreeMap::new(),
            profile: None,
            load: Load::default(),
            idle_since: now,
            misses: 0,
            last_heard: now,
        });
        entry.desks.insert(self.last_id, way);
        entry.last_heard = now;
        self.last_id
    }

    pub(super) fn close(&mut self, tenant: &TenantId, agent: &AssignedAgent, id: u64) {
        if let Some(entry) = self.entry_mut(tenant, agent) {
            entry.desks.remove(&id);
            entry.forget_profile_without_desk();
        }
    }

    pub(super) fn heard(
        &mut self,
        tenant: &TenantId,
        agent: &AssignedAgent,
        id: u64,
        now: Timestamp,
    ) {
        if let Some(entry) = self.entry_mut(tenant, agent) {
            entry.last_heard = now;
            if let Some(way) = entry.desks.get_mut(&id) {
                way.heard_at = now;
            }
        }
    }

    pub(super) fn present(
        &mut self,
        tenant: &TenantId,
        agent: &AssignedAgent,
        (profile, load): (Profile, Load),
        now: Timestamp,
    ) {
        let Some(entry) = self.entry_mut(tenant, agent) else {
            return;
        };
        let before = entry.profile.as_ref().map(|known| known.presence);
        if before != Some(profile.presence) || entry.load != load {
            entry.idle_since = now;
        }
        entry.misses = 0;
        entry.load = load;
        entry.profile = Some(profile);
        entry.tell_presence();
    }

    pub(super) fn set_load(
        &mut self,
        tenant: &TenantId,
        agent: &AssignedAgent,
        load: Load,
        now: Timestamp,
    ) {
        if let Some(entry) = self.entry_mut(tenant, agent)
            && entry.load != load
        {
            entry.load = load;
            entry.idle_since = now;
        }
    }

    pub(super) fn missed(
        &mut self,
        tenant: &TenantId,
        agent: &AssignedAgent,
        limit: u32,
        now: Timestamp,
    ) {
        let Some(entry) = self.entry_mut(tenant, agent) else {
            return;
        };
        entry.misses += 1;
        if entry.misses >= limit
            && let Some(profile) = &mut entry.profile
            && profile.presence == Presence::Available
        {
            profile.presence = Presence::NotResponding;
            entry.idle_since = now;
            entry.tell_presence();
        }
    }

    pub(super) fn answered(&mut self, tenant: &TenantId, agent: &AssignedAgent) {
        if let Some(entry) = self.entry_mut(tenant, agent) {
            entry.misses = 0;
        }
    }

    pub(super) fn tell(&mut self, tenant: &TenantId, agent: &AssignedAgent, news: &DeskNews) {
        if let Some(entry) = self.entry_mut(tenant, agent) {
            entry.tell(news);
        }
    }

    pub(super) fn tell_one(
        &mut self,
        tenant: &TenantId,
        agent: &AssignedAgent,
        id: u64,
        news: &DeskNews,
    ) {
        if let Some(entry) = self.entry_mut(tenant, agent) {
            entry
                .desks
                .retain(|desk, way| *desk != id || way.reach(news));
            entry.forget_profile_without_desk();
        }
    }

    pub(super) fn sweep(
        &mut self,
        limit: Duration,
        now: Timestamp,
    ) -> Vec<(TenantId, AssignedAgent)> {
        let mut gone = Vec::new();
        for (tenant, agents) in &mut self.tenants {
            agents.retain(|agent, entry| {
                entry.cut_silent(limit, now);
                let here = !entry.desks.is_empty() || elapsed(entry.last_heard, now) < limit;
                if !here {
                    gone.push((tenant.clone(), agent.clone()));
                }
                here
            });
        }
        self.tenants.retain(|_, agents| !agents.is_empty());
        gone
    }

    pub(super) fn available(&self, tenant: &TenantId, need: &Need) -> Vec<AssignedAgent> {
        self.seats(tenant)
            .filter(|seat| seat.room(need) > 0)
            .map(|seat| seat.agent.clone())
            .collect()
    }

    pub(super) fn places(&self, tenant: &TenantId, need: &Need, promises: &[Promise]) -> Places {
        let seats: Vec<Seat<'_>> = self.seats(tenant).collect();
        matching::places(&seats, need, promises)
    }

    pub(super) fn can_spare(
        &self,
        tenant: &TenantId,
        agent: &AssignedAgent,
        promises: &[Promise],
    ) -> bool {
        let seats: Vec<Seat<'_>> = self.seats(tenant).collect();
        matching::can_spare(&seats, agent, promises)
    }

    pub(super) fn choose(
        &self,
        tenant: &TenantId,
        need: &Need,
        refused: &BTreeSet<AssignedAgent>,
    ) -> Option<AssignedAgent> {
        matching::choose(self.seats(tenant), need, refused).cloned()
    }

    pub(super) fn profile(&self, tenant: &TenantId, agent: &AssignedAgent) -> Option<Profile> {
        self.entry(tenant, agent)
            .and_then(|entry| entry.profile.clone())
    }

    pub(super) fn queues_with_room(&self) -> BTreeMap<TenantId, BTreeSet<QueueId>> {
        let mut queues: BTreeMap<TenantId, BTreeSet<QueueId>> = BTreeMap::new();
        for tenant in self.tenants.keys() {
            for seat in self.seats(tenant).filter(Seat::takes_work) {
                let of_tenant = queues.entry(tenant.clone()).or_default();
                of_tenant.extend(seat.profile.queues.iter().cloned());
            }
        }
        queues
    }

    pub(super) fn serves(&self, tenant: &TenantId, queue: &QueueId) -> bool {
        self.seats(tenant)
            .any(|seat| seat.profile.queues.contains(queue))
    }

    pub(super) fn agents(&self) -> Vec<(TenantId, AssignedAgent)> {
        let of_tenant = |(tenant, agents): (&TenantId, &BTreeMap<AssignedAgent, Entry>)| {
            let tenant = tenant.clone();
            let names: Vec<AssignedAgent> = agents.keys().cloned().collect();
            names.into_iter().map(move |agent| (tenant.clone(), agent))
        };
        self.tenants.iter().flat_map(of_tenant).collect()
    }

    /// Everybody who has told what they can do.
    fn seats(&self, tenant: &TenantId) -> impl Iterator<Item = Seat<'_>> {
        self.tenants
            .get(tenant)
            .into_iter()
            .flatten()
            .filter_map(|(agent, entry)| {
                Some(Seat {
                    agent,
                    profile: entry.profile.as_ref()?,
                    load: entry.load,
                    idle_since: entry.idle_since,
                })
            })
    }

    fn entry(&self, tenant: &TenantId, agent: &AssignedAgent) -> Option<&Entry> {
        self.tenants.get(tenant)?.get(agent)
    }

    fn entry_mut(&mut self, tenant: &TenantId, agent: &AssignedAgent) -> Option<&mut Entry> {
        self.tenants.get_mut(tenant)?.get_mut(agent)
    }
}

impl Seat<'_> {
    fn takes_work(&self) -> bool {
        self.profile.presence == Presence::Available
            && self.load.room(self.profile.capacity, Channel::Chat) > 0
    }
}

impl Entry {
    fn tell_presence(&mut self) {
        if let Some(profile) = &self.profile {
            let presence = profile.presence;
            let used = self.load.units;
            self.tell(&DeskNews::Presence(PresenceNow { presence, used }));
        }
    }

    fn tell(&mut self, news: &DeskNews) {
        self.desks.retain(|_, way| way.reach(news));
        self.forget_profile_without_desk();
    }

    fn cut_silent(&mut self, limit: Duration, now: Timestamp) {
        self.desks.retain(|_, way| {
            let silent = elapsed(way.heard_at, now) >= limit;
            if silent {
                let _ = way.cut.set(Cut::Silent);
            }
            !silent
        });
        self.forget_profile_without_desk();
    }

    /// INVARIANT: only somebody with an open desk is chosen, or a shopper would wait for a closed one.
    fn forget_profile_without_desk(&mut self) {
        if self.desks.is_empty() {
            self.profile = None;
        }
    }
}
