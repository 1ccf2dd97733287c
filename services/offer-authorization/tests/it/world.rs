//! One running service by a clock under control, a stand-in for kpi, and requests that are good.

use std::time::Duration;

use domain::id::{AgentId, TypedId};
use domain::time::{earlier, later};
use offer_authorization::{Config, OfferAuthorization};
use platform::client::Client;
use platform::ids::{IdSource, SystemIds};
use proto::cause::v1::Cause;
use proto::convert::time::wire_timestamp;
use proto::offers::v1 as pb;
use proto::offers::v1::offer_authorization_service_client::OfferAuthorizationServiceClient;
use proto::offers::v1::offer_program_service_client::OfferProgramServiceClient;
use proto::remedy::v1::RemedyKind;
use tempfile::TempDir;
use testkit::builders::{a_cart, partner, usd};
use testkit::clock::start;
use testkit::ids::nth;
use testkit::scratch;
use testkit::tokens::Tokens;
use testkit::{FakeClock, Rig, StandIn};
use tonic::transport::Channel;

use crate::downstream::Told;

pub(crate) type Offers = OfferAuthorizationServiceClient<Client>;
pub(crate) type Programmes = OfferProgramServiceClient<Client>;

pub(crate) const HOUR: Duration = Duration::from_hours(1);

pub(crate) struct World {
    pub(crate) clock: FakeClock,
    rig: Rig<OfferAuthorization>,
    told: Told,
    _stand_in: StandIn,
    _keys: TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        let (clock, told) = (FakeClock::new(), Told::default());
        let (stand_in, keys) = (told.serve().await, tempfile::tempdir().unwrap());
        let (uri, key_folder) = (stand_in.uri(), keys.path().to_owned());
        let settings = move |config: &mut Config| {
            config.upstreams.kpi.clone_from(&uri);
            config.tokens.key_folder.clone_from(&key_folder);
            config.offers.expiry_poll_ms = 20;
            config.offers.watch_poll_ms = 20;
        };
        Self {
            rig: Rig::start(scratch::sqlite(), clock.shared(), settings).await,
            clock,
            told,
            _stand_in: stand_in,
            _keys: keys,
        }
    }

    /// Starts with a programme of USD 100.00 and a case that ana handles.
    pub(crate) async fn with_case() -> Self {
        let world = Self::start().await;
        world
            .programmes()
            .create_programme(create(a_programme()))
            .await
            .unwrap();
        world.service().record_case(a_case()).await.unwrap();
        world
    }

    /// Stops the service and starts it on the same files.
    pub(crate) async fn restart(&mut self) {
        self.rig.restart().await;
    }

    pub(crate) async fn stop(mut self) {
        self.rig.stop().await;
    }

    pub(crate) fn told(&self) -> &Told {
        &self.told
    }

    pub(crate) fn tokens(&self) -> Tokens {
        self.rig.tokens()
    }

    pub(crate) fn offers_with(&self, token: &str) -> Offers {
        OfferAuthorizationServiceClient::new(self.rig.client(token))
    }

    pub(crate) fn programmes_with(&self, token: &str) -> Programmes {
        OfferProgramServiceClient::new(self.rig.client(token))
    }

    /// As intervention-routing calls.
    pub(crate) fn service(&self) -> Offers {
        self.offers_with(&self.tokens().service())
    }

    /// As ana at her desk.
    pub(crate) fn agent(&self) -> Offers {
        self.offers_with(&self.tokens().agent())
    }

    /// As a supervisor of ana's partner.
    pub(crate) fn supervisor(&self) -> Offers {
        let sol = AgentId::parse("sol").unwrap();
        self.offers_with(&self.tokens().supervisor_of(partner(), sol))
    }

    pub(crate) fn checkout(&self) -> Offers {
        self.offers_with(&self.tokens().checkout())
    }

    pub(crate) fn programmes(&self) -> Programmes {
        self.programmes_with(&self.tokens().operator())
    }

    /// A client without our layers, which knows neither tokens nor traces.
    pub(crate) async fn untraced(&self) -> OfferAuthorizationServiceClient<Channel> {
        let connected = OfferAuthorizationServiceClient::connect(self.rig.uri());
        connected.await.unwrap()
    }

    /// Asks for this amount on the usual case, and expects to be granted.
    pub(crate) async fn hold(&self, amount: i64) -> pb::GrantedOffer {
        let answer = self
            .agent()
            .authorize_offer(authorize(amount))
            .await
            .unwrap();
        granted(answer.into_inner())
    }

    /// Held and redeemed of the programme.
    pub(crate) async fn money(&self) -> (i64, i64) {
        let all = pb::ListProgrammesRequest::default();
        let listed = self.programmes().list_programmes(all).await.unwrap();
        let programme = listed.into_inner().programmes.remove(0);
        let units = |money: Option<proto::money::v1::Money>| money.unwrap().minor_units;
        (units(programme.held), units(programme.redeemed))
    }
}

