//! Assessing a moment: decide, store, propose and tell, in one transaction. Moments that came together share one.

mod together;

use std::sync::Arc;

use domain::assessment::Assessment;
use domain::id::{AssessmentId, TenantId};
use domain::moment::Moment;
use domain::time::Timestamp;
use futures::FutureExt;
use messaging::outbox;
use platform::telemetry::TraceContext;
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use storage::{RequestKey, Tx};
use tracing::{Instrument, Span, info_span};

pub(crate) use together::Call;

use super::{Inner, Service, not_ahead, not_older};
use crate::assess::assess;
use crate::error::RiskError;
use crate::outbound::{self, Announced, Announcement};
use crate::store::{Judged, StoredAssessment};

/// All that the transaction needs besides the store, for one moment; made once, so that a retry does the same again.
struct Work {
    moment: Moment,
    id: AssessmentId,
    announcement: Announcement,
    span: Span,
}

impl Service {
    /// Assesses a moment, once: the same moment gets the assessment that it has.
    pub(crate) async fn assess(
        &self,
        key: RequestKey,
        moment: Moment,
    ) -> Result<Assessment, RiskError> {
        let work = self.work(&key.tenant, moment);
        let span = work.span.clone();
        self.assess_once(key, work).instrument(span).await
    }

    /// Reads the models of a tenant into memory once: no transaction, which others wait for, has to.
    async fn warm(&self, tenant: &TenantId) -> Result<(), RiskError> {
        let shadows = self.inner.settings.models.max_shadows;
        Ok(self.inner.store.warm(tenant, shadows).await?)
    }

    fn work(&self, tenant: &TenantId, moment: Moment) -> Work {
        let id = self.inner.ids.next();
        let span = info_span!(
            "risk.assess",
            rescate.tenant = %tenant,
            rescate.session = %moment.session,
            rescate.moment = %moment.id,
            rescate.assessment = tracing::field::Empty,
        );
        Work {
            moment,
            id,
            announcement: Announcement::new(&*self.inner.ids, tenant),
            span,
        }
    }

    async fn assess_once(&self, key: RequestKey, work: Work) -> Result<Assessment, RiskError> {
        let tenant = key.tenant.clone();
        self.warm(&tenant).await?;
        let now = self.now();
        let (service, work, of) = (self.clone(), Arc::new([work]), tenant.clone());
        let database = self.inner.store.database();
        let id = database
            .write_once(key, now, move |tx| {
                let (service, work, tenant) = (service.clone(), Arc::clone(&work), of.clone());
                async move { service.assess_in(tx, &tenant, &work, now).await }.boxed()
            })
            .await?;
        Span::current().record("rescate.assessment", tracing::field::display(id));
        let stored = self.inner.store.assessment(&tenant, id).await?;
        Ok(stored.ok_or(RiskError::AssessmentUnknown)?.assessment)
    }

    async fn assess_in(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        work: &[Work; 1],
        now: Timestamp,
    ) -> Result<AssessmentId, RiskError> {
        let [Work { moment, id, .. }] = work;
        let store = &self.inner.store;
        if let Some(known) = store.assessment_of(tx, tenant, moment.id).await? {
            return the_same_moment(&known, moment);
        }
        self.judge_in(tx, tenant, work, now).await?;
        Ok(*id)
    }

    /// Judges moments that nobody has assessed, stores and announces what came of it.
    async fn judge_in(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        works: &[Work],
        now: Timestamp,
    ) -> Result<Vec<Judged>, RiskError> {
        let Inner {
            store,
            causes,
            settings,
            ..
        } = &*self.inner;
        for work in works {
            // Not before: a moment that was assessed in time keeps its assessment, however late it is sent again.
            let (at, limits) = (work.moment.occurred_at, settings.moments);
            not_ahead("moment.occurred_at", at, now, limits.max_ahead())?;
            not_older("moment.occurred_at", at, now, limits.max_age())?;
        }
        let lineup = store
            .lineup(tx, tenant, settings.models.max_shadows)
            .await?;
        let causes = store.cause_basis(tx, tenant, causes).await?;
        let judge = |work: &Work| {
            let judgement = assess(&work.moment, &lineup, &causes, work.id, now);
            Judged {
                stored: StoredAssessment {
                    assessment: judgement.assessment,
                    moment: work.moment.clone(),
                },
                shadows: judgement.shadows,
            }
        };
        let judged: Vec<Judged> = works.iter().map(judge).collect();
        store.insert_assessments(tx, tenant, &judged).await?;
        store.insert_scores(tx, tenant, &judged).await?;
        let announced = works.iter().zip(&judged).map(|(work, judged)| Announced {
            announcement: &work.announcement,
            stored: &judged.stored,
            trace: TraceContext::of_span(&work.span),
        });
        let announced: Vec<Announced<'_>> = announced.collect();
        outbox::enqueue(tx, &outbound::messages(&announced), now).await?;
        Ok(judged)
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
