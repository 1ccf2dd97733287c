//! Contacts, each one step further than the one before.

use std::time::Duration;

use domain::id::SessionId;
use proto::cause::v1::Cause;
use proto::convert::time::wire_duration;
use proto::fact::v1::Resolution;
use proto::routing::v1::explain_decision_request::Subject;
use proto::routing::v1::{
    AcceptInvitationRequest, AcceptReservationRequest, Decision, Empowerment,
    ExplainDecisionRequest, ListInterventionsRequest, RecordShopperReplyRequest, Reservation,
    StartConversationRequest, WrapUpRequest,
};

use crate::people::{Browser, Desk, Shopper, record};
use crate::shop::{Shop, request_id};

/// Contacts with shoppers, each where one call can go on from.
pub(crate) struct Contacts {
    /// On the page, and going to be cancelled.
    pub(crate) decision: Decision,
    /// On the page, for a yes and for a no.
    pub(crate) invited: Invited,
    pub(crate) unwilling: Invited,
    /// Held for the agent, for a yes and for a no.
    pub(crate) reserved: Held,
    pub(crate) unloved: Held,
    /// Taken by the agent; the second belongs in another queue.
    pub(crate) taken: Held,
    pub(crate) misrouted: Held,
    /// The agent has said the first word.
    pub(crate) begun: Held,
    /// The shopper has answered.
    pub(crate) engaged: Held,
    /// Over, and not yet asked about.
    pub(crate) ended: Invited,
}

/// A shopper who sees an invitation.
#[derive(Debug, Clone)]
pub(crate) struct Invited {
    pub(crate) shopper: Shopper,
    pub(crate) invitation: String,
}

/// A task that is held for an agent, or taken.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) reservation: String,
    pub(crate) task: String,
    invited: Invited,
}

impl Contacts {
    pub(super) async fn make(shop: &Shop, desk: &mut Desk) -> Self {
        Self {
            decision: decision(shop, invited(shop, Shopper::new()).await.0.shopper.session).await,
            invited: invited(shop, Shopper::new()).await.0,
            unwilling: invited(shop, Shopper::new()).await.0,
            reserved: reserved(shop, desk).await,
            unloved: reserved(shop, desk).await,
            taken: taken(shop, desk).await,
            misrouted: taken(shop, desk).await,
            begun: begun(shop, desk).await,
            engaged: engaged(shop, desk).await,
            ended: ended(shop, desk).await,
        }
    }
}

/// Lets a shopper meet the shipping cost, and waits until they are invited.
pub(crate) async fn invited(shop: &Shop, shopper: Shopper) -> (Invited, Browser) {
    let mut browser = Browser::open(shop, shopper).await;
    record(shop, shopper.meets_the_shipping_cost()).await;
    let invitation = browser.invitation().await.invitation_id;
    let invited = Invited {
        shopper,
        invitation,
    };
    (invited, browser)
}

impl Invited {
    /// Says yes, and waits until a task is held for the agent.
    pub(crate) async fn agree(&self, shop: &Shop, desk: &mut Desk) -> Reservation {
        let accept = AcceptInvitationRequest {
            request_id: request_id(),
            invitation_id: self.invitation.clone(),
        };
        let mut page = shop.storefront(self.shopper.session);
        page.accept_invitation(accept).await.unwrap();
        desk.reservation().await
    }
}

async fn decision(shop: &Shop, session: SessionId) -> Decision {
    let list = ListInterventionsRequest {
        session_id: session.to_string(),
        ..Default::default()
    };
    let mut interventions = shop.interventions();
    let listed = interventions.list_interventions(list).await.unwrap();
    let intervention = listed.into_inner().interventions.remove(0);
    let explain = ExplainDecisionRequest {
        subject: Some(Subject::InterventionId(intervention.intervention_id)),
    };
    let told = interventions.explain_decision(explain).await.unwrap();
    told.into_inner().decision.unwrap()
}

async fn reserved(shop: &Shop, desk: &mut Desk) -> Held {
    let (invited, _browser) = invited(shop, Shopper::new()).await;
    let reservation = invited.agree(shop, desk).await;
    Held {
        reservation: reservation.reservation_id,
        task: reservation.task.unwrap().task_id,
        invited,
    }
}

async fn taken(shop: &Shop, desk: &mut Desk) -> Held {
    let held = reserved(shop, desk).await;
    accept(desk, &held.reservation).await;
    held
}

async fn begun(shop: &Shop, desk: &mut Desk) -> Held {
    let held = taken(shop, desk).await;
    start(desk, &held.task).await;
    held
}

async fn engaged(shop: &Shop, desk: &mut Desk) -> Held {
    let held = begun(shop, desk).await;
    reply(desk, &held.task).await;
    held
}

async fn ended(shop: &Shop, desk: &mut Desk) -> Invited {
    let held = engaged(shop, desk).await;
    wrap_up(desk, &held.task).await;
    held.invited
}

pub(crate) async fn accept(desk: &mut Desk, reservation: &str) {
    let accept = AcceptReservationRequest {
        request_id: request_id(),
        reservation_id: reservation.to_owned(),
    };
    desk.calls.accept_reservation(accept).await.unwrap();
}

/// The agent says the first word.
pub(crate) async fn start(desk: &mut Desk, task: &str) {
    let start = StartConversationRequest {
        request_id: request_id(),
        task_id: task.to_owned(),
    };
    desk.calls.start_conversation(start).await.unwrap();
}

/// The shopper answers.
pub(crate) async fn reply(desk: &mut Desk, task: &str) {
    let reply = RecordShopperReplyRequest {
        request_id: request_id(),
        task_id: task.to_owned(),
    };
    desk.calls.record_shopper_reply(reply).await.unwrap();
}

/// The contact ends well.
pub(crate) async fn wrap_up(desk: &mut Desk, task: &str) {
    let wrap_up = WrapUpRequest {
        request_id: request_id(),
        task_id: task.to_owned(),
        resolution: Resolution::Resolved.into(),
        cause: Cause::UnexpectedCost.into(),
        empowerment: Empowerment::Able.into(),
        handle_time: Some(wire_duration(Duration::from_secs(90))),
    };
    desk.calls.wrap_up(wrap_up).await.unwrap();
}
