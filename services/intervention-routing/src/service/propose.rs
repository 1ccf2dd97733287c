//! Deciding on a moment and acting on the decision, in one transaction.
//!
//! The world (authority, availability) is asked before, as no call leaves inside a transaction. Inside it the record is
//! read again under the guards of session, person and promises; should other plays be open by then, the world is asked
//! once more.

use std::sync::Arc;
use std::time::Duration;

use domain::moment::Moment;
use domain::time::{Timestamp, later};
use futures::FutureExt;
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use serde::{Deserialize, Serialize};
use storage::RequestKey;
use tracing::{Instrument, Span, field};

use super::Service;
use super::deciding::{Deciding, Proposal};
use super::prospects::promise_agents;
use super::record::persons;
use super::verdict::Verdict;
use crate::decision::{Decision, Explanation};
use crate::error::RoutingError;
use crate::intervention::Intervention;
use crate::play::Play;
use crate::store::Guard;

/// How far clocks of other services may be ahead.
const CLOCK_SKEW: Duration = Duration::from_mins(5);
/// How often the world is asked again when the record changed meanwhile.
const ATTEMPTS: u32 = 3;

/// What was decided.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Proposed {
    pub(crate) decision: Decision,
    pub(crate) intervention: Option<Intervention>,
}

impl Service {
    /// Decides on a moment. A moment that was decided before gets the same answer under any request id.
    pub(crate) async fn propose(
        &self,
        key: RequestKey,
        proposal: Proposal,
    ) -> Result<Proposed, RoutingError> {
        not_in_future(&proposal.moment, self.inner.clock.now())?;
        let span = tracing::info_span!(
            "decide",
            otel.name = "routing.decide",
            rescate.tenant = %key.tenant,
            rescate.session = %proposal.moment.session,
            rescate.moment = %proposal.moment.id,
            rescate.intervention = field::Empty,
            rescate.outcome = field::Empty,
        );
        self.proposed(key, Arc::new(proposal))
            .instrument(span)
            .await
    }

    async fn proposed(
        &self,
        key: RequestKey,
        proposal: Arc<Proposal>,
    ) -> Result<Proposed, RoutingError> {
        let tenant = Arc::new(key.tenant.clone());
        self.give_starter_plays(&tenant).await?;
        for _ in 0..ATTEMPTS {
            let now = self.inner.clock.now();
            let answers = Arc::new(self.ask_world(&tenant, &proposal, now).await?);
            let (service, tenant, proposal) =
                (self.clone(), Arc::clone(&tenant), Arc::clone(&proposal));
            let decided = self
                .inner
                .store
                .database
                .write_once(key.clone(), now, move |tx| {
                    let (service, tenant) = (service.clone(), Arc::clone(&tenant));
                    let (proposal, answers) = (Arc::clone(&proposal), Arc::clone(&answers));
                    async move {
                        let deciding = Deciding {
                            tx,
                            tenant: &tenant,
                            proposal: &proposal,
                            answers: &answers,
                            now,
                        };
                        service.decide(&deciding).await
                    }
                    .boxed()
                });
            match decided.await {
                Err(RoutingError::Unsettled) => {}
                decided => {
                    decided.as_ref().ok().map(Proposed::trace);
                    return decided;
                }
            }
        }
        Err(RoutingError::Unsettled)
    }

    async fn decide(&self, deciding: &Deciding<'_>) -> Result<Proposed, RoutingError> {
        let Deciding {
            tx,
            tenant,
            proposal,
            now,
            ..
        } = *deciding;
        let store = &self.inner.store;
        let plays = store.live_plays(tx, tenant).await?;
        self.take_guards(deciding, &plays).await?;
        if let Some(decision) = store.decision_on(tx, tenant, proposal.moment.id).await? {
            return self.decided_before(deciding, decision).await;
        }
        self.overtake(tx, tenant, &proposal.moment, now).await?;
        let Verdict {
            outcome,
            intervention,
            steps,
        } = self.judge(deciding, &plays).await?;
        let explained = Explanation {
            decision: Decision {
                id: self.inner.ids.next(),
                moment: proposal.moment.id,
                session: proposal.moment.session,
                outcome,
                intervention: intervention.as_ref().map(|concerned| concerned.id),
                decided_at: now,
            },
            steps,
            moment: proposal.moment.clone(),
            assessment: proposal.assessment.clone(),
        };
        if !store.insert_decision(tx, tenant, &explained).await? {
            return Err(RoutingError::Unsettled);
        }
        Ok(Proposed {
            decision: explained.decision,
            intervention,
        })
    }

    /// INVARIANT: two decisions on one session, on one person or that promise agents take turns.
    async fn take_guards(
        &self,
        deciding: &Deciding<'_>,
        plays: &[Play],
    ) -> Result<(), RoutingError> {
        let Deciding {
            tx,
            tenant,
            proposal,
            answers,
            now,
        } = *deciding;
        let moment = &proposal.moment;
        let mut guards = vec![Guard::Session(moment.session)];
        guards.extend(persons(moment).into_iter().map(Guard::Person));
        guards.extend(promise_agents(plays.iter(), answers).then_some(Guard::Promises));
        self.inner.store.guard(tx, tenant, &guards, now).await?;
        Ok(())
    }

    async fn decided_before(
        &self,
        deciding: &Deciding<'_>,
        decision: Decision,
    ) -> Result<Proposed, RoutingError> {
        let intervention = match decision.intervention {
            Some(id) => {
                let store = &self.inner.store;
                store.intervention(deciding.tx, deciding.tenant, id).await?
            }
            None => None,
        };
        Ok(Proposed {
            decision,
            intervention,
        })
    }
}

/// A moment that is still to come would stay fresh for as long as its clock is wrong.
fn not_in_future(moment: &Moment, now: Timestamp) -> Result<(), InvalidField> {
    if moment.occurred_at <= later(now, CLOCK_SKEW) {
        return Ok(());
    }
    let description = "must not be more than 5 minutes ahead";
    let fault = InvalidField::new("occurred_at", ErrorReason::TimeInFuture, description);
    Err(fault.within("moment"))
}

impl Proposed {
    fn trace(&self) {
        let span = Span::current();
        span.record("rescate.outcome", self.decision.outcome.as_str());
        if let Some(intervention) = self.decision.intervention {
            span.record("rescate.intervention", field::display(intervention));
        }
    }
}
