//! What a decision comes to: the pure pipeline over the record, and the intervention that it makes.

use domain::experiment::Arm;
use domain::fact::FactBody;
use domain::id::InterventionId;
use platform::telemetry::TraceContext;

use super::deciding::{Deciding, Proposal};
use super::record::{Reading, persons};
use super::{NewContact, Service};
use crate::decide::{Closed, Gate, Settled, Situation, Step, Withheld, gate, settle};
use crate::decision::Outcome;
use crate::error::RoutingError;
use crate::intervention::{Intervention, Origin, State};
use crate::play::Play;
use crate::store::KeptArm;
use crate::{cases, facts};

/// What a decision came to, before it is stored.
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    /// The intervention that it concerns, stored.
    pub(super) intervention: Option<Intervention>,
    pub(super) steps: Vec<Step>,
}

impl Service {
    pub(super) async fn judge(
        &self,
        deciding: &Deciding<'_>,
        plays: &[Play],
    ) -> Result<Verdict, RoutingError> {
        let Proposal { moment, assessment } = deciding.proposal;
        let rules = self.inner.settings.rules(deciding.tenant);
        let reading = Reading {
            connection: deciding.tx,
            tenant: deciding.tenant,
            moment,
            rules,
            now: deciding.now,
        };
        let record = self.person_record(&reading).await?;
        let situation = Situation {
            moment,
            assessment,
            plays,
            record: &record,
            rules,
            now: deciding.now,
        };
        match gate(&situation) {
            Gate::Closed { closed, steps } => self.closed(deciding, closed, steps).await,
            Gate::Withheld { play, how, steps } => {
                let (arm, outcome, state) = match how {
                    Withheld::HeldOut => (Arm::Holdout, Outcome::HeldOut, State::HeldOut),
                    Withheld::Blocked(block) => {
                        (Arm::Treatment, Outcome::Blocked, State::Blocked { block })
                    }
                };
                let made = self.made(deciding, play, arm, state);
                self.keep(deciding, made, outcome, steps).await
            }
            Gate::Open { plays, steps } => {
                let asked = (deciding.tenant, deciding.answers);
                let proposal = deciding.proposal;
                let prospects = self.prospects(deciding.tx, proposal, asked, plays).await?;
                let prospects = prospects.ok_or(RoutingError::Unsettled)?;
                let settled = settle(&prospects, steps).ok_or(RoutingError::Unsettled)?;
                self.settled(deciding, settled).await
            }
        }
    }

    async fn closed(
        &self,
        deciding: &Deciding<'_>,
        closed: Closed,
        steps: Vec<Step>,
    ) -> Result<Verdict, RoutingError> {
        let (outcome, play) = match closed {
            Closed::Ordered => (Outcome::Ordered, None),
            Closed::NotQualified => (Outcome::NotQualified, None),
            Closed::Duplicate { play } => (Outcome::Duplicate, Some(play)),
        };
        let intervention = match play {
            Some(play) => {
                let session = deciding.proposal.moment.session;
                let store = &self.inner.store;
                store
                    .interventions_of_session(deciding.tx, deciding.tenant, session)
                    .await?
                    .into_iter()
                    .find(|known| known.play == play)
            }
            None => None,
        };
        Ok(Verdict {
            outcome,
            intervention,
            steps,
        })
    }

    async fn settled(
        &self,
        deciding: &Deciding<'_>,
        settled: Settled<'_>,
    ) -> Result<Verdict, RoutingError> {
        let Settled { play, block, steps } = settled;
        if let Some(block) = block {
            let state = State::Blocked { block };
            let made = self.made(deciding, play, Arm::Treatment, state);
            return self.keep(deciding, made, Outcome::Blocked, steps).await;
        }
        let Deciding {
            tx, proposal, now, ..
        } = *deciding;
        let made = self.made(deciding, play, Arm::Treatment, State::Scheduled);
        let contact = NewContact {
            intervention: &made,
            play,
            moment: &proposal.moment,
            assessment: &proposal.assessment,
            now,
        };
        let started = self.start_contact(tx, &contact).await?;
        // A notice brings no agent who could grant anything, hence no case.
        let told = if play.rule.needs_agent() {
            let cart = &proposal.moment.cart;
            cases::record(tx, &*self.inner.ids, started, cart, now).await?
        } else {
            started
        };
        self.keep(deciding, told, Outcome::Scheduled, steps).await
    }

    fn made(&self, deciding: &Deciding<'_>, play: &Play, arm: Arm, state: State) -> Intervention {
        let origin = Origin {
            tenant: deciding.tenant,
            moment: &deciding.proposal.moment,
            assessment: &deciding.proposal.assessment,
            now: deciding.now,
        };
        let id: InterventionId = self.inner.ids.next();
        Intervention {
            traceparent: TraceContext::current().map(|trace| trace.as_str().to_owned()),
            ..Intervention::decided(id, &origin, play, arm, state)
        }
    }

    /// Stores an intervention and the arm of its person, and tells kpi. Both arms are told at qualification.
    async fn keep(
        &self,
        deciding: &Deciding<'_>,
        made: Intervention,
        outcome: Outcome,
        steps: Vec<Step>,
    ) -> Result<Verdict, RoutingError> {
        let Deciding {
            tx,
            tenant,
            proposal,
            now,
            ..
        } = *deciding;
        let store = &self.inner.store;
        if !store.insert_intervention(tx, &made).await? {
            return Err(RoutingError::Unsettled);
        }
        let experiment = &self.inner.settings.rules(tenant).experiment;
        let kept = KeptArm {
            experiment,
            names: &persons(&proposal.moment),
            arm: made.arm,
        };
        store.keep_arm(tx, tenant, &kept, now).await?;
        let mut told = vec![FactBody::EpisodeAssigned {
            experiment: experiment.clone(),
            arm: made.arm,
            play: made.play.clone(),
            channel: made.channel,
            cause: made.cause,
            phase: made.phase,
            cart_value: proposal.moment.cart.value(),
        }];
        if let State::Blocked { block } = &made.state {
            told.push(FactBody::InterventionBlocked {
                play: Some(made.play.clone()),
                block: block.clone(),
            });
        }
        facts::record(tx, &*self.inner.ids, &made, told, now).await?;
        Ok(Verdict {
            outcome,
            intervention: Some(made),
            steps,
        })
    }
}
