//! One running service by a clock under control, with those whom it asks and tells.

use std::time::Duration;

use domain::assessment::Assessment;
use domain::channel::Channel;
use domain::consent::Purpose;
use domain::id::{AgentId, PartnerId, SessionId, TypedId};
use domain::moment::Moment;
use domain::money::BasisPoints;
use intervention_routing::{Config, InterventionRouting};
use platform::auth::Role;
use platform::client::Client;
use platform::ids::{IdSource, SystemIds};
use proto::routing::v1 as pb;
use proto::routing::v1::agent_desk_service_client::AgentDeskServiceClient;
use proto::routing::v1::intervention_service_client::InterventionServiceClient;
use proto::routing::v1::play_service_client::PlayServiceClient;
use proto::routing::v1::shopper_service_client::ShopperServiceClient;
use testkit::builders::{MomentBuilder, a_moment, an_assessment};
use testkit::ids::nth;
use testkit::scratch::{self, Engine, Scratch};
use testkit::tokens::Tokens;
use testkit::{FakeClock, Rig, StandIn};
use tonic::Status;

use crate::downstream::Told;

pub(crate) type Interventions = InterventionServiceClient<Client>;
pub(crate) type Plays = PlayServiceClient<Client>;
pub(crate) type Desk = AgentDeskServiceClient<Client>;
pub(crate) type Shopper = ShopperServiceClient<Client>;

pub(crate) struct World {
    pub(crate) clock: FakeClock,
    rig: Rig<InterventionRouting>,
    told: Told,
    _stand_in: StandIn,
}

impl World {
    /// A service that holds nobody out.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A service whose settings are changed first.
    pub(crate) async fn with(change: fn(&mut Config)) -> Self {
        Self::over(scratch::sqlite(), change).await
    }

    /// A service on this engine, or `None` where the engine is absent and not demanded.
    pub(crate) async fn on(engine: Engine, change: fn(&mut Config)) -> Option<Self> {
        let scratch = engine.scratch().await?;
        Some(Self::over(scratch, change).await)
    }

    async fn over(scratch: Scratch, change: fn(&mut Config)) -> Self {
        let (clock, told) = (FakeClock::new(), Told::default());
        let stand_in = told.serve().await;
        let uri = stand_in.uri();
        let settings = move |config: &mut Config| {
            config.server.agent_calls_per_second = 1_000;
            config.server.partner_calls_per_second = 1_000;
            config.upstreams.session_tracking.clone_from(&uri);
            config.upstreams.risk_scoring.clone_from(&uri);
            config.upstreams.offer_authorization.clone_from(&uri);
            config.upstreams.kpi.clone_from(&uri);
            config.rules.holdout_bps = BasisPoints::ZERO;
            config.desks.poll_ms = 10;
            change(config);
        };
        Self {
            rig: Rig::start(scratch, clock.shared(), settings).await,
            clock,
            told,
            _stand_in: stand_in,
        }
    }

    /// Stops the service and starts it on the same files.
    pub(crate) async fn restart(&mut self) {
        self.rig.restart().await;
    }

    /// Cuts the service off, as a crash does, and starts it on the same files.
    pub(crate) async fn crash(&mut self) {
        self.rig.crash().await;
    }

    pub(crate) async fn stop(&mut self) {
        self.rig.stop().await;
    }

    pub(crate) fn told(&self) -> &Told {
        &self.told
    }

    pub(crate) fn tokens(&self) -> Tokens {
        self.rig.tokens()
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Where the service listens.
    pub(crate) fn uri(&self) -> String {
        self.rig.uri()
    }

    /// A way to the service with a token, which is made now, since tests move the clock.
    pub(crate) fn client(&self, token: &str) -> Client {
        self.rig.client(token)
    }

    pub(crate) fn interventions_as(&self, role: Role) -> Interventions {
        InterventionServiceClient::new(self.client(&self.tokens().of(role)))
    }

    /// `InterventionService` as another service, which may propose.
    pub(crate) fn proposer(&self) -> Interventions {
        self.interventions_as(Role::Service)
    }

    /// `InterventionService` as an operator, who may look and cancel.
    pub(crate) fn interventions(&self) -> Interventions {
        self.interventions_as(Role::Operator)
    }

    pub(crate) fn plays(&self) -> Plays {
        PlayServiceClient::new(self.client(&self.tokens().operator()))
    }

    /// `AgentDeskService` as an agent of the partner `north`.
    pub(crate) fn desk_of(&self, agent: &str) -> Desk {
        self.desk_at("north", agent)
    }

    pub(crate) fn desk_at(&self, partner: &str, agent: &str) -> Desk {
        let (partner, agent) = (
            PartnerId::parse(partner).unwrap(),
            AgentId::parse(agent).unwrap(),
        );
        AgentDeskServiceClient::new(self.client(&self.tokens().agent_of(partner, agent)))
    }

    /// `ShopperService` as the storefront of a session.
    pub(crate) fn shopper_in(&self, session: SessionId) -> Shopper {
        ShopperServiceClient::new(self.client(&self.tokens().storefront(session)))
    }

    /// Proposes and expects an answer.
    pub(crate) async fn propose(&self, moment: &Moment) -> pb::ProposeInterventionResponse {
        let request = proposal(moment);
        self.send(request).await.unwrap()
    }

    pub(crate) async fn send(
        &self,
        request: pb::ProposeInterventionRequest,
    ) -> Result<pb::ProposeInterventionResponse, Status> {
        let answer = self.proposer().propose_intervention(request).await?;
        Ok(answer.into_inner())
    }

    /// The intervention as it is now.
    pub(crate) async fn intervention(&self, id: &str) -> pb::Intervention {
        let request = pb::GetInterventionRequest {
            intervention_id: id.to_owned(),
        };
        let answer = self
            .interventions()
            .get_intervention(request)
            .await
            .unwrap();
        answer.into_inner().intervention.unwrap()
    }
}

/// A new idempotency key.
pub(crate) fn request_id() -> String {
    SystemIds.next_uuid().to_string()
}

/// The `n`th moment of the `n`th session of the `n`th visitor, who may be helped on every channel.
pub(crate) fn moment_of(n: u64) -> MomentBuilder {
    let channels = [Channel::OnPage, Channel::Chat, Channel::Call];
    let moment = a_moment()
        .with_trigger(domain::signal::SignalKind::ShippingShock)
        .with_id(nth(1_000 + n))
        .with_session(nth(2_000 + n))
        .with_visitor(nth(3_000 + n))
        .with_zone("Europe/Madrid");
    channels.into_iter().fold(moment, |moment, channel| {
        moment.with_consent_to(channel, Purpose::ProactiveHelp)
    })
}

/// The request that proposes help at a moment, under a new id.
pub(crate) fn proposal(moment: &Moment) -> pb::ProposeInterventionRequest {
    proposal_with(moment, an_assessment().of(moment).build())
}

pub(crate) fn proposal_with(
    moment: &Moment,
    assessment: Assessment,
) -> pb::ProposeInterventionRequest {
    // As many assessments as moments, each with its own id.
    let assessment = Assessment {
        id: TypedId::from_uuid(moment.id.uuid()),
        ..assessment
    };
    pb::ProposeInterventionRequest {
        request_id: request_id(),
        moment: Some(moment.clone().into()),
        assessment: Some(assessment.into()),
    }
}
