//! The use cases, in domain terms. Each write is one transaction, with its messages and its request key.

mod assess;
mod causes;
mod evaluate;
mod models;
mod outcomes;
mod preview;
mod read;
mod upkeep;
mod watch;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::id::TenantId;
use domain::time::{Timestamp, elapsed, later};
use futures::future::BoxFuture;
use platform::Sources;
use platform::clock::Clock;
use platform::ids::IdSource;
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use serde::Serialize;
use serde::de::DeserializeOwned;
use storage::{RequestKey, Tx};

pub(crate) use assess::Call;
pub(crate) use causes::{Active, CauseTableCard};
pub(crate) use evaluate::{Health, WatchedDay};
pub(crate) use models::{NewModel, Sample};

use crate::cause::CauseTable;
use crate::config::{DriftConfig, ModelsConfig, MomentsConfig};
use crate::error::RiskError;
use crate::model::BuiltIn;
use crate::store::Store;

/// The service. Clones share everything.
#[derive(Clone)]
pub(crate) struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    causes: Arc<CauseTable>,
    built_in: BuiltIn,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    settings: Settings,
}

/// What the use cases are told by the configuration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) moments: MomentsConfig,
    pub(crate) models: ModelsConfig,
    pub(crate) drift: DriftConfig,
}

/// One transaction of a use case, with what every step of it needs.
struct Unit<'t> {
    tx: &'t Tx,
    service: Service,
    tenant: TenantId,
    /// The instant by which this transaction judges everything.
    now: Timestamp,
}

/// What was compiled in.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) built_in: BuiltIn,
    pub(crate) causes: CauseTable,
}

impl Service {
    pub(crate) fn new(store: Store, tables: Tables, sources: Sources, settings: Settings) -> Self {
        let Sources { clock, ids } = sources;
        let Tables { built_in, causes } = tables;
        let inner = Inner {
            store,
            causes: Arc::new(causes),
            built_in,
            clock,
            ids,
            settings,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The present instant.
    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Runs a command in one transaction, once for its request: a replay gets the first answer.
    async fn once<C, T>(
        &self,
        key: RequestKey,
        command: C,
        work: for<'t> fn(Unit<'t>, C) -> BoxFuture<'t, Result<T, RiskError>>,
    ) -> Result<T, RiskError>
    where
        C: Clone + Send + Sync + 'static,
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let (service, tenant, now) = (self.clone(), key.tenant.clone(), self.now());
        let database = self.inner.store.database();
        database
            .write_once(key, now, move |tx| {
                let unit = Unit {
                    tx,
                    service: service.clone(),
                    tenant: tenant.clone(),
                    now,
                };
                work(unit, command.clone())
            })
            .await
    }
}

impl Unit<'_> {
    fn store(&self) -> &Store {
        &self.service.inner.store
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Service")
            .field("settings", &self.inner.settings)
            .finish_non_exhaustive()
    }
}

/// Refuses a time that clocks cannot explain.
fn not_ahead(
    field: &str,
    at: Timestamp,
    now: Timestamp,
    most: Duration,
) -> Result<(), InvalidField> {
    if at <= later(now, most) {
        return Ok(());
    }
    let reason = ErrorReason::TimeInFuture;
    Err(InvalidField::new(
        field,
        reason,
        "must not be in the future",
    ))
}

/// Refuses what is no longer worth a decision.
fn not_older(
    field: &str,
    at: Timestamp,
    now: Timestamp,
    most: Duration,
) -> Result<(), InvalidField> {
    if elapsed(at, now) <= most {
        return Ok(());
    }
    let description = format!("must be at most {} hours ago", most.as_secs() / 3_600);
    let reason = ErrorReason::TimeTooOld;
    Err(InvalidField::new(field, reason, description))
}

#[cfg(test)]
mod tests;
