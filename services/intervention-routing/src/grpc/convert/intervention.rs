//! Decisions and interventions.

use domain::fact::Resolution;
use domain::id::{DecisionId, SessionId};
use platform::paging::{Page, PageRequest};
use platform::telemetry::TraceContext;
use proto::convert::time::wire_timestamp;
use proto::error::v1::ErrorReason;
use proto::field::{self, InvalidField, WireField};
use proto::routing::v1 as pb;
use proto::routing::v1::explain_decision_request::Subject as WireSubject;

use crate::decide::{Step, Verdict};
use crate::decision::{Decision, Explanation, Outcome};
use crate::intervention::{AssignedAgent, Intervention, State};
use crate::service::{Explained, Proposal, Proposed};
use crate::store::{InterventionCursor, InterventionFilter, Subject};

impl TryFrom<pb::ProposeInterventionRequest> for Proposal {
    type Error = InvalidField;

    fn try_from(request: pb::ProposeInterventionRequest) -> Result<Self, InvalidField> {
        let pb::ProposeInterventionRequest {
            request_id: _,
            moment,
            assessment,
        } = request;
        let proposal = Self {
            moment: field::read("moment", moment)?,
            assessment: field::read("assessment", assessment)?,
        };
        of_one_moment(&proposal)?;
        Ok(proposal)
    }
}

fn of_one_moment(proposal: &Proposal) -> Result<(), InvalidField> {
    let Proposal { moment, assessment } = proposal;
    let fault = |name: &str| {
        let description = "must be that of the moment";
        let fault = InvalidField::new(name, ErrorReason::InvalidField, description);
        Err(fault.within("assessment"))
    };
    if assessment.moment != moment.id {
        return fault("moment_id");
    }
    if assessment.session != moment.session {
        return fault("session_id");
    }
    Ok(())
}

impl From<Proposed> for pb::ProposeInterventionResponse {
    fn from(proposed: Proposed) -> Self {
        let Proposed {
            decision,
            intervention,
        } = proposed;
        Self {
            decision: Some(decision.into()),
            intervention: intervention.map(Into::into),
        }
    }
}

impl From<Decision> for pb::Decision {
    fn from(decision: Decision) -> Self {
        let Decision {
            id,
            moment,
            session,
            outcome,
            intervention,
            decided_at,
        } = decision;
        Self {
            decision_id: id.to_string(),
            moment_id: moment.into_wire(),
            session_id: session.into_wire(),
            outcome: pb::DecisionOutcome::from(outcome).into(),
            intervention_id: intervention.map(|id| id.to_string()).unwrap_or_default(),
            decided_at: Some(wire_timestamp(decided_at)),
        }
    }
}

impl From<Outcome> for pb::DecisionOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::NotQualified => Self::NotQualified,
            Outcome::Duplicate => Self::Duplicate,
            Outcome::HeldOut => Self::HeldOut,
            Outcome::Blocked => Self::Blocked,
            Outcome::Scheduled => Self::Scheduled,
            Outcome::Ordered => Self::Ordered,
        }
    }
}

impl From<Intervention> for pb::Intervention {
    fn from(intervention: Intervention) -> Self {
        let (primary, others) = blocks(&intervention.state);
        let (partner_id, agent_id) = assigned(intervention.agent);
        Self {
            intervention_id: intervention.id.into_wire(),
            state: wire_state(&intervention.state).into(),
            session_id: intervention.session.into_wire(),
            person_id: intervention.person.into_wire(),
            play_id: intervention.play.into_wire(),
            play_version: intervention.play_version,
            channel: intervention.channel.into_wire(),
            cause: intervention.cause.into_wire(),
            phase: intervention.phase.into_wire(),
            arm: intervention.arm.into_wire(),
            primary_block_reason: primary,
            other_block_reasons: others,
            cancel_reason: cancel_reason(&intervention.state),
            moment_id: intervention.moment.into_wire(),
            assessment_id: intervention.assessment.into_wire(),
            cart_version: intervention.cart_version,
            page: intervention.page.map(String::from).unwrap_or_default(),
            task_id: intervention
                .task
                .map(|task| task.to_string())
                .unwrap_or_default(),
            agent_id,
            partner_id,
            created_at: Some(wire_timestamp(intervention.created_at)),
            updated_at: Some(wire_timestamp(intervention.updated_at)),
            expires_at: Some(wire_timestamp(intervention.expires_at)),
            trace_id: trace_id(intervention.traceparent.as_deref()),
        }
    }
}

fn blocks(state: &State) -> (i32, Vec<i32>) {
    if let State::Blocked { block } = state {
        let others = block.others().to_vec().into_wire();
        (block.primary().into_wire(), others)
    } else {
        (0, Vec::new())
    }
}

fn cancel_reason(state: &State) -> i32 {
    if let State::Cancelled { reason } = state {
        reason.into_wire()
    } else {
        0
    }
}

fn assigned(agent: Option<AssignedAgent>) -> (String, String) {
    agent.map_or_else(Default::default, |AssignedAgent { partner, agent }| {
        (partner.into_wire(), agent.into_wire())
    })
}

fn trace_id(traceparent: Option<&str>) -> String {
    traceparent
        .and_then(|text| TraceContext::parse(text).ok())
        .map(|trace| trace.trace_id())
        .unwrap_or_default()
}

