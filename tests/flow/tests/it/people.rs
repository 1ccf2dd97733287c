//! What the people of a flow do: a shopper with a browser, an agent at a desk, an operator who sets the shop up.

use std::collections::BTreeSet;
use std::time::Duration;

use platform::client::Client;
use proto::offers::v1::CreateProgrammeRequest;
use proto::routing::v1::agent_desk_service_client::AgentDeskServiceClient;
use proto::routing::v1::open_desk_request::Message as DeskSays;
use proto::routing::v1::open_desk_response::Message as DeskHears;
use proto::routing::v1::watch_invitations_response::Update;
use proto::routing::v1::{
    DeskPresence, Invitation, ListPlaysRequest, OpenDeskRequest, OpenDeskResponse, Play, Presence,
    Reservation, WatchInvitationsRequest, WatchInvitationsResponse,
};
use proto::session::v1::{Event, RecordEventsRequest};
use testkit::messages::a_programme;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

pub(crate) use testkit::messages::{Shopper, now, usd};

use crate::shop::{Shop, request_id};

/// How long anything in a flow may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn record(shop: &Shop, events: Vec<Event>) {
    let count = u32::try_from(events.len()).unwrap();
    let answer = shop
        .sessions()
        .record_events(RecordEventsRequest { events })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.accepted_count, count, "{:?}", answer.rejected);
}

/// Creates a programme with a budget that shipping offers draw on.
pub(crate) async fn fund(shop: &Shop, budget: i64) {
    let request = CreateProgrammeRequest {
        request_id: request_id(),
        programme: Some(a_programme("shipping-help", budget)),
    };
    shop.programmes().create_programme(request).await.unwrap();
}

/// An open desk.
pub(crate) struct Desk {
    pub(crate) calls: AgentDeskServiceClient<Client>,
    _says: mpsc::Sender<OpenDeskRequest>,
    hears: Streaming<OpenDeskResponse>,
}

impl Desk {
    /// Opens the desk of the agent for every queue of the live plays.
    pub(crate) async fn open(shop: &Shop) -> Self {
        let (says, waiting) = mpsc::channel(8);
        let plays = live_plays(shop).await;
        let presence = DeskPresence {
            presence: Presence::Available.into(),
            capacity: 20,
            queue_ids: asked(&plays, |play| &play.queue_id),
            skills: asked(&plays, |play| &play.skill),
            languages: vec!["es".to_owned(), "en".to_owned()],
        };
        let message = Some(DeskSays::Presence(presence));
        says.send(OpenDeskRequest { message }).await.unwrap();
        let mut calls = shop.desk();
        let hears = calls
            .open_desk(ReceiverStream::new(waiting))
            .await
            .unwrap()
            .into_inner();
        let mut desk = Self {
            calls,
            _says: says,
            hears,
        };
        desk.hear(|message| matches!(message, DeskHears::Presence(_)).then_some(()))
            .await;
        desk
    }

    /// The next reservation.
    pub(crate) async fn reservation(&mut self) -> Reservation {
        self.hear(|message| match message {
            DeskHears::Reservation(reservation) => Some(reservation),
            _ => None,
        })
        .await
    }

    async fn hear<T>(&mut self, wanted: impl Fn(DeskHears) -> Option<T>) -> T {
        let heard = async {
            loop {
                let message = self
                    .hears
                    .message()
                    .await
                    .unwrap()
                    .expect("the desk stays open");
                if let Some(found) = message.message.and_then(&wanted) {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, heard)
            .await
            .expect("the desk hears in time")
    }
}

/// What all live plays ask of an agent, each word once: of a queue, or of a skill.
fn asked(plays: &[Play], of: impl Fn(&Play) -> &String) -> Vec<String> {
    let words: BTreeSet<&String> = plays.iter().map(of).collect();
    words
        .into_iter()
        .filter(|word| !word.is_empty())
        .cloned()
        .collect()
}

async fn live_plays(shop: &Shop) -> Vec<Play> {
    let request = ListPlaysRequest {
        page_size: 200,
        page_token: String::new(),
    };
    let listed = shop.plays().list_plays(request).await.unwrap();
    listed.into_inner().plays
}

/// A browser that waits for invitations.
pub(crate) struct Browser {
    hears: Streaming<WatchInvitationsResponse>,
}

impl Browser {
    pub(crate) async fn open(shop: &Shop, shopper: Shopper) -> Self {
        let answer = shop
            .storefront(shopper.session)
            .watch_invitations(WatchInvitationsRequest {})
            .await
            .unwrap();
        Self {
            hears: answer.into_inner(),
        }
    }

    /// The next invitation.
    pub(crate) async fn invitation(&mut self) -> Invitation {
        self.hear(|update| match update {
            Update::Invitation(invitation) => Some(invitation),
            _ => None,
        })
        .await
    }

    /// Waits until the question after the contact is asked.
    pub(crate) async fn survey(&mut self) {
        self.hear(|update| matches!(update, Update::Survey(_)).then_some(()))
            .await;
    }

    async fn hear<T>(&mut self, wanted: impl Fn(Update) -> Option<T>) -> T {
        let heard = async {
            loop {
                let message = self
                    .hears
                    .message()
                    .await
                    .unwrap()
                    .expect("the page stays open");
                if let Some(found) = message.update.and_then(&wanted) {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, heard)
            .await
            .expect("the page hears in time")
    }
}