/// A request id that no other request uses.
pub(crate) fn fresh() -> String {
    SystemIds.next_uuid().to_string()
}

pub(crate) fn id<T: TypedId>(number: u64) -> String {
    nth::<T>(number).to_string()
}

pub(crate) fn an_intervention() -> String {
    id::<domain::id::InterventionId>(1)
}

pub(crate) fn create(programme: pb::Programme) -> pb::CreateProgrammeRequest {
    pb::CreateProgrammeRequest {
        request_id: fresh(),
        programme: Some(programme),
    }
}

/// `rescue`: USD 100.00 for discounts and shipping, from an hour ago until tomorrow.
pub(crate) fn a_programme() -> pb::Programme {
    pb::Programme {
        programme_id: "rescue".to_owned(),
        remedies: vec![
            RemedyKind::AmountOff.into(),
            RemedyKind::PercentOff.into(),
            RemedyKind::CutShipping.into(),
        ],
        budget: Some(usd(10_000).into()),
        starts_at: Some(wire_timestamp(earlier(start(), HOUR))),
        ends_at: Some(wire_timestamp(later(start(), HOUR * 24))),
        margin_floor_bps: 0,
        offers_per_person: 100,
        ..pb::Programme::default()
    }
}

/// A cart of USD 200.00 that is too dear for a visitor, handled by ana.
pub(crate) fn a_case() -> pb::RecordCaseRequest {
    pb::RecordCaseRequest {
        request_id: fresh(),
        intervention_id: an_intervention(),
        revision: 1,
        session_id: id::<domain::id::SessionId>(2),
        person_id: id::<domain::id::VisitorId>(3),
        cause: Cause::UnexpectedCost.into(),
        cart: Some(
            a_cart()
                .with_value(20_000)
                .with_margin(10_000)
                .build()
                .into(),
        ),
        agent: Some(ana()),
        channel: Some(proto::channel::v1::Channel::Chat.into()),
    }
}

pub(crate) fn ana() -> pb::CaseAgent {
    pb::CaseAgent {
        partner_id: "north".to_owned(),
        agent_id: "ana".to_owned(),
    }
}

pub(crate) fn authorize(amount: i64) -> pb::AuthorizeOfferRequest {
    pb::AuthorizeOfferRequest {
        request_id: fresh(),
        intervention_id: an_intervention(),
        remedy: RemedyKind::AmountOff.into(),
        value: Some(pb::authorize_offer_request::Value::Amount(
            usd(amount).into(),
        )),
        cart_version: 1,
    }
}

pub(crate) fn redeem(granted: &pb::GrantedOffer) -> pb::RedeemOfferRequest {
    pb::RedeemOfferRequest {
        request_id: fresh(),
        offer_token: granted.offer_token.clone(),
        order_id: "ORDER-1".to_owned(),
        cart_version: 1,
    }
}

pub(crate) fn reverse(redemption_id: &str, amount: Option<i64>) -> pb::ReverseRedemptionRequest {
    pb::ReverseRedemptionRequest {
        request_id: fresh(),
        redemption_id: redemption_id.to_owned(),
        amount: amount.map(|amount| usd(amount).into()),
        reason: pb::ReversalReason::Return.into(),
    }
}

#[track_caller]
pub(crate) fn granted(answer: pb::AuthorizeOfferResponse) -> pb::GrantedOffer {
    match answer.decision {
        Some(pb::authorize_offer_response::Decision::Granted(granted)) => granted,
        other => panic!("not granted: {other:?}"),
    }
}

#[track_caller]
pub(crate) fn needing_approval(answer: pb::AuthorizeOfferResponse) -> String {
    match answer.decision {
        Some(pb::authorize_offer_response::Decision::ApprovalNeeded(needed)) => {
            needed.offer.unwrap().offer_id
        }
        other => panic!("no approval needed: {other:?}"),
    }
}
