//! What clients do until the process is gone. A call that fails has an unknown outcome, and ends its client.

use std::sync::Arc;
use std::time::Duration;

use platform::client::Client;
use proto::cause::v1::Cause;
use proto::convert::time::wire_duration;
use proto::fact::v1::Resolution;
use proto::offers::v1::AuthorizeOfferRequest;
use proto::offers::v1::authorize_offer_request::Value;
use proto::offers::v1::authorize_offer_response::Decision;
use proto::offers::v1::offer_authorization_service_client::OfferAuthorizationServiceClient;
use proto::remedy::v1::RemedyKind;
use proto::routing::v1::agent_desk_service_client::AgentDeskServiceClient;
use proto::routing::v1::open_desk_request::Message as Says;
use proto::routing::v1::open_desk_response::Message as Hears;
use proto::routing::v1::watch_invitations_response::Update;
use proto::routing::v1::{
    AcceptInvitationRequest, AcceptReservationRequest, DeskPresence, Empowerment, OpenDeskRequest,
    Presence, Reservation, WatchInvitationsRequest, WrapUpRequest,
};
use proto::session::v1::session_tracking_service_client::SessionTrackingServiceClient;
use proto::session::v1::{PageKind, RecordEventsRequest};
use testkit::messages::{Shopper, usd, views};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::notes::{Call, Known, Reserved};
use super::running::{Shop, fresh, the_case};

/// All offers of the case together stay within an agent's authority.
pub(super) const OFFER: i64 = 1;
/// Events of one call.
const EVENTS: u32 = 5;
/// Between two calls of one client, so that what is asked for later stays little.
const PACE: Duration = Duration::from_millis(50);

type Until = Result<(), Status>;

impl Shop {
    /// Everybody at work, each noting what comes of it.
    pub(super) fn clients(&self, known: &Arc<Known>) -> JoinSet<Until> {
        let mut clients = JoinSet::new();
        for _ in 0..4 {
            clients.spawn(send_events(self.sessions(), Arc::clone(known)));
        }
        for _ in 0..2 {
            clients.spawn(ask_for_offers(self.grantor(), Arc::clone(known)));
            clients.spawn(seek_help(self.clone(), Arc::clone(known)));
        }
        clients.spawn(work_at_a_desk(self.desk(), Arc::clone(known)));
        clients
    }
}

async fn send_events(
    mut sessions: SessionTrackingServiceClient<Client>,
    known: Arc<Known>,
) -> Until {
    let shopper = Shopper::new();
    let session = shopper.session.to_string();
    loop {
        let look = || shopper.event(Duration::ZERO, "/", views(PageKind::Browse));
        let events: Vec<_> = (0..EVENTS).map(|_| look()).collect();
        known.note(|notes| notes.events.entry(session.clone()).or_default().sent += events.len());
        let request = RecordEventsRequest {
            events: events.clone(),
        };
        let answer = sessions.record_events(request).await?.into_inner();
        assert_eq!(answer.accepted_count, EVENTS, "{:?}", answer.rejected);
        known.note(|notes| {
            let noted = notes.events.entry(session.clone()).or_default();
            noted.acknowledged.extend(events);
        });
        tokio::time::sleep(PACE).await;
    }
}

async fn ask_for_offers(
    mut offers: OfferAuthorizationServiceClient<Client>,
    known: Arc<Known>,
) -> Until {
    loop {
        let request = fresh();
        known.note(|notes| notes.holds.insert(request.clone(), None));
        let offer = hold(&mut offers, &request).await?;
        known.note(|notes| notes.holds.insert(request, Some(offer)));
        tokio::time::sleep(PACE).await;
    }
}

/// The offer that is held for a request.
pub(super) async fn hold(
    offers: &mut OfferAuthorizationServiceClient<Client>,
    request_id: &str,
) -> Result<String, Status> {
    let request = AuthorizeOfferRequest {
        request_id: request_id.to_owned(),
        intervention_id: the_case(),
        remedy: RemedyKind::CutShipping.into(),
        value: Some(Value::Amount(usd(OFFER))),
        cart_version: 1,
    };
    match offers.authorize_offer(request).await?.into_inner().decision {
        Some(Decision::Granted(granted)) => Ok(granted.offer.unwrap().offer_id),
        other => panic!("not granted: {other:?}"),
    }
}

