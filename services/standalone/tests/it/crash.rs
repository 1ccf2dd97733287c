//! `kill -9` in the middle of work, and a restart on the same data folder: whatever was acknowledged is there, once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command as StdCommand;
use std::time::Duration;

use domain::id::{AgentId, PartnerId, TenantId};
use domain::time::{earlier, later};
use platform::auth::{CallerKind, DevelopmentKeys};
use platform::client::{Client, connect_with_token};
use platform::clock::{Clock, SystemClock};
use platform::ids::{IdSource, SystemIds};
use proto::cart::v1::{Cart, CartLine};
use proto::cause::v1::Cause;
use proto::convert::time::wire_timestamp;
use proto::money::v1::Money;
use proto::offers::v1::authorize_offer_request::Value;
use proto::offers::v1::authorize_offer_response::Decision;
use proto::offers::v1::offer_authorization_service_client::OfferAuthorizationServiceClient;
use proto::offers::v1::offer_program_service_client::OfferProgramServiceClient;
use proto::offers::v1::{
    AuthorizeOfferRequest, CaseAgent, CreateProgrammeRequest, GetOfferRequest,
    ListProgrammesRequest, OfferState, Programme, RecordCaseRequest,
};
use proto::remedy::v1::RemedyKind;
use proto::session::v1::event::Payload;
use proto::session::v1::session_tracking_service_client::SessionTrackingServiceClient;
use proto::session::v1::{Event, GetSessionRequest, PageKind, PageViewed, RecordEventsRequest};
use standalone::suite::SERVICES;
use standalone::token::mint;
use testkit::process::Child;
use tokio::process::Command;
use tokio::task::JoinSet;
use uuid::Uuid;

const ROUNDS: usize = 3;
const START_LIMIT: Duration = Duration::from_mins(1);
const SESSIONS: u128 = 20;
const EVENTS_A_CALL: u128 = 5;
/// All offers of a case together stay within an agent's authority.
const OFFER_MINOR_UNITS: i64 = 1;

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill_and_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut suite = Running::start(folder.path()).await;
    suite.create_programme().await;
    suite.record_case().await;
    let mut acknowledged = Acknowledged::default();
    for round in 0..ROUNDS {
        let work = suite.work(round);
        tokio::time::sleep(Duration::from_millis(700)).await;
        suite.child.kill().await;
        acknowledged.add(work.collect().await);

        suite = Running::start(folder.path()).await;
        suite.has_every_event_once(&acknowledged).await;
        suite.has_every_hold_once(&acknowledged).await;
    }
    assert!(!acknowledged.events.is_empty() && !acknowledged.offers.is_empty());
}

/// What the suite has said yes to.
#[derive(Debug, Default)]
struct Acknowledged {
    /// Events sent and events acknowledged, by session.
    events: BTreeMap<Uuid, BTreeSet<Uuid>>,
    sent: BTreeMap<Uuid, BTreeSet<Uuid>>,
    /// Offers by the request that they answered.
    offers: BTreeMap<Uuid, Option<String>>,
}

impl Acknowledged {
    fn add(&mut self, more: Self) {
        for (session, events) in more.events {
            self.events.entry(session).or_default().extend(events);
        }
        for (session, events) in more.sent {
            self.sent.entry(session).or_default().extend(events);
        }
        self.offers.extend(more.offers);
    }
}

struct Running {
    child: Child,
    addresses: BTreeMap<String, String>,
    keys: DevelopmentKeys,
}

struct Work(JoinSet<Acknowledged>);

impl Work {
    async fn collect(mut self) -> Acknowledged {
        let mut all = Acknowledged::default();
        while let Some(done) = self.0.join_next().await {
            all.add(done.unwrap());
        }
        all
    }
}

impl Running {
    async fn start(data: &Path) -> Self {
        let mut command = StdCommand::new(env!("CARGO_BIN_EXE_rescate"));
        command.args(["up", "--free-ports", "--data"]).arg(data);
        let child = Child::spawn(Command::from(command));
        let ready = child
            .line(START_LIMIT, |line| line.starts_with("rescate is ready"))
            .await;
        let addresses = ready
            .split_whitespace()
            .filter_map(|word| word.split_once('='))
            .map(|(service, uri)| (service.to_owned(), uri.to_owned()))
            .collect();
        let keys = DevelopmentKeys::create_or_load(&data.join("keys")).unwrap();
        Self {
            child,
            addresses,
            keys,
        }
    }

