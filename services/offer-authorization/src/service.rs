//! The use cases, each one transaction: read, decide, book, tell.
//!
//! Decisions themselves are pure and live in `authority`, `amounts` and `offer`. What is here says in which order they
//! are asked, and that counters, entries, offer, decision and facts are written together or not at all.

mod approvals;
mod approve;
mod authorize;
mod check;
mod checkpoints;
mod deeds;
mod end;
mod expiry;
mod facts;
mod floors;
mod grounds;
mod kept;
mod live;
mod notes;
mod periods;
mod policies;
mod policy_cache;
mod programmes;
mod proposal;
mod purses;
mod read;
mod redeem;
mod reverse;
mod rules;
mod spans;
mod standings;
mod statements;
mod unit;
mod watchers;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::id::{PartnerId, TenantId};
use domain::time::Timestamp;
use futures::future::BoxFuture;
use platform::clock::Clock;
use platform::ids::IdSource;
use serde::Serialize;
use serde::de::DeserializeOwned;
use storage::{Batcher, Database, RequestKey};

use crate::amounts::Worth;
use crate::audit::Checkpoints;
use crate::authority::{GrantorRole, Policy, PolicyFault};
use crate::case::CaseAgent;
use crate::error::OfferError;
use crate::offer::Approver;
use crate::token::TokenKeys;

pub(crate) use approvals::{ApprovalNews, Told, Watching};
pub(crate) use approve::Approval;
use authorize::Asking;
pub(crate) use authorize::{Authorization, AuthorizeOffer, Refusal};
pub(crate) use check::{AuthorityReport, CheckAuthority, Grantable, Grantors, RefusedRemedy};
pub(crate) use facts::KPI;
use live::Live;
pub(crate) use policies::{Activation, ListedPolicy, NewPolicy};
use policy_cache::PolicyCache;
pub(crate) use redeem::{RedeemOffer, Redeemed};
pub(crate) use reverse::{ReversalReason, ReverseRedemption};
use rules::RuleBook;
use unit::Unit;
use watchers::Watchers;

/// Waits that are settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings {
    /// How long an offer waits for the agent to ask, and then for a supervisor to answer.
    pub(crate) approval_timeout: Duration,
    /// How long after its hold an offer can still be redeemed.
    pub(crate) redeem_grace: Duration,
    /// How old a redemption can be that is reversed.
    pub(crate) reversal_max_age: Duration,
    /// Longest pause between two looks for offers whose time is up.
    pub(crate) expiry_poll: Duration,
    /// How long first answers are kept for replays.
    pub(crate) answers_kept: Duration,
    /// Pause between two looks for what those who watch approvals have to be told.
    pub(crate) watch_poll: Duration,
    /// Streams of approvals that may be open at once.
    pub(crate) watch_streams: usize,
}

/// Who acts on offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Actor {
    /// An agent or a supervisor of a partner.
    Person(GrantorRole, CaseAgent),
    /// Whoever runs the shop.
    Shop,
}

/// Whose offers and purses a caller sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Viewer {
    /// All of the tenant.
    Tenant,
    /// Those of one partner.
    Partner(PartnerId),
}

/// All use cases, for all tenants. Clones share everything.
#[derive(Clone)]
pub(crate) struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    settings: Settings,
    keys: TokenKeys,
    checkpoints: Checkpoints,
    policies: PolicyCache,
    rules: RuleBook,
    live: Live,
    authorizing: Batcher<Asking, Authorization, OfferError>,
    watchers: Watchers,
    worths: BTreeMap<TenantId, Worth>,
}

/// What a service works with.
pub(crate) struct Parts {
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) settings: Settings,
    pub(crate) keys: TokenKeys,
    pub(crate) checkpoints: Checkpoints,
    /// What decides for a tenant that has activated no policy of its own.
    pub(crate) starter: Policy,
    /// What offers have to bring in, for the tenants that test it.
    pub(crate) worths: BTreeMap<TenantId, Worth>,
}

impl Service {
    /// # Errors
    /// The starter policy is none.
    pub(crate) fn new(parts: Parts) -> Result<Self, PolicyFault> {
        let Parts {
            database,
            clock,
            ids,
            settings,
            keys,
            checkpoints,
            starter,
            worths,
        } = parts;
        let inner = Inner {
            clock,
            ids,
            settings,
            keys,
            checkpoints,
            policies: PolicyCache::new(starter)?,
            rules: RuleBook::new(),
            live: Live::new(),
            authorizing: authorize::batcher(database.clone()),
            watchers: Watchers::new(settings.watch_streams),
            worths,
            database,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The keys of offer tokens.
    pub(crate) fn keys(&self) -> &TokenKeys {
        &self.inner.keys
    }

    /// Where checkpoints of audit trails are kept.
    pub(crate) fn checkpoints(&self) -> &Checkpoints {
        &self.inner.checkpoints
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// What offers of a tenant have to bring in, if that is tested.
    fn worth_of(&self, tenant: &TenantId) -> Option<&Worth> {
        self.inner.worths.get(tenant)
    }

    fn settings(&self) -> Settings {
        self.inner.settings
    }

    fn database(&self) -> &Database {
        &self.inner.database
    }

    /// Runs a command in one transaction, once for its request: a replay gets the first answer. The clock is read once,
    /// and everything is judged by that instant.
    async fn once<C, T>(
        &self,
        key: RequestKey,
        command: C,
        work: for<'t> fn(Unit<'t>, C) -> BoxFuture<'t, Result<T, OfferError>>,
    ) -> Result<T, OfferError>
    where
        C: Clone + Send + Sync + 'static,
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let (service, tenant, now) = (self.clone(), key.tenant.clone(), self.now());
        let client = key.client.clone();
        self.database()
            .write_once(key, now, move |tx| {
                let unit = Unit {
                    tx,
                    service: service.clone(),
                    tenant: tenant.clone(),
                    now,
                    by: Some(client.clone()),
                };
                work(unit, command.clone())
            })
            .await
    }
}

impl Actor {
    /// Whether an offer of this agent is the actor's to see.
    fn sees(&self, agent: &CaseAgent) -> bool {
        match self {
            Self::Person(_, person) => person.partner == agent.partner,
            Self::Shop => true,
        }
    }

    /// Whether the actor may end or pursue what this agent asked for: its own, or as a supervisor of the partner.
    fn may_act_for(&self, agent: &CaseAgent) -> bool {
        match self {
            Self::Person(GrantorRole::Agent, person) => person == agent,
            Self::Person(GrantorRole::Supervisor, _) | Self::Shop => self.sees(agent),
        }
    }

    /// As whom the actor approves.
    fn approver(&self) -> Approver {
        match self {
            Self::Person(_, person) => Approver::Supervisor(person.clone()),
            Self::Shop => Approver::Shop,
        }
    }
}

impl Viewer {
    /// The partner to narrow a list to, if any.
    fn partner(&self) -> Option<&PartnerId> {
        match self {
            Self::Tenant => None,
            Self::Partner(partner) => Some(partner),
        }
    }

    fn sees(&self, agent: &CaseAgent) -> bool {
        self.partner()
            .is_none_or(|partner| *partner == agent.partner)
    }
}

#[cfg(test)]
mod tests;
