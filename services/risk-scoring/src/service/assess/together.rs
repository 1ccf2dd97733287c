//! Moments that came together: one transaction for all of them, where none of them has come before.

use std::sync::Arc;

use domain::assessment::Assessment;
use domain::moment::Moment;
use futures::FutureExt;
use storage::{RequestKey, Together};

use super::{Service, Work};
use crate::error::RiskError;

/// A moment, and the key under which it came.
pub(crate) type Call = (RequestKey, Moment);

impl Service {
    /// Assesses moments of one caller as if each had come by itself, in their order. Ends with the first that is refused.
    pub(crate) async fn assess_all(&self, calls: Vec<Call>) -> Vec<Result<Assessment, RiskError>> {
        if let [_, _, ..] = calls.as_slice()
            && let Ok(Together::Done(assessments)) = self.assess_together(&calls).await
        {
            return assessments.into_iter().map(Ok).collect();
        }
        // One of them is alone, was there before or is at fault; which, each tells by itself.
        let mut outcomes = Vec::with_capacity(calls.len());
        for (key, moment) in calls {
            let outcome = self.assess(key, moment).await;
            let refused = outcome.is_err();
            outcomes.push(outcome);
            if refused {
                break;
            }
        }
        outcomes
    }

    async fn assess_together(
        &self,
        calls: &[Call],
    ) -> Result<Together<Vec<Assessment>>, RiskError> {
        let Some((RequestKey { tenant, .. }, _)) = calls.first() else {
            return Ok(Together::Done(Vec::new()));
        };
        self.warm(tenant).await?;
        let (service, tenant, now) = (self.clone(), tenant.clone(), self.now());
        let works: Vec<Work> = calls
            .iter()
            .map(|(_, moment)| self.work(&tenant, moment.clone()))
            .collect();
        let answers = calls.iter().zip(&works).map(|((key, _), work)| {
            let id = tracing::field::display(work.id);
            work.span.record("rescate.assessment", id);
            (key.clone(), work.id)
        });
        let answers: Vec<_> = answers.collect();
        let works = Arc::new(works);
        let database = self.inner.store.database();
        database
            .write_together(&answers, now, move |tx| {
                let (service, works, tenant) =
                    (service.clone(), Arc::clone(&works), tenant.clone());
                async move {
                    let judged = service.judge_in(tx, &tenant, &works, now).await?;
                    let assessments = judged.into_iter().map(|judged| judged.stored.assessment);
                    Ok(assessments.collect())
                }
                .boxed()
            })
            .await
    }
}
