//! Looking at assessments.

use domain::assessment::Assessment;
use domain::id::{AssessmentId, SessionId, TenantId};
use domain::time::Timestamp;
use platform::paging::{Page, PageRequest};

use super::Service;
use crate::error::RiskError;
use crate::store::{Cursor, StoredAssessment};

impl Service {
    /// One assessment with its moment.
    pub(crate) async fn assessment(
        &self,
        tenant: &TenantId,
        id: AssessmentId,
    ) -> Result<StoredAssessment, RiskError> {
        let found = self.inner.store.assessment(tenant, id).await?;
        found.ok_or(RiskError::AssessmentUnknown)
    }

    /// Assessments, the newest first.
    pub(crate) async fn assessments(
        &self,
        tenant: &TenantId,
        session: Option<SessionId>,
        from: Option<Timestamp>,
        page: &PageRequest<Cursor>,
    ) -> Result<Page<Assessment>, RiskError> {
        let place = (page.after(), page.fetch());
        let rows = self
            .inner
            .store
            .assessments(tenant, session, from, place)
            .await?;
        Ok(page.page(rows, Cursor::at))
    }
}