    fn client(&self, service: &str, caller: CallerKind) -> Client {
        assert!(SERVICES.iter().any(|(name, _)| *name == service));
        let token = mint(&self.keys, &tenant(), caller, None).unwrap();
        connect_with_token(&self.addresses[service], &token).unwrap()
    }

    fn sessions(&self) -> SessionTrackingServiceClient<Client> {
        SessionTrackingServiceClient::new(self.client("session-tracking", CallerKind::Platform))
    }

    fn offers(&self, caller: CallerKind) -> OfferAuthorizationServiceClient<Client> {
        OfferAuthorizationServiceClient::new(self.client("offer-authorization", caller))
    }

    fn programmes(&self) -> OfferProgramServiceClient<Client> {
        OfferProgramServiceClient::new(self.client("offer-authorization", CallerKind::Operator))
    }

    async fn create_programme(&self) {
        let now = SystemClock.now();
        let programme = Programme {
            programme_id: "help".to_owned(),
            remedies: vec![RemedyKind::CutShipping.into()],
            budget: Some(usd(100_000_000)),
            starts_at: Some(wire_timestamp(earlier(now, Duration::from_mins(1)))),
            ends_at: Some(wire_timestamp(later(now, Duration::from_hours(1)))),
            offers_per_person: 1_000,
            ..Default::default()
        };
        let request = CreateProgrammeRequest {
            request_id: SystemIds.next_uuid().to_string(),
            programme: Some(programme),
        };
        self.programmes().create_programme(request).await.unwrap();
    }

    async fn record_case(&self) {
        let request = RecordCaseRequest {
            request_id: SystemIds.next_uuid().to_string(),
            intervention_id: intervention(),
            revision: 1,
            session_id: format!("ses_{}", Uuid::from_u128(1)),
            person_id: format!("shp_{}", Uuid::from_u128(1)),
            cause: Cause::UnexpectedCost.into(),
            cart: Some(a_cart()),
            agent: Some(CaseAgent {
                partner_id: "acme-bpo".to_owned(),
                agent_id: "ana".to_owned(),
            }),
        };
        self.offers(CallerKind::Service)
            .record_case(request)
            .await
            .unwrap();
    }

    /// Calls that go on until the process is gone.
    fn work(&self, round: usize) -> Work {
        let mut tasks = JoinSet::new();
        for lane in 0..SESSIONS {
            let session = Uuid::from_u128((u128::try_from(round).unwrap() << 64) | (lane + 1));
            tasks.spawn(record_until_gone(self.sessions(), session));
        }
        for _ in 0..4 {
            tasks.spawn(hold_until_gone(self.offers(an_agent())));
        }
        Work(tasks)
    }

    async fn has_every_event_once(&self, known: &Acknowledged) {
        for (session, acknowledged) in &known.events {
            let sent = &known.sent[session];
            let request = GetSessionRequest {
                session_id: format!("ses_{session}"),
            };
            let answer = self.sessions().get_session(request).await.unwrap();
            let count = usize::try_from(answer.into_inner().session.unwrap().event_count).unwrap();
            assert!(
                (acknowledged.len()..=sent.len()).contains(&count),
                "{count} events of {session}: {} acknowledged, {} sent",
                acknowledged.len(),
                sent.len()
            );
            let events = acknowledged.iter().map(|id| event(*session, *id)).collect();
            let again = self
                .sessions()
                .record_events(RecordEventsRequest { events })
                .await
                .unwrap();
            assert_eq!(
                again.into_inner().accepted_count,
                0,
                "an acknowledged event was lost"
            );
        }
    }

