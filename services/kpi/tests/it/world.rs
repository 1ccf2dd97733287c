//! One running service, and facts of the present day.

use std::sync::Arc;
use std::time::Duration;

use domain::cause::Cause;
use domain::channel::Channel;
use domain::experiment::Arm;
use domain::fact::{Fact, FactBody, Pointless, Resolution};
use domain::id::{ExperimentId, OrderId, PartnerId, PlayId, TypedId};
use domain::phase::RiskPhase;
use domain::time::{Timestamp, earlier, later};
use kpi::{Config, Kpi};
use platform::client::Client;
use platform::clock::{Clock, SystemClock};
use proto::convert::time::wire_timestamp;
use proto::kpi::v1 as pb;
use proto::kpi::v1::kpi_service_client::KpiServiceClient;
use testkit::builders::{agent, usd};
use testkit::ids::nth;
use testkit::tokens::Tokens;
use testkit::{Rig, scratch};

pub(crate) struct World {
    rig: Rig<Kpi>,
}

pub(crate) type Kpis = KpiServiceClient<Client>;

impl World {
    pub(crate) async fn start() -> Self {
        let settings = |config: &mut Config| {
            config.reports.max_facts = 100_000;
            config.reports.max_watches = 2;
        };
        let rig = Rig::start(scratch::sqlite(), Arc::new(SystemClock), settings);
        Self { rig: rig.await }
    }

    /// Stops the service and starts it on the same files.
    pub(crate) async fn restart(&mut self) {
        self.rig.restart().await;
    }

    pub(crate) async fn stop(mut self) {
        self.rig.stop().await;
    }

    pub(crate) fn tokens(&self) -> Tokens {
        self.rig.tokens()
    }

    pub(crate) fn uri(&self) -> String {
        self.rig.uri()
    }

    pub(crate) fn with_token(&self, token: &str) -> Kpis {
        KpiServiceClient::new(self.rig.client(token))
    }

    pub(crate) fn service(&self) -> Kpis {
        self.with_token(&self.tokens().service())
    }

    pub(crate) fn operator(&self) -> Kpis {
        self.with_token(&self.tokens().operator())
    }

    /// A supervisor of the partner `north`.
    pub(crate) fn supervisor(&self) -> Kpis {
        self.with_token(&self.tokens().supervisor())
    }
}

pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

/// Ten days ago: everything that began then is mature.
pub(crate) fn then() -> Timestamp {
    earlier(now(), Duration::from_hours(240))
}

/// From 20 days ago until an hour from now.
pub(crate) fn window() -> pb::Window {
    pb::Window {
        from: Some(wire_timestamp(earlier(now(), Duration::from_hours(480)))),
        until: Some(wire_timestamp(later(now(), Duration::from_hours(1)))),
    }
}

/// 24 hours.
pub(crate) fn day() -> prost_types::Duration {
    prost_types::Duration {
        seconds: 86_400,
        nanos: 0,
    }
}

pub(crate) fn query() -> pb::QueryKpisRequest {
    pb::QueryKpisRequest {
        window: Some(window()),
        ..pb::QueryKpisRequest::default()
    }
}

/// The story of one person: assigned, and for the treated perhaps a chat, and perhaps an order.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    n: u64,
    at: Timestamp,
    facts: Vec<Fact>,
    partner: Option<PartnerId>,
}

impl Person {
    pub(crate) fn new(n: u64, arm: Arm) -> Self {
        let assigned = FactBody::EpisodeAssigned {
            experiment: ExperimentId::parse("proactive-help").unwrap(),
            arm,
            play: PlayId::parse("rescue").unwrap(),
            channel: Channel::Chat,
            cause: Cause::UnexpectedCost,
            phase: RiskPhase::TransactionalFriction,
            cart_value: usd(12_000),
        };
        let person = Self {
            n,
            at: then(),
            facts: Vec::new(),
            partner: None,
        };
        person.tell(assigned)
    }

    pub(crate) fn chats_with(mut self, partner: &str) -> Self {
        self.partner = Some(PartnerId::parse(partner).unwrap());
        let wrapped = FactBody::ContactWrapped {
            resolution: Resolution::Resolved,
            cause: Cause::UnexpectedCost,
            handle_time: Duration::from_mins(4),
            pointless: Pointless::No,
        };
        self.tell(FactBody::InvitationShown)
            .tell(FactBody::ConversationStarted)
            .tell(FactBody::ShopperEngaged)
            .tell(wrapped)
    }

    pub(crate) fn buys(mut self, minor_units: i64) -> Self {
        self.partner = None;
        let order = OrderId::parse(&format!("order-{}", self.n)).unwrap();
        self.tell(FactBody::OrderPlaced {
            order,
            value: usd(minor_units),
            margin: None,
        })
    }

    pub(crate) fn facts(self) -> Vec<pb_fact::Fact> {
        self.facts.into_iter().map(Into::into).collect()
    }

    fn tell(mut self, body: FactBody) -> Self {
        self.at = later(self.at, Duration::from_secs(1));
        let order = matches!(body, FactBody::OrderPlaced { .. });
        let agent = self.partner.as_ref().map(|_| agent());
        self.facts.push(Fact {
            id: id(self.n * 100 + u64::try_from(self.facts.len()).unwrap()),
            occurred_at: self.at,
            session: Some(id(self.n)),
            person: Some(domain::id::PersonId::Visitor(id(self.n))),
            intervention: (!order).then(|| id(self.n)),
            partner: self.partner.clone(),
            agent,
            body,
        });
        self
    }
}

pub(crate) use proto::fact::v1 as pb_fact;

fn id<T: TypedId>(n: u64) -> T {
    nth(n)
}

/// Two treated who chat and one who buys, with different partners, and two held out.
pub(crate) fn five_persons() -> Vec<pb_fact::Fact> {
    let persons = [
        Person::new(1, Arm::Treatment)
            .chats_with("north")
            .buys(10_000),
        Person::new(2, Arm::Treatment)
            .chats_with("south")
            .buys(5_000),
        Person::new(3, Arm::Treatment).chats_with("north"),
        Person::new(4, Arm::Holdout),
        Person::new(5, Arm::Holdout).buys(4_000),
    ];
    persons.into_iter().flat_map(Person::facts).collect()
}

pub(crate) async fn record(kpis: &mut Kpis, facts: Vec<pb_fact::Fact>) -> pb::RecordFactsResponse {
    let request = pb::RecordFactsRequest { facts };
    kpis.record_facts(request).await.unwrap().into_inner()
}

pub(crate) async fn report(kpis: &mut Kpis) -> pb::KpiReport {
    let answer = kpis.query_kpis(query()).await.unwrap().into_inner();
    answer.report.unwrap()
}
