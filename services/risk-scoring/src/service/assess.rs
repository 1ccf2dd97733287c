//! Assessing a moment: decide, store, propose and tell, in one transaction.

use std::sync::Arc;

use domain::assessment::Assessment;
use domain::id::{AssessmentId, TenantId};
use domain::moment::Moment;
use domain::time::Timestamp;
use futures::FutureExt;
use messaging::outbox;
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use storage::{RequestKey, Tx};
use tracing::{Instrument, info_span};

use super::{Inner, Service, not_ahead, not_older};
use crate::assess::assess;
use crate::error::RiskError;
use crate::outbound::Announcement;
use crate::store::StoredAssessment;

/// All that the transaction needs besides the store; made once, so that a retry does the same again.
struct Work {
    tenant: TenantId,
    moment: Moment,
    id: AssessmentId,
    announcement: Announcement,
    now: Timestamp,
}

impl Service {
    /// Assesses a moment, once: the same moment gets the assessment that it has.
    pub(crate) async fn assess(
        &self,
        key: RequestKey,
        moment: Moment,
    ) -> Result<Assessment, RiskError> {
        let span = info_span!(
            "risk.assess",
            rescate.tenant = %key.tenant,
            rescate.session = %moment.session,
            rescate.moment = %moment.id,
            rescate.assessment = tracing::field::Empty,
        );
        self.assess_once(key, moment).instrument(span).await
    }

    async fn assess_once(&self, key: RequestKey, moment: Moment) -> Result<Assessment, RiskError> {
        let now = self.now();
        let tenant = key.tenant.clone();
        let work = Arc::new(Work {
            tenant: tenant.clone(),
            moment,
            id: self.inner.ids.next(),
            announcement: Announcement::new(&*self.inner.ids, &tenant),
            now,
        });
        let service = self.clone();
        let database = self.inner.store.database();
        let id = database
            .write_once(key, now, move |tx| {
                let (service, work) = (service.clone(), Arc::clone(&work));
                async move { service.assess_in(tx, &work).await }.boxed()
            })
            .await?;
        tracing::Span::current().record("rescate.assessment", tracing::field::display(id));
        let stored = self.inner.store.assessment(&tenant, id).await?;
        Ok(stored.ok_or(RiskError::AssessmentUnknown)?.assessment)
    }

    async fn assess_in(&self, tx: &Tx, work: &Work) -> Result<AssessmentId, RiskError> {
        let Inner {
            store,
            causes,
            settings,
            ..
        } = &*self.inner;
        if let Some(known) = store
            .assessment_of(tx, &work.tenant, work.moment.id)
            .await?
        {
            return the_same_moment(&known, &work.moment);
        }
        // Not before: a moment that was assessed in time keeps its assessment, however late it is sent again.
        let at = work.moment.occurred_at;
        let limits = settings.moments;
        not_ahead("moment.occurred_at", at, work.now, limits.max_ahead())?;
        not_older("moment.occurred_at", at, work.now, limits.max_age())?;
        let lineup = store
            .lineup(tx, &work.tenant, settings.models.max_shadows)
            .await?;
        let causes = store.cause_basis(tx, &work.tenant, causes).await?;
        let judgement = assess(&work.moment, &lineup, &causes, work.id, work.now);
        let stored = StoredAssessment {
            assessment: judgement.assessment,
            moment: work.moment.clone(),
        };
        store.insert_assessment(tx, &work.tenant, &stored).await?;
        store
            .insert_scores(tx, &work.tenant, &stored, &judgement.shadows)
            .await?;
        let messages = work.announcement.messages(&stored);
        outbox::enqueue(tx, &messages, work.now).await?;
        Ok(work.id)
    }
}

/// A moment is a snapshot: one id cannot stand for two.
fn the_same_moment(known: &StoredAssessment, moment: &Moment) -> Result<AssessmentId, RiskError> {
    if known.moment == *moment {
        return Ok(known.assessment.id);
    }
    Err(RiskError::Invalid(InvalidField::new(
        "moment.moment_id",
        ErrorReason::DuplicateItem,
        "must not name another moment",
    )))
}