    async fn has_every_hold_once(&self, known: &Acknowledged) {
        let mut held = BTreeSet::new();
        for (request, offer) in &known.offers {
            let again = authorize(&mut self.offers(an_agent()), *request)
                .await
                .unwrap();
            if let Some(offer) = offer {
                assert_eq!(&again, offer, "the same request has the same hold");
            }
            let read = GetOfferRequest {
                offer_id: again.clone(),
            };
            let read = self
                .offers(CallerKind::Operator)
                .get_offer(read)
                .await
                .unwrap()
                .into_inner();
            assert_eq!(read.offer.unwrap().state(), OfferState::Held);
            held.insert(again);
        }
        let programmes = self
            .programmes()
            .list_programmes(ListProgrammesRequest::default())
            .await
            .unwrap()
            .into_inner()
            .programmes;
        let expected = i64::try_from(held.len()).unwrap() * OFFER_MINOR_UNITS;
        assert_eq!(
            programmes[0].held,
            Some(usd(expected)),
            "the budget holds each offer once"
        );
    }
}

async fn record_until_gone(
    mut client: SessionTrackingServiceClient<Client>,
    session: Uuid,
) -> Acknowledged {
    let mut done = Acknowledged::default();
    loop {
        let ids: Vec<Uuid> = (0..EVENTS_A_CALL).map(|_| SystemIds.next_uuid()).collect();
        done.sent.entry(session).or_default().extend(&ids);
        let events = ids.iter().map(|id| event(session, *id)).collect();
        match client.record_events(RecordEventsRequest { events }).await {
            Ok(answer) => {
                let accepted = usize::try_from(answer.into_inner().accepted_count).unwrap();
                assert_eq!(accepted, ids.len());
                done.events.entry(session).or_default().extend(ids);
            }
            Err(_) => return done,
        }
    }
}

async fn hold_until_gone(mut client: OfferAuthorizationServiceClient<Client>) -> Acknowledged {
    let mut done = Acknowledged::default();
    // Few enough to stay inside an agent's calls a second.
    for _ in 0..4 {
        let request = SystemIds.next_uuid();
        let offer = authorize(&mut client, request).await;
        let gone = offer.is_none();
        done.offers.insert(request, offer);
        if gone {
            break;
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    done
}

/// The offer that answers this request; `None` when the process is gone.
async fn authorize(
    client: &mut OfferAuthorizationServiceClient<Client>,
    request: Uuid,
) -> Option<String> {
    let request = AuthorizeOfferRequest {
        request_id: request.to_string(),
        intervention_id: intervention(),
        remedy: RemedyKind::CutShipping.into(),
        value: Some(Value::Amount(usd(OFFER_MINOR_UNITS))),
        cart_version: 1,
    };
    loop {
        match client.authorize_offer(request.clone()).await {
            Ok(answer) => match answer.into_inner().decision {
                Some(Decision::Granted(granted)) => return Some(granted.offer.unwrap().offer_id),
                other => panic!("not granted: {other:?}"),
            },
            Err(status) if status.code() == tonic::Code::ResourceExhausted => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(_) => return None,
        }
    }
}

fn event(session: Uuid, id: Uuid) -> Event {
    Event {
        event_id: format!("evt_{id}"),
        session_id: format!("ses_{session}"),
        visitor_id: format!("vis_{session}"),
        occurred_at: Some(wire_timestamp(SystemClock.now())),
        page: "/".to_owned(),
        payload: Some(Payload::PageViewed(PageViewed {
            kind: PageKind::Browse.into(),
        })),
        ..Default::default()
    }
}

fn a_cart() -> Cart {
    Cart {
        version: 1,
        lines: vec![CartLine {
            sku: "bike-7".to_owned(),
            quantity: 1,
            unit_price: Some(usd(100_000)),
            unit_margin: Some(usd(50_000)),
            configurable: false,
        }],
        currency: "USD".to_owned(),
        shipping: Some(usd(5_000)),
        tax: None,
    }
}

fn usd(minor_units: i64) -> Money {
    Money {
        minor_units,
        currency: "USD".to_owned(),
    }
}

fn intervention() -> String {
    format!("itv_{}", Uuid::from_u128(9))
}

fn tenant() -> TenantId {
    TenantId::parse("crash-shop").unwrap()
}

fn an_agent() -> CallerKind {
    CallerKind::Agent {
        partner: PartnerId::parse("acme-bpo").unwrap(),
        agent: AgentId::parse("ana").unwrap(),
    }
}
