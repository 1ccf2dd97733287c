//! The use cases: take events in, read sessions, follow their changes, forget a person.

use std::sync::Arc;
use std::time::Duration;

use domain::id::{PersonId, SessionId, TenantId};
use domain::time::Timestamp;
use platform::clock::Clock;
use platform::paging::{Page, PageRequest};
use storage::RequestKey;

use crate::config::{TimeBounds, WatchConfig};
use crate::error::SessionError;
use crate::ingest::{Batch, Ingest, Pending};
use crate::snapshot::{SessionKey, Snapshot};
use crate::store::{Cursor, Erased, Filter, Listing, Position, Store};

mod upkeep;
mod watch;

#[cfg(test)]
pub(crate) use upkeep::Forgotten;
pub(crate) use upkeep::Upkeep;
pub(crate) use watch::{Broken as WatchBroken, Update, Watch};

use watch::Source;

/// What the handlers call.
#[derive(Clone)]
pub(crate) struct Service {
    store: Store,
    ingest: Ingest,
    clock: Arc<dyn Clock>,
    bounds: TimeBounds,
    watching: WatchConfig,
}

/// Which page of which sessions a list shows.
#[derive(Debug, Clone)]
pub(crate) struct ListSessions {
    pub(crate) listing: Listing,
    pub(crate) page: PageRequest<Cursor>,
}

impl Service {
    pub(crate) fn new(
        store: Store,
        ingest: Ingest,
        clock: Arc<dyn Clock>,
        bounds: TimeBounds,
        watching: WatchConfig,
    ) -> Self {
        Self {
            store,
            ingest,
            clock,
            bounds,
            watching,
        }
    }

    /// The instant by which one call judges everything.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The window in which events are taken.
    pub(crate) fn bounds(&self) -> TimeBounds {
        self.bounds
    }

    /// Hands a batch to the writer, or refuses it when too many wait.
    pub(crate) fn try_record(&self, batch: Batch) -> Result<Pending, SessionError> {
        self.ingest.try_record(batch)
    }

    /// Hands a batch to the writer as soon as there is room.
    pub(crate) async fn record(&self, batch: Batch) -> Result<Pending, SessionError> {
        self.ingest.record(batch).await
    }

    pub(crate) async fn get(
        &self,
        tenant: &TenantId,
        session: SessionId,
    ) -> Result<Snapshot, SessionError> {
        let key = SessionKey {
            tenant: tenant.clone(),
            session,
        };
        if let Some(in_memory) = self.ingest.read(key).await? {
            let mut found = [in_memory];
            self.store.agree(tenant, &mut found).await?;
            let [session] = found;
            return Ok(session);
        }
        let stored = self.store.get(tenant, session).await?;
        stored.ok_or(SessionError::SessionUnknown)
    }

    pub(crate) async fn list(
        &self,
        tenant: &TenantId,
        wanted: ListSessions,
        now: Timestamp,
    ) -> Result<Page<Snapshot>, SessionError> {
        let ListSessions { listing, page } = wanted;
        listing.check(tenant, &page)?;
        self.ingest.settle(tenant).await?;
        let page = self.store.list(tenant, &listing, now, &page).await?;
        Ok(page)
    }

    /// Follows the sessions that match, from where an earlier watch ended or, at the default position, from a snapshot on.
    pub(crate) fn watch(&self, tenant: &TenantId, filter: Filter, from: Position) -> Watch {
        let source = Source {
            store: self.store.clone(),
            ingest: self.ingest.clone(),
        };
        Watch::new(source, tenant.clone(), filter, from)
    }

    /// How often a quiet watch says that it lives.
    pub(crate) fn heartbeat(&self) -> Duration {
        self.watching.heartbeat
    }

    /// Forgets a person, once per request.
    pub(crate) async fn erase(
        &self,
        key: RequestKey,
        person: PersonId,
    ) -> Result<Erased, SessionError> {
        self.ingest.erase(key, person).await
    }
}
