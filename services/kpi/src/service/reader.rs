//! Reading all the facts that one answer needs, page by page and up to a limit.

use domain::fact::Fact;
use domain::id::TenantId;

use crate::error::KpiError;
use crate::report::{Question, Window};
use crate::store::{FactKind, Scan, ScanOrder, Store};

/// Facts that are read at once.
const PAGE: u64 = 1_000;

/// Reads for one answer; what all its scans find counts against one limit.
pub(super) struct Reader<'s> {
    store: &'s Store,
    tenant: &'s TenantId,
    limit: u64,
    count: u64,
}

impl<'s> Reader<'s> {
    pub(super) fn new(store: &'s Store, tenant: &'s TenantId, limit: u64) -> Self {
        Self {
            store,
            tenant,
            limit,
            count: 0,
        }
    }

    /// Facts read so far.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Visits every fact that the figures of a question can depend on.
    pub(super) async fn read_for(
        &mut self,
        question: &Question,
        order: ScanOrder,
        mut visit: impl FnMut(&Fact) + Send,
    ) -> Result<(), KpiError> {
        let scans = [
            Scan {
                window: Some(question.reading()),
                kind: None,
                order,
                page_size: PAGE,
            },
            Scan {
                window: Some(question.reversals()),
                kind: Some(FactKind::OfferReversed),
                order,
                page_size: PAGE,
            },
        ];
        for scan in &scans {
            self.read(scan, &mut visit).await?;
        }
        Ok(())
    }

    /// Visits every fact of a kind, the oldest first; of a window, if one is given.
    pub(super) async fn read_kind(
        &mut self,
        kind: FactKind,
        window: Option<Window>,
        visit: impl FnMut(&Fact) + Send,
    ) -> Result<(), KpiError> {
        let scan = Scan {
            window,
            kind: Some(kind),
            order: ScanOrder::Time,
            page_size: PAGE,
        };
        self.read(&scan, visit).await
    }

    async fn read(
        &mut self,
        scan: &Scan,
        mut visit: impl FnMut(&Fact) + Send,
    ) -> Result<(), KpiError> {
        let mut last: Option<Fact> = None;
        loop {
            let page = self.store.page(self.tenant, scan, last.as_ref()).await?;
            for fact in &page {
                self.count += 1;
                visit(fact);
            }
            if self.count > self.limit {
                return Err(KpiError::TooManyFacts { limit: self.limit });
            }
            last = match page.into_iter().next_back() {
                Some(fact) => Some(fact),
                None => return Ok(()),
            };
        }
    }
}
