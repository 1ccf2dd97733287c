//! Calls of intervention-routing: decisions, plays, desks and storefronts.

use std::time::Duration;

use CallerKind::{Operator, Service, Storefront};
use platform::auth::CallerKind;
use proto::cause::v1::Cause;
use proto::convert::time::wire_duration;
use proto::fact::v1::Resolution;
use proto::routing::v1::explain_decision_request::Subject;
use proto::routing::v1::open_desk_request::Message as DeskSays;
use proto::routing::v1::{
    AcceptInvitationRequest, AcceptReservationRequest, ActivatePlayRequest, AnswerSurveyRequest,
    CancelInterventionRequest, CreatePlayVersionRequest, DeclineInvitationRequest,
    DeclineReservationRequest, DeskPresence, Empowerment, ExplainDecisionRequest,
    GetInterventionRequest, GetPlayRequest, InterventionState, ListInterventionsRequest,
    ListMyTasksRequest, ListPlaysRequest, OpenDeskRequest, PausePlayRequest, Presence,
    ProposeInterventionRequest, RecordShopperReplyRequest, SimulatePlayRequest,
    StartConversationRequest, TransferTaskRequest, ValidatePlayRequest, WatchInvitationsRequest,
    WrapUpRequest,
};
use testkit::builders::an_assessment;

use super::samples::{a_long_ago, a_moment};
use super::{Call, call};
use crate::shop::{an_agent, another_agent, request_id};
use crate::stage::{Contacts, Stage, a_play};

pub(super) fn calls(stage: &Stage) -> Vec<Call> {
    let contacts = &stage.contacts;
    [
        interventions(contacts),
        plays(),
        desks(contacts),
        storefronts(contacts),
    ]
    .concat()
}

fn interventions(contacts: &Contacts) -> Vec<Call> {
    let moment = a_moment();
    let propose = ProposeInterventionRequest {
        request_id: request_id(),
        assessment: Some(an_assessment().of(&moment).build().into()),
        moment: Some(moment.into()),
    };
    let decision = &contacts.decision;
    let get = GetInterventionRequest {
        intervention_id: decision.intervention_id.clone(),
    };
    let list = ListInterventionsRequest {
        session_id: decision.session_id.clone(),
        state: Some(InterventionState::Shown.into()),
        page_size: 10,
        page_token: String::new(),
    };
    let cancel = CancelInterventionRequest {
        request_id: request_id(),
        intervention_id: decision.intervention_id.clone(),
    };
    let explain = |subject| {
        let subject = Some(subject);
        call(
            "ExplainDecision",
            Operator,
            ExplainDecisionRequest { subject },
        )
    };
    vec![
        call("ProposeIntervention", Service, propose),
        call("GetIntervention", Operator, get),
        call("ListInterventions", Operator, list),
        call("CancelIntervention", Operator, cancel),
        explain(Subject::InterventionId(decision.intervention_id.clone())),
        explain(Subject::DecisionId(decision.decision_id.clone())),
        explain(Subject::MomentId(decision.moment_id.clone())),
    ]
}

fn plays() -> Vec<Call> {
    let list = ListPlaysRequest {
        page_size: 10,
        page_token: String::new(),
    };
    let get = GetPlayRequest {
        play_id: "drafted".to_owned(),
        version: 1,
    };
    let play = Some(a_play("new"));
    let validate = ValidatePlayRequest { play: play.clone() };
    let create = CreatePlayVersionRequest {
        request_id: request_id(),
        play,
    };
    let simulate = SimulatePlayRequest {
        play_id: "live".to_owned(),
        version: 1,
        from: Some(a_long_ago()),
    };
    let activate = ActivatePlayRequest {
        request_id: request_id(),
        play_id: "drafted".to_owned(),
        version: 1,
    };
    let pause = PausePlayRequest {
        request_id: request_id(),
        play_id: "live".to_owned(),
    };
    vec![
        call("ListPlays", Operator, list),
        call("GetPlay", Operator, get),
        call("ValidatePlay", Operator, validate),
        call("CreatePlayVersion", Operator, create),
        call("SimulatePlay", Operator, simulate),
        call("ActivatePlay", Operator, activate),
        call("PausePlay", Operator, pause),
    ]
}

fn desks(contacts: &Contacts) -> Vec<Call> {
    [reservations(contacts), conversations(contacts)].concat()
}

fn reservations(contacts: &Contacts) -> Vec<Call> {
    let presence = DeskPresence {
        presence: Presence::Break.into(),
        capacity: 3,
        queue_ids: vec!["checkout".to_owned()],
        skills: vec!["spanish".to_owned()],
        languages: vec!["es".to_owned()],
    };
    let open = OpenDeskRequest {
        message: Some(DeskSays::Presence(presence)),
    };
    let accept = AcceptReservationRequest {
        request_id: request_id(),
        reservation_id: contacts.reserved.reservation.clone(),
    };
    let decline = DeclineReservationRequest {
        request_id: request_id(),
        reservation_id: contacts.unloved.reservation.clone(),
        reason: "another language".to_owned(),
    };
    let list = ListMyTasksRequest {
        page_size: 10,
        page_token: String::new(),
    };
    vec![
        call("OpenDesk", another_agent(), open),
        call("AcceptReservation", an_agent(), accept),
        call("DeclineReservation", an_agent(), decline),
        call("ListMyTasks", an_agent(), list),
    ]
}

fn conversations(contacts: &Contacts) -> Vec<Call> {
    let start = StartConversationRequest {
        request_id: request_id(),
        task_id: contacts.taken.task.clone(),
    };
    let reply = RecordShopperReplyRequest {
        request_id: request_id(),
        task_id: contacts.begun.task.clone(),
    };
    let wrap_up = WrapUpRequest {
        request_id: request_id(),
        task_id: contacts.engaged.task.clone(),
        resolution: Resolution::Resolved.into(),
        cause: Cause::UnexpectedCost.into(),
        empowerment: Empowerment::Able.into(),
        handle_time: Some(wire_duration(Duration::from_secs(90))),
    };
    let transfer = TransferTaskRequest {
        request_id: request_id(),
        task_id: contacts.misrouted.task.clone(),
        queue_id: "orders".to_owned(),
    };
    vec![
        call("StartConversation", an_agent(), start),
        call("RecordShopperReply", an_agent(), reply),
        call("WrapUp", an_agent(), wrap_up),
        call("TransferTask", an_agent(), transfer),
    ]
}

fn storefronts(contacts: &Contacts) -> Vec<Call> {
    let Contacts {
        invited,
        unwilling,
        ended,
        ..
    } = contacts;
    let page_of = |session| Storefront { session };
    let accept = AcceptInvitationRequest {
        request_id: request_id(),
        invitation_id: invited.invitation.clone(),
    };
    let decline = DeclineInvitationRequest {
        request_id: request_id(),
        invitation_id: unwilling.invitation.clone(),
    };
    let survey = AnswerSurveyRequest {
        request_id: request_id(),
        invitation_id: ended.invitation.clone(),
        score: 5,
    };
    let watch = WatchInvitationsRequest {};
    vec![
        call("WatchInvitations", page_of(ended.shopper.session), watch),
        call("AcceptInvitation", page_of(invited.shopper.session), accept),
        call(
            "DeclineInvitation",
            page_of(unwilling.shopper.session),
            decline,
        ),
        call("AnswerSurvey", page_of(ended.shopper.session), survey),
    ]
}
