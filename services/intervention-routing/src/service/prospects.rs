//! What the world is asked before a decision: who is available for a play, and what they may grant.

use domain::channel::Channel;
use domain::id::TenantId;
use domain::moment::Moment;
use domain::offer::OfferRefusal;
use domain::remedy::Rung;
use domain::time::Timestamp;
use proto::field::{self, WireField};
use proto::offers::v1 as offers;
use proto::offers::v1::check_authority_request::Grantor;
use storage::Tx;

use super::Service;
use super::deciding::{Answers, Proposal};
use super::record::Reading;
use crate::decide::{Authority, Gate, Prospect, Situation, gate};
use crate::error::RoutingError;
use crate::intervention::AssignedAgent;
use crate::invitation::InvitationState;
use crate::matching::Need;
use crate::play::Play;
use crate::upstreams::OFFERS;

/// Most agents that one question about authority may name.
const AGENTS_ASKED: usize = 200;

impl Service {
    /// Asks the world about the plays that pass every step that needs no question. Nothing is asked of a moment that
    /// has been decided.
    pub(super) async fn ask_world(
        &self,
        tenant: &TenantId,
        proposal: &Proposal,
        now: Timestamp,
    ) -> Result<Answers, RoutingError> {
        let store = &self.inner.store;
        let connection = store.database.read();
        let Proposal { moment, assessment } = proposal;
        if store
            .decision_on(connection, tenant, moment.id)
            .await?
            .is_some()
        {
            return Ok(Answers::new());
        }
        let rules = self.inner.settings.rules(tenant);
        let reading = Reading {
            connection,
            tenant,
            moment,
            rules,
            now,
        };
        let record = self.person_record(&reading).await?;
        let plays = store.live_plays(connection, tenant).await?;
        let situation = Situation {
            moment,
            assessment,
            plays: &plays,
            record: &record,
            rules,
            now,
        };
        let Gate::Open { plays, .. } = gate(&situation) else {
            return Ok(Answers::new());
        };
        let mut answers = Answers::new();
        for play in plays {
            let authority = self.ask_authority(tenant, proposal, play).await?;
            answers.insert((play.id.clone(), play.version), authority);
        }
        Ok(answers)
    }

    async fn ask_authority(
        &self,
        tenant: &TenantId,
        proposal: &Proposal,
        play: &Play,
    ) -> Result<Authority, RoutingError> {
        let agents = match need(play, &proposal.moment) {
            Some(need) => self.inner.desks.available(tenant, &need),
            // A notice explains by itself: whatever needs no grant needs no one to grant it.
            None if costs_nothing(play) => return Ok(Authority::Empowered),
            None => Vec::new(),
        };
        if agents.is_empty() {
            return Ok(Authority::NobodyToAsk);
        }
        let answer = self
            .inner
            .clients
            .check_authority(tenant, question(proposal, play, agents))
            .await?;
        judged(answer)
    }

    /// The plays with what the world said of them, and the places that agents have for each. `None` when a play was not
    /// asked about: the record changed since.
    pub(super) async fn prospects<'a>(
        &self,
        tx: &Tx,
        proposal: &Proposal,
        asked: (&TenantId, &Answers),
        plays: Vec<&'a Play>,
    ) -> Result<Option<Vec<Prospect<'a>>>, RoutingError> {
        let (tenant, answers) = asked;
        let promises = if promise_agents(plays.iter().copied(), answers) {
            let store = &self.inner.store;
            store.promises(tx, tenant, &InvitationState::OPEN).await?
        } else {
            Vec::new()
        };
        let prospect = |play: &'a Play| {
            let authority = *answers.get(&(play.id.clone(), play.version))?;
            let places = need(play, &proposal.moment)
                .map(|need| self.inner.desks.places(tenant, &need, &promises));
            Some(Prospect {
                play,
                authority,
                places: places.unwrap_or_default(),
            })
        };
        Ok(plays.into_iter().map(prospect).collect())
    }
}

/// Whether one of these plays may promise an agent: it needs one, and somebody was there to be asked.
pub(super) fn promise_agents<'a>(
    mut plays: impl Iterator<Item = &'a Play>,
    answers: &Answers,
) -> bool {
    plays.any(|play| {
        let authority = answers.get(&(play.id.clone(), play.version));
        play.rule.needs_agent() && authority.is_some_and(|it| *it != Authority::NobodyToAsk)
    })
}

/// Who could answer; `None` for a play without an agent.
fn need(play: &Play, moment: &Moment) -> Option<Need> {
    match play.rule.channel {
        Channel::Chat | Channel::Call => Some(Need {
            queue: play.rule.queue.clone()?,
            skill: play.rule.skill.clone(),
            language: moment.language,
            channel: play.rule.channel,
        }),
        Channel::OnPage | Channel::Email | Channel::Sms => None,
    }
}

fn costs_nothing(play: &Play) -> bool {
    play.rule
        .ladder
        .iter()
        .any(|remedy| remedy.rung() != Rung::Concede)
}

fn question(
    proposal: &Proposal,
    play: &Play,
    agents: Vec<AssignedAgent>,
) -> offers::CheckAuthorityRequest {
    let agents = agents
        .into_iter()
        .take(AGENTS_ASKED)
        .map(Into::into)
        .collect();
    offers::CheckAuthorityRequest {
        grantor: Some(Grantor::Available(offers::AvailableAgents { agents })),
        cause: proposal.assessment.likely_cause().into_wire(),
        cart: Some(proposal.moment.cart.clone().into()),
        ladder: play.rule.ladder.clone().into_wire(),
        person_id: proposal.moment.person().into_wire(),
        session_id: proposal.moment.session.into_wire(),
        channel: Some(play.rule.channel.into_wire()),
    }
}

/// What the answer means for the gate. The budget or the margin is to blame only when it alone stands in the way of some
/// remedy: then more money, and not another agent, would have helped.
fn judged(answer: offers::CheckAuthorityResponse) -> Result<Authority, RoutingError> {
    let offers::CheckAuthorityResponse {
        empowered, refused, ..
    } = answer;
    if empowered {
        return Ok(Authority::Empowered);
    }
    let mut blamed = Authority::NotEmpowered;
    for refusal in refused {
        let reasons: Vec<OfferRefusal> =
            field::read("refused.reasons", refusal.reasons).map_err(|source| {
                RoutingError::Misunderstood {
                    service: OFFERS,
                    source,
                }
            })?;
        match only(&reasons) {
            Some(Lack::Budget) => return Ok(Authority::BudgetExhausted),
            Some(Lack::Margin) => blamed = Authority::MarginTooLow,
            None => {}
        }
    }
    Ok(blamed)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lack {
    Budget,
    Margin,
}

/// What is lacking, when nothing else is.
fn only(reasons: &[OfferRefusal]) -> Option<Lack> {
    let all = |lack: &[OfferRefusal]| {
        !reasons.is_empty() && reasons.iter().all(|reason| lack.contains(reason))
    };
    if all(&[OfferRefusal::BudgetExhausted, OfferRefusal::PurseExhausted]) {
        Some(Lack::Budget)
    } else if all(&[OfferRefusal::MarginFloor, OfferRefusal::MarginUnknown]) {
        Some(Lack::Margin)
    } else {
        None
    }
}