/// One shopper after the other who is in trouble, is shown an invitation, and says yes.
async fn seek_help(shop: Shop, known: Arc<Known>) -> Until {
    loop {
        let shopper = Shopper::new();
        let mut storefront = shop.storefront(shopper.session);
        let watched = storefront.watch_invitations(WatchInvitationsRequest {});
        let mut page = watched.await?.into_inner();
        let events = shopper.meets_the_shipping_cost();
        shop.sessions()
            .record_events(RecordEventsRequest { events })
            .await?;
        let invitation_id = loop {
            let Some(shown) = page.message().await? else {
                return Ok(());
            };
            if let Some(Update::Invitation(invitation)) = shown.update {
                break invitation.invitation_id;
            }
        };
        let yes = AcceptInvitationRequest {
            request_id: fresh(),
            invitation_id,
        };
        storefront.accept_invitation(yes).await?;
        known.note(|notes| notes.yeses.push(shopper.session.to_string()));
    }
}

/// An agent who lets every third reservation wait, takes every other, and brings every third to its end.
async fn work_at_a_desk(mut desk: AgentDeskServiceClient<Client>, known: Arc<Known>) -> Until {
    let (says, waiting) = mpsc::channel(1);
    let presence = DeskPresence {
        presence: Presence::Available.into(),
        capacity: 20,
        queue_ids: vec!["checkout".to_owned()],
        skills: Vec::new(),
        languages: vec!["es".to_owned()],
    };
    let message = Some(Says::Presence(presence));
    says.send(OpenDeskRequest { message }).await.unwrap();
    let opened = desk.open_desk(ReceiverStream::new(waiting)).await?;
    let mut hears = opened.into_inner();
    let mut number = 0;
    while let Some(heard) = hears.message().await? {
        let Some(Hears::Reservation(reservation)) = heard.message else {
            continue;
        };
        let place = known.note(|notes| {
            notes.reservations.push(noted(reservation));
            notes.reservations.len() - 1
        });
        if number % 3 > 0 {
            accept(&mut desk, &known, place).await?;
        }
        if number % 3 > 1 {
            wrap_up(&mut desk, &known, place).await?;
        }
        number += 1;
    }
    Ok(())
}

fn noted(reservation: Reservation) -> Reserved {
    let task = reservation.task.unwrap();
    Reserved {
        reservation: reservation.reservation_id,
        task: task.task_id,
        intervention: task.intervention_id,
        accept: Call::NotMade,
        wrap_up: Call::NotMade,
    }
}

/// Takes the reservation that is noted at this place. A call that was made before is made again under the same id.
pub(super) async fn accept(
    desk: &mut AgentDeskServiceClient<Client>,
    known: &Known,
    place: usize,
) -> Result<Reservation, Status> {
    let (id, reservation_id) = known.note(|notes| {
        let noted = &mut notes.reservations[place];
        let id = noted.accept.begin(fresh);
        (id, noted.reservation.clone())
    });
    let request = AcceptReservationRequest {
        request_id: id.clone(),
        reservation_id,
    };
    let answer = desk.accept_reservation(request).await?.into_inner();
    known.note(|notes| notes.reservations[place].accept = Call::Acknowledged(id));
    Ok(answer.reservation.unwrap())
}

/// Ends the contact of the reservation that is noted at this place, likewise.
pub(super) async fn wrap_up(
    desk: &mut AgentDeskServiceClient<Client>,
    known: &Known,
    place: usize,
) -> Until {
    let (id, task_id) = known.note(|notes| {
        let noted = &mut notes.reservations[place];
        let id = noted.wrap_up.begin(fresh);
        (id, noted.task.clone())
    });
    let request = WrapUpRequest {
        request_id: id.clone(),
        task_id,
        resolution: Resolution::Resolved.into(),
        cause: Cause::UnexpectedCost.into(),
        empowerment: Empowerment::Able.into(),
        handle_time: Some(wire_duration(Duration::from_secs(1))),
    };
    desk.wrap_up(request).await?;
    known.note(|notes| notes.reservations[place].wrap_up = Call::Acknowledged(id));
    Ok(())
}