fn wire_state(state: &State) -> pb::InterventionState {
    match state {
        State::HeldOut => pb::InterventionState::HeldOut,
        State::Blocked { .. } => pb::InterventionState::Blocked,
        State::Scheduled => pb::InterventionState::Scheduled,
        State::Shown => pb::InterventionState::Shown,
        State::Accepted => pb::InterventionState::Accepted,
        State::Declined => pb::InterventionState::Declined,
        State::Ignored => pb::InterventionState::Ignored,
        State::Engaged => pb::InterventionState::Engaged,
        State::Ended { resolution } => match resolution {
            Resolution::Resolved => pb::InterventionState::Resolved,
            Resolution::Unresolved => pb::InterventionState::Unresolved,
            Resolution::Left => pb::InterventionState::Left,
        },
        State::Unanswered => pb::InterventionState::Unanswered,
        State::Cancelled { .. } => pb::InterventionState::Cancelled,
    }
}

/// The state of a filter, as rows hold it.
struct StateWord(&'static str);

impl TryFrom<pb::InterventionState> for StateWord {
    type Error = field::Unspecified;

    fn try_from(state: pb::InterventionState) -> Result<Self, field::Unspecified> {
        let word = match state {
            pb::InterventionState::Unspecified => return Err(field::Unspecified),
            pb::InterventionState::HeldOut => "held_out",
            pb::InterventionState::Blocked => "blocked",
            pb::InterventionState::Scheduled => "scheduled",
            pb::InterventionState::Shown => "shown",
            pb::InterventionState::Accepted => "accepted",
            pb::InterventionState::Declined => "declined",
            pb::InterventionState::Ignored => "ignored",
            pb::InterventionState::Engaged => "engaged",
            pb::InterventionState::Resolved => "resolved",
            pb::InterventionState::Unresolved => "unresolved",
            pb::InterventionState::Left => "left",
            pb::InterventionState::Unanswered => "unanswered",
            pb::InterventionState::Cancelled => "cancelled",
        };
        Ok(Self(word))
    }
}

/// Which interventions to list, and which page of them.
pub(in crate::grpc) struct ListedInterventions {
    pub(in crate::grpc) filter: InterventionFilter,
    pub(in crate::grpc) page: PageRequest<InterventionCursor>,
}

impl TryFrom<pb::ListInterventionsRequest> for ListedInterventions {
    type Error = InvalidField;

    fn try_from(request: pb::ListInterventionsRequest) -> Result<Self, InvalidField> {
        let pb::ListInterventionsRequest {
            session_id,
            state,
            page_size,
            page_token,
        } = request;
        let session: Option<SessionId> = if session_id.is_empty() {
            None
        } else {
            Some(field::read("session_id", session_id)?)
        };
        let state = state
            .map(|number| field::enumerated::<pb::InterventionState, StateWord>("state", number))
            .transpose()?;
        Ok(Self {
            filter: InterventionFilter {
                session,
                partner: None,
                state: state.map(|StateWord(word)| word),
            },
            page: PageRequest::parse(page_size, &page_token)?,
        })
    }
}

pub(in crate::grpc) fn listed(page: Page<Intervention>) -> pb::ListInterventionsResponse {
    let Page {
        items,
        next_page_token,
    } = page;
    pb::ListInterventionsResponse {
        interventions: items.into_iter().map(Into::into).collect(),
        next_page_token,
    }
}

impl TryFrom<pb::ExplainDecisionRequest> for Subject {
    type Error = InvalidField;

    fn try_from(request: pb::ExplainDecisionRequest) -> Result<Self, InvalidField> {
        let pb::ExplainDecisionRequest { subject } = request;
        match field::required("subject", subject)? {
            WireSubject::InterventionId(id) => {
                field::read("intervention_id", id).map(Self::Intervention)
            }
            WireSubject::DecisionId(id) => {
                field::parse("decision_id", &id, DecisionId::parse).map(Self::Decision)
            }
            WireSubject::MomentId(id) => field::read("moment_id", id).map(Self::Moment),
        }
    }
}

impl From<Explained> for pb::ExplainDecisionResponse {
    fn from(explained: Explained) -> Self {
        let Explained {
            explanation,
            intervention,
        } = explained;
        let Explanation {
            decision,
            steps,
            moment,
            assessment,
        } = explanation;
        Self {
            decision: Some(decision.into()),
            intervention: intervention.map(Into::into),
            steps: steps.into_iter().map(Into::into).collect(),
            moment: Some(moment.into()),
            assessment: Some(assessment.into()),
        }
    }
}

impl From<Step> for pb::DecisionStep {
    fn from(step: Step) -> Self {
        let Step {
            name,
            verdict,
            detail,
        } = step;
        let (verdict, reason) = match verdict {
            Verdict::Passed => (pb::StepVerdict::Passed, None),
            Verdict::Refused { reason } => (pb::StepVerdict::Refused, reason),
            Verdict::Skipped => (pb::StepVerdict::Skipped, None),
        };
        Self {
            name: name.as_str().to_owned(),
            verdict: verdict.into(),
            reason: reason.map(WireField::into_wire).unwrap_or_default(),
            detail,
        }
    }
}
