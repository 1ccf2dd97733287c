//! What the people of a flow do: a shopper with a browser, an agent at a desk, an operator who sets the shop up.

use std::time::Duration;

use domain::id::SessionId;
use domain::time::{Timestamp, earlier};
use platform::client::Client;
use platform::clock::{Clock, SystemClock};
use platform::ids::{IdSource, SystemIds};
use proto::cart::v1::CartLine;
use proto::channel::v1::Channel;
use proto::consent::v1::{Consent, ConsentState, Purpose};
use proto::convert::time::wire_timestamp;
use proto::money::v1::Money;
use proto::remedy::v1::RemedyKind;
use proto::routing::v1::agent_desk_service_client::AgentDeskServiceClient;
use proto::routing::v1::open_desk_request::Message as DeskSays;
use proto::routing::v1::open_desk_response::Message as DeskHears;
use proto::routing::v1::watch_invitations_response::Update;
use proto::routing::v1::{
    DeskPresence, Invitation, OpenDeskRequest, OpenDeskResponse, Presence, Reservation,
    WatchInvitationsRequest, WatchInvitationsResponse,
};
use proto::session::v1::event::Payload;
use proto::session::v1::{
    CartItemAdded, CheckoutStep, CheckoutStepEntered, ConsentChanged, CostKind, CostRevealed,
    Event, PageKind, PageViewed, RecordEventsRequest,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use uuid::Uuid;

use crate::shop::{Shop, request_id};

/// How long anything in a flow may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A shopper with a session of their own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shopper {
    pub(crate) session: SessionId,
    visitor: Uuid,
    known_as: Uuid,
}

impl Shopper {
    pub(crate) fn new() -> Self {
        Self {
            session: SessionId::from_uuid(SystemIds.next_uuid()),
            visitor: SystemIds.next_uuid(),
            known_as: SystemIds.next_uuid(),
        }
    }

    pub(crate) fn person(&self) -> String {
        format!("shp_{}", self.known_as)
    }

    /// An event of this shopper, so long ago.
    pub(crate) fn event(&self, ago: Duration, page: &str, payload: Payload) -> Event {
        Event {
            event_id: format!("evt_{}", SystemIds.next_uuid()),
            session_id: self.session.to_string(),
            visitor_id: format!("vis_{}", self.visitor),
            shopper_id: Some(self.person()),
            occurred_at: Some(wire_timestamp(earlier(now(), ago))),
            page: page.to_owned(),
            time_zone: "Europe/Madrid".to_owned(),
            language: "es".to_owned(),
            payload: Some(payload),
        }
    }

    /// Agrees to be helped in a chat, fills a cart, enters the checkout, and steps back when shipping is shown.
    pub(crate) fn meets_the_shipping_cost(&self) -> Vec<Event> {
        let ago = Duration::from_secs;
        vec![
            self.event(ago(300), "/", Payload::ConsentChanged(agrees_to_chat())),
            self.event(
                ago(240),
                "/product/bike-7",
                Payload::CartItemAdded(puts_a_bike_in()),
            ),
            self.event(ago(90), "/checkout/address", enters(CheckoutStep::Address)),
            self.event(
                ago(60),
                "/checkout/delivery",
                enters(CheckoutStep::Delivery),
            ),
            self.event(
                ago(30),
                "/checkout/delivery",
                Payload::CostRevealed(shipping(1_900)),
            ),
            self.event(
                ago(0),
                "/cart",
                Payload::PageViewed(PageViewed {
                    kind: PageKind::Cart.into(),
                }),
            ),
        ]
    }
}

pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

pub(crate) fn usd(minor_units: i64) -> Money {
    Money {
        minor_units,
        currency: "USD".to_owned(),
    }
}

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

fn enters(step: CheckoutStep) -> Payload {
    Payload::CheckoutStepEntered(CheckoutStepEntered { step: step.into() })
}

fn shipping(minor_units: i64) -> CostRevealed {
    CostRevealed {
        kind: CostKind::Shipping.into(),
        amount: Some(usd(minor_units)),
    }
}

fn puts_a_bike_in() -> CartItemAdded {
    CartItemAdded {
        line: Some(CartLine {
            sku: "bike-7".to_owned(),
            quantity: 1,
            unit_price: Some(usd(24_900)),
            unit_margin: Some(usd(8_000)),
            configurable: false,
        }),
    }
}

fn agrees_to_chat() -> ConsentChanged {
    ConsentChanged {
        consent: Some(Consent {
            channel: Channel::Chat.into(),
            purpose: Purpose::ProactiveHelp.into(),
            state: ConsentState::Confirmed.into(),
            text_version: "2026-11".to_owned(),
            source: "cookie-banner".to_owned(),
            zone: Some("Europe/Madrid".to_owned()),
            recorded_at: Some(wire_timestamp(earlier(now(), Duration::from_mins(5)))),
        }),
    }
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
        let presence = DeskPresence {
            presence: Presence::Available.into(),
            capacity: 3,
            queue_ids: queues(shop).await,
            skills: skills(shop).await,
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

async fn queues(shop: &Shop) -> Vec<String> {
    let mut queues: Vec<String> = live_plays(shop)
        .await
        .into_iter()
        .map(|play| play.queue_id)
        .collect();
    queues.retain(|queue| !queue.is_empty());
    queues.sort();
    queues.dedup();
    queues
}

async fn skills(shop: &Shop) -> Vec<String> {
    let mut skills: Vec<String> = live_plays(shop)
        .await
        .into_iter()
        .map(|play| play.skill)
        .collect();
    skills.retain(|skill| !skill.is_empty());
    skills.sort();
    skills.dedup();
    skills
}

async fn live_plays(shop: &Shop) -> Vec<proto::routing::v1::Play> {
    let request = proto::routing::v1::ListPlaysRequest {
        page_size: 200,
        page_token: String::new(),
    };
    shop.plays()
        .list_plays(request)
        .await
        .unwrap()
        .into_inner()
        .plays
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

/// Creates a programme with a budget that shipping offers draw on.
pub(crate) async fn fund(shop: &Shop, budget: i64) {
    let programme = proto::offers::v1::Programme {
        programme_id: "shipping-help".to_owned(),
        remedies: vec![
            RemedyKind::CutShipping.into(),
            RemedyKind::WaiveShipping.into(),
        ],
        budget: Some(usd(budget)),
        starts_at: Some(wire_timestamp(earlier(now(), Duration::from_mins(1)))),
        ends_at: Some(wire_timestamp(domain::time::later(
            now(),
            Duration::from_hours(1),
        ))),
        margin_floor_bps: 500,
        offers_per_person: 2,
        ..Default::default()
    };
    let request = proto::offers::v1::CreateProgrammeRequest {
        request_id: request_id(),
        programme: Some(programme),
    };
    shop.programmes().create_programme(request).await.unwrap();
}
