//! The rules of each shop as they are kept in memory: programmes, margin floors, what policy decides when, purses and
//! standings. They are good while their generation stands, which the database raises with each change of a rule, by
//! whomever: a transaction reads that one number instead of all the rules.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::id::TenantId;
use domain::money::Money;
use domain::time::Timestamp;
use sea_orm::ConnectionTrait;
use storage::{StoreError, Tx};

use super::Service;
use super::kept::Kept;
use crate::authority::Standing;
use crate::case::CaseAgent;
use crate::floors::MarginFloors;
use crate::ledger::purse_owners;
use crate::programme::{Programme, PurseOwner};
use crate::store::policies::Activations;
use crate::store::{floors, generations, policies, programmes, purses, standings};

/// Most shops whose rules are kept.
const MOST_KEPT: usize = 4_096;
/// Most people of a shop of whom is kept what is known. When there are more, all of them are asked for again.
const MOST_KNOWN: usize = 10_000;

/// The rules of one shop in one generation.
pub(super) struct Rules {
    generation: i64,
    programmes: Vec<Programme>,
    activations: Activations,
    floors: MarginFloors,
    people: Mutex<HashMap<CaseAgent, Known>>,
}

/// What is set of somebody.
#[derive(Debug, Clone)]
struct Known {
    standing: Standing,
    /// The daily limits of the person and of the partner, where they are set.
    limits: [Option<Money>; 2],
}

/// The rules of shops, by tenant.
pub(super) struct RuleBook(Kept<TenantId, Rules>);

impl RuleBook {
    pub(super) fn new() -> Self {
        Self(Kept::new(MOST_KEPT))
    }
}

impl Rules {
    async fn read<C: ConnectionTrait>(
        connection: &C,
        tenant: &TenantId,
        generation: i64,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        // What is read after the generation is as new as that, or newer, and then the next generation has it too.
        Ok(Self {
            generation,
            programmes: programmes::recent(connection, tenant, now).await?,
            activations: policies::activations(connection, tenant).await?,
            floors: floors::all(connection, tenant).await?,
            people: Mutex::default(),
        })
    }

    /// The programmes that could be the reason of an answer, by their ids.
    pub(super) fn programmes(&self, now: Timestamp) -> impl Iterator<Item = &Programme> {
        let programmes = self.programmes.iter();
        programmes.filter(move |programme| programmes::is_recent(programme, now))
    }

    /// The version of the policy that decides.
    pub(super) fn policy_version(&self, now: Timestamp) -> u32 {
        self.activations.at(now)
    }

    pub(super) fn floors(&self) -> &MarginFloors {
        &self.floors
    }

    /// The daily limits of somebody and of the partner; nothing of whom nobody [met](Self::meet).
    pub(super) fn limits_of(&self, person: &CaseAgent) -> [Option<Money>; 2] {
        let people = self.people();
        people
            .get(person)
            .map_or([None, None], |known| known.limits)
    }

    /// What is known of somebody; nothing of whom nobody [met](Self::meet).
    pub(super) fn standing_of(&self, person: &CaseAgent) -> Standing {
        let people = self.people();
        let known = people.get(person);
        known.map_or_else(Standing::default, |known| known.standing.clone())
    }

    /// Reads what is set of these people, as far as that is not known yet.
    pub(super) async fn meet<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        people: &[CaseAgent],
    ) -> Result<(), StoreError> {
        let mut strangers = people.to_vec();
        {
            let known = self.people();
            strangers.retain(|person| !known.contains_key(person));
        }
        if strangers.is_empty() {
            return Ok(());
        }
        let owners: Vec<PurseOwner> = strangers.iter().flat_map(purse_owners).collect();
        let limits = purses::limits_of(connection, tenant, &owners).await?;
        let standings = standings::of_all(connection, tenant, &strangers).await?;
        let pairs = limits.as_chunks::<2>().0.iter().zip(standings);
        let met = strangers.into_iter().zip(pairs);
        let met = met.map(|(person, (limits, standing))| {
            let limits = *limits;
            (person, Known { standing, limits })
        });
        let mut known = self.people();
        if known.len() > MOST_KNOWN {
            known.clear();
        }
        known.extend(met);
        Ok(())
    }

    fn people(&self) -> MutexGuard<'_, HashMap<CaseAgent, Known>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    /// The rules of shops as this transaction sees them, in the order of the tenants.
    pub(super) async fn rules_in(
        &self,
        tx: &Tx,
        tenants: &[TenantId],
        now: Timestamp,
    ) -> Result<Vec<Arc<Rules>>, StoreError> {
        let (all, new) = self.rules(tx, tenants, now).await?;
        if !new.is_empty() {
            let service = self.clone();
            // INVARIANT: what is kept is stored for good. A generation that a transaction made may be undone with it, and
            // another one have its number.
            tx.after_commit(move || service.keep(new));
        }
        Ok(all)
    }

    /// The rules of a shop as they are stored.
    pub(super) async fn rules_of<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<Arc<Rules>, StoreError> {
        let tenants = std::slice::from_ref(tenant);
        let (all, new) = self.rules(connection, tenants, now).await?;
        self.keep(new);
        match all.into_iter().next() {
            Some(rules) => Ok(rules),
            None => Rules::read(connection, tenant, 0, now).await.map(Arc::new),
        }
    }

    /// The rules of shops, and those of them that were not kept.
    async fn rules<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenants: &[TenantId],
        now: Timestamp,
    ) -> Result<(Vec<Arc<Rules>>, Vec<(TenantId, Arc<Rules>)>), StoreError> {
        let generations = generations::of_all(connection, tenants).await?;
        let (mut all, mut new) = (Vec::with_capacity(tenants.len()), Vec::new());
        for (tenant, generation) in tenants.iter().zip(generations) {
            let kept = self.inner.rules.0.get(tenant);
            let kept = kept.filter(|rules| rules.generation == generation);
            let rules = if let Some(rules) = kept {
                rules
            } else {
                let read = Rules::read(connection, tenant, generation, now).await?;
                let read = Arc::new(read);
                new.push((tenant.clone(), Arc::clone(&read)));
                read
            };
            all.push(rules);
        }
        Ok((all, new))
    }

    fn keep(&self, rules: Vec<(TenantId, Arc<Rules>)>) {
        for (tenant, rules) in rules {
            self.inner.rules.0.keep(tenant, rules);
        }
    }
}
