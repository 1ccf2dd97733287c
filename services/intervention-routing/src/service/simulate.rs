//! Running a version of a play over stored decisions: how often it would have qualified, and what would have blocked it.

use std::collections::{BTreeMap, BTreeSet};

use domain::block::BlockReason;
use domain::id::{PersonId, SessionId, TenantId};
use domain::time::Timestamp;
use futures::FutureExt;

use super::Service;
use super::plays::PlayName;
use crate::decide::{PersonRecord, Rules, Simulated, Situation, simulate};
use crate::decision::{Decision, Explanation};
use crate::error::RoutingError;
use crate::play::Play;
use crate::store::{Guard, Version};

/// Decisions read at a time.
const BATCH: u64 = 500;
/// Decisions that one simulation runs; a longer past is to be asked for from a later time on.
const MOST: u64 = 50_000;

/// What a version would have done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Simulation {
    /// Stored moments that were run.
    pub(crate) moments: u64,
    /// Moments that would have qualified.
    pub(crate) qualified: u64,
    /// Persons among these.
    pub(crate) persons: u64,
    /// What would have blocked the qualified ones, as far as stored moments tell.
    pub(crate) blocks: BTreeMap<BlockReason, u64>,
    /// The version, now simulated if it was a draft.
    pub(crate) play: Play,
}

#[derive(Debug, Default)]
struct Tally {
    moments: u64,
    qualified: u64,
    persons: BTreeSet<PersonId>,
    sessions: BTreeSet<SessionId>,
    blocks: BTreeMap<BlockReason, u64>,
}

impl Service {
    /// Simulates one version of a play.
    pub(crate) async fn simulate_play(
        &self,
        tenant: &TenantId,
        name: &PlayName,
        from: Option<Timestamp>,
    ) -> Result<Simulation, RoutingError> {
        let play = self.play(tenant, name).await?;
        let rules = self.inner.settings.rules(tenant);
        let store = &self.inner.store;
        let mut tally = Tally::default();
        let mut last: Option<Decision> = None;
        loop {
            let batch = store
                .decisions_since(tenant, from, last.as_ref(), BATCH)
                .await?;
            let Some(end) = batch.last() else { break };
            last = Some(end.decision.clone());
            for decided in &batch {
                tally.run(decided, &play, rules);
            }
            if tally.moments > MOST {
                return Err(RoutingError::Exhausted {
                    what: "decisions of one simulation",
                });
            }
        }
        let play = self.mark_simulated(tenant, play).await?;
        let Tally {
            moments,
            qualified,
            persons,
            blocks,
            ..
        } = tally;
        Ok(Simulation {
            moments,
            qualified,
            persons: u64::try_from(persons.len()).unwrap_or(u64::MAX),
            blocks,
            play,
        })
    }

    /// A draft becomes simulated; read again under the guard, as somebody may have made it live meanwhile.
    async fn mark_simulated(&self, tenant: &TenantId, play: Play) -> Result<Play, RoutingError> {
        let (service, tenant) = (self.clone(), tenant.clone());
        let now = self.inner.clock.now();
        let mark = self.inner.store.database.write(move |tx| {
            let (service, tenant, play) = (service.clone(), tenant.clone(), play.clone());
            async move {
                let store = &service.inner.store;
                store.guard(tx, &tenant, &[Guard::Plays], now).await?;
                let version = Version::Number(play.version);
                let current = store.play(tx, &tenant, &play.id, version).await?;
                let marked = current.unwrap_or(play).simulated();
                store.save_play_state(tx, &tenant, &marked, now).await?;
                Ok(marked)
            }
            .boxed()
        });
        mark.await
    }
}

impl Tally {
    fn run(&mut self, decided: &Explanation, play: &Play, rules: &Rules) {
        self.moments = self.moments.saturating_add(1);
        let Explanation {
            decision,
            moment,
            assessment,
            ..
        } = decided;
        let situation = Situation {
            moment,
            assessment,
            plays: std::slice::from_ref(play),
            // What a person had of us by then is not stored with a decision; a first contact is assumed.
            record: &PersonRecord::default(),
            rules,
            now: decision.decided_at,
        };
        let Simulated::Qualified { reasons } = simulate(play, &situation) else {
            return;
        };
        // A play qualifies once in a session.
        if !self.sessions.insert(moment.session) {
            return;
        }
        self.qualified = self.qualified.saturating_add(1);
        self.persons.insert(moment.person());
        for reason in reasons {
            let count = self.blocks.entry(reason).or_default();
            *count = count.saturating_add(1);
        }
    }
}
