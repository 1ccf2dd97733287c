//! The use cases: take facts, and answer from all of them.

mod audit;
mod changes;
mod reader;
mod record;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use domain::fact::Fact;
use domain::id::{ExperimentId, PartnerId, TenantId};
use domain::money::{BasisPoints, Currency};
use domain::time::{Timestamp, earlier};
use platform::clock::Clock;
use tokio::sync::Semaphore;

use crate::config::{FactsConfig, ReportsConfig};
use crate::episodes::Episodes;
use crate::error::KpiError;
use crate::report::{
    ExperimentReading, KpiReport, Question, Window, assemble, experiment_reading_window,
    read_experiment,
};
use crate::store::{FactKind, Scan, ScanOrder, Store};

pub(crate) use audit::Audit;
pub(crate) use changes::Changes;
pub(crate) use record::{Batch, Recorded, Rejected};
pub(crate) use watch::Watching;

use reader::Reader;

/// What an experiment is read from beside its assignments: orders, and the ends of sessions, which say whose a session
/// was.
const EXPERIMENT_KINDS: [FactKind; 3] = [
    FactKind::OrderPlaced,
    FactKind::OrderCancelled,
    FactKind::SessionEnded,
];

/// All use cases, for all tenants.
pub(crate) struct Service {
    store: Store,
    clock: Arc<dyn Clock>,
    facts: FactsConfig,
    reports: ReportsConfig,
    changes: Changes,
    watches: Arc<Semaphore>,
}

/// Which figures somebody wants.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) horizon: Option<Duration>,
    pub(crate) partner: Option<PartnerId>,
    pub(crate) currency: Option<Currency>,
}

/// Figures, and the question that they answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) question: Question,
    pub(crate) report: KpiReport,
}

/// Which experiment somebody wants to read.
#[derive(Debug, Clone)]
pub(crate) struct ExperimentQuery {
    pub(crate) experiment: ExperimentId,
    pub(crate) planned_holdout: BasisPoints,
    pub(crate) horizon: Option<Duration>,
}

impl Selection {
    /// Narrows the selection to the caller's own partner, if it has one.
    pub(crate) fn for_caller(self, own: Option<&PartnerId>) -> Result<Self, KpiError> {
        match (own, &self.partner) {
            (Some(own), Some(asked)) if own != asked => Err(KpiError::PartnerUnknown),
            (Some(own), _) => Ok(Self {
                partner: Some(own.clone()),
                ..self
            }),
            (None, _) => Ok(self),
        }
    }
}

impl Service {
    pub(crate) fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        facts: FactsConfig,
        reports: ReportsConfig,
    ) -> Self {
        Self {
            store,
            clock,
            facts,
            reports,
            changes: Changes::default(),
            watches: Arc::new(Semaphore::new(reports.max_watches)),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The figures of a window.
    pub(crate) async fn query(
        &self,
        tenant: &TenantId,
        window: Window,
        selection: Selection,
    ) -> Result<Answer, KpiError> {
        let question = self.question(window, selection);
        let mut episodes = Episodes::default();
        self.reader(tenant)
            .read_for(&question, ScanOrder::Time, |fact| episodes.add(fact))
            .await?;
        let report = assemble(&episodes, &question)?;
        Ok(Answer { question, report })
    }

    /// The figures of the window of this length that ends now.
    async fn query_latest(
        &self,
        tenant: &TenantId,
        length: Duration,
        selection: Selection,
    ) -> Result<Answer, KpiError> {
        let until = self.clock.now();
        let from = earlier(until, length);
        self.query(tenant, Window { from, until }, selection).await
    }

    /// An experiment over all of its time. Only that time is read, so that an old shop can read a young experiment.
    pub(crate) async fn experiment(
        &self,
        tenant: &TenantId,
        query: &ExperimentQuery,
    ) -> Result<ExperimentReading, KpiError> {
        let ExperimentQuery {
            experiment,
            planned_holdout,
            horizon,
        } = query;
        let horizon = horizon.unwrap_or(self.reports.horizon());
        let mut episodes = Episodes::default();
        let mut reader = self.reader(tenant);
        reader
            .read_kind(FactKind::EpisodeAssigned, None, |fact| episodes.add(fact))
            .await?;
        let window = experiment_reading_window(&episodes, experiment, horizon)
            .ok_or(KpiError::ExperimentUnknown)?;
        for kind in EXPERIMENT_KINDS {
            reader
                .read_kind(kind, Some(window), |fact| episodes.add(fact))
                .await?;
        }
        let planned = *planned_holdout;
        Ok(read_experiment(&episodes, experiment, planned, horizon))
    }

    /// The next facts of an export, the oldest first; empty at the end.
    pub(crate) async fn export_page(
        &self,
        tenant: &TenantId,
        window: Window,
        page_size: u64,
        after: Option<&Fact>,
    ) -> Result<Vec<Fact>, KpiError> {
        let scan = Scan {
            window: Some(window),
            kind: None,
            order: ScanOrder::Time,
            page_size,
        };
        Ok(self.store.page(tenant, &scan, after).await?)
    }

    fn question(&self, window: Window, selection: Selection) -> Question {
        let Selection {
            horizon,
            partner,
            currency,
        } = selection;
        Question {
            window,
            horizon: horizon.unwrap_or(self.reports.horizon()),
            follow_up: self.reports.follow_up(),
            partner,
            currency,
            as_of: self.clock.now(),
        }
    }

    fn reader<'s>(&'s self, tenant: &'s TenantId) -> Reader<'s> {
        Reader::new(&self.store, tenant, self.reports.max_facts)
    }
}

#[cfg(test)]
mod tests;
