//! The use cases, in domain terms. Each write is one transaction, with its messages and its request key.

mod assess;
mod causes;
mod evaluate;
mod models;
mod outcomes;
mod read;
mod upkeep;
mod watch;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::time::{Timestamp, elapsed, later};
use platform::Sources;
use platform::clock::Clock;
use platform::ids::IdSource;
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;

pub(crate) use assess::Call;
pub(crate) use causes::{Active, CauseTableCard};
pub(crate) use evaluate::{Health, WatchedDay};
pub(crate) use models::{NewModel, Sample};

use crate::cause::CauseTable;
use crate::config::{DriftConfig, ModelsConfig, MomentsConfig};
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
