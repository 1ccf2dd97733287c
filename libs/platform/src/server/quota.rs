//! No tenant, partner or agent takes what belongs to the others: calls a second, and calls at once for a tenant.
//!
//! Buckets are per process. Calls between services are not counted: their caller was, and a relay that works off a
//! backlog must not take from the tenant it works for. The limit of the whole service still holds for them.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::id::{AgentId, PartnerId, TenantId};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, RateLimiter};
use http::{Request, Response};
use proto::error::v1::ErrorReason;
use tonic::body::Body;

use super::ServerConfig;
use super::around::{Middleware, Next};
use crate::auth::{Caller, CallerKind};
use crate::status::{Fault, Kind};

/// Full buckets are forgotten every so many calls.
const SWEEP_EVERY: u32 = 4_096;

#[derive(Clone)]
pub(super) struct Quota {
    inner: Arc<Inner>,
}

struct Inner {
    tenants: Bucket<TenantId>,
    partners: Bucket<(TenantId, PartnerId)>,
    agents: Bucket<(TenantId, PartnerId, AgentId)>,
    share: usize,
    running: Mutex<HashMap<TenantId, usize>>,
}

impl Quota {
    pub(super) fn new(config: &ServerConfig) -> Self {
        let inner = Inner {
            tenants: Bucket::new(
                "calls of a tenant per second",
                config.tenant_calls_per_second,
            ),
            partners: Bucket::new(
                "calls of a partner per second",
                config.partner_calls_per_second,
            ),
            agents: Bucket::new(
                "calls of an agent per second",
                config.agent_calls_per_second,
            ),
            share: (config.concurrency_limit / 2).max(1),
            running: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    fn admit(&self, caller: &Caller) -> Result<Option<Running>, Fault> {
        if matches!(caller.kind(), CallerKind::Service) {
            return Ok(None);
        }
        self.inner.count(caller)?;
        Running::start(&self.inner, caller.tenant()).map(Some)
    }
}

impl Middleware for Quota {
    async fn handle<N: Next>(self, request: Request<Body>, next: N) -> Response<Body> {
        let Some(caller) = Caller::in_extensions(request.extensions()) else {
            return next.run(request).await;
        };
        match self.admit(caller) {
            Ok(_running) => next.run(request).await,
            Err(fault) => fault.to_status().into_http(),
        }
    }
}

impl Inner {
    fn count(&self, caller: &Caller) -> Result<(), Fault> {
        let tenant = caller.tenant();
        if let (Some(partner), Some(agent)) = (caller.partner(), caller.agent()) {
            self.agents
                .take(&(tenant.clone(), partner.clone(), agent.clone()))?;
            self.partners.take(&(tenant.clone(), partner.clone()))?;
        }
        self.tenants.take(tenant)
    }
}

/// A place among the calls that one tenant may have running, given back when the call is answered.
struct Running {
    inner: Arc<Inner>,
    tenant: TenantId,
}

impl Running {
    fn start(inner: &Arc<Inner>, tenant: &TenantId) -> Result<Self, Fault> {
        let mut running = inner.running.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = running.entry(tenant.clone()).or_default();
        if *calls >= inner.share {
            let fault = Fault::new(Kind::Exhausted, "too many calls at once");
            return Err(fault.quota("calls of a tenant at once"));
        }
        *calls += 1;
        Ok(Self {
            inner: Arc::clone(inner),
            tenant: tenant.clone(),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = self
            .inner
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(calls) = running.get_mut(&self.tenant) {
            *calls = calls.saturating_sub(1);
            if *calls == 0 {
                running.remove(&self.tenant);
            }
        }
    }
}

/// Token buckets by key: a number of calls a second, twice that in a burst.
struct Bucket<K: Hash + Eq + Clone> {
    name: &'static str,
    limiter: DefaultKeyedRateLimiter<K>,
    clock: DefaultClock,
    calls: AtomicU32,
}

impl<K: Hash + Eq + Clone> Bucket<K> {
    fn new(name: &'static str, per_second: u32) -> Self {
        let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        let quota = governor::Quota::per_second(rate).allow_burst(rate.saturating_add(rate.get()));
        Self {
            name,
            limiter: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            calls: AtomicU32::new(0),
        }
    }

    fn take(&self, key: &K) -> Result<(), Fault> {
        if self.calls.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(key).map_err(|refusal| {
            Fault::new(Kind::Exhausted, "too many calls")
                .because(ErrorReason::QuotaExceeded)
                .quota(self.name)
                .retry_after(refusal.wait_time_from(self.clock.now()))
        })
    }
}
