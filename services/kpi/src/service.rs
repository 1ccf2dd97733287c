//! The use cases: take facts, and answer from all of them.

mod audit;
mod changes;
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
use crate::report::{ExperimentReading, KpiReport, Question, Window, assemble, read_experiment};
use crate::store::{FactKind, Scan, ScanOrder, Store};

pub(crate) use audit::Audit;
pub(crate) use changes::Changes;
pub(crate) use record::{Batch, Recorded, Rejected};
pub(crate) use watch::Watching;

/// Facts that are read at once.
const PAGE: u64 = 1_000;

/// What an experiment is read from: arms, orders, and the ends of sessions, which say whose a session was.
const EXPERIMENT_KINDS: [FactKind; 4] = [
    FactKind::EpisodeAssigned,
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
        let scan = Scan {
            window: Some(question.reading()),
            kind: None,
            order: ScanOrder::Time,
            page_size: PAGE,
        };
        self.read(tenant, &scan, 0, |fact| episodes.add(fact))
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

    /// An experiment over all of its time.
    pub(crate) async fn experiment(
        &self,
        tenant: &TenantId,
        query: &ExperimentQuery,
    ) -> Result<ExperimentReading, KpiError> {
        let mut episodes = Episodes::default();
        let mut count = 0;
        for kind in EXPERIMENT_KINDS {
            let scan = Scan {
                window: None,
                kind: Some(kind),
                order: ScanOrder::Time,
                page_size: PAGE,
            };
            count = self
                .read(tenant, &scan, count, |fact| episodes.add(fact))
                .await?;
        }
        let horizon = query.horizon.unwrap_or(self.reports.horizon());
        read_experiment(&episodes, &query.experiment, query.planned_holdout, horizon)
            .ok_or(KpiError::ExperimentUnknown)
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

    /// Visits every fact of a scan. `count` facts were read before for the same answer; the new number comes back.
    async fn read(
        &self,
        tenant: &TenantId,
        scan: &Scan,
        mut count: u64,
        mut visit: impl FnMut(&Fact) + Send,
    ) -> Result<u64, KpiError> {
        let limit = self.reports.max_facts;
        let mut last: Option<Fact> = None;
        loop {
            let page = self.store.page(tenant, scan, last.as_ref()).await?;
            for fact in &page {
                count += 1;
                visit(fact);
            }
            if count > limit {
                return Err(KpiError::TooManyFacts { limit });
            }
            last = match page.into_iter().next_back() {
                Some(fact) => Some(fact),
                None => return Ok(count),
            };
        }
    }
}
