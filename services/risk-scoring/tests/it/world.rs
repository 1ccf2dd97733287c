//! One running service with an issuer of tokens, stand-ins for those it tells, and moments of the present.

use std::time::Duration;

use domain::moment::Moment;
use domain::time::Timestamp;
use platform::client::{Client, connect_with_token};
use platform::clock::{Clock, SystemClock};
use platform::config::{ClientConfig, ServerConfig, TelemetryConfig};
use platform::ids::{IdSource, SystemIds};
use proto::assessment::v1::Assessment;
use proto::risk::v1 as pb;
use proto::risk::v1::model_service_client::ModelServiceClient;
use proto::risk::v1::risk_scoring_service_client::RiskScoringServiceClient;
use risk_scoring::{Config, ModelsConfig, MomentsConfig, RetentionConfig, UpstreamsConfig};
use testkit::builders::{MomentBuilder, a_moment};
use testkit::scratch::{self, Scratch};
use testkit::tokens::{Issuer, Tokens};
use testkit::{Served, serve};

use crate::downstream::{Downstream, Told};

pub(crate) type Risk = RiskScoringServiceClient<Client>;
pub(crate) type Models = ModelServiceClient<Client>;

pub(crate) struct World {
    served: Option<Served>,
    downstream: Downstream,
    scratch: Scratch,
    issuer: Issuer,
}

impl World {
    pub(crate) async fn start() -> Self {
        let mut world = Self {
            served: None,
            downstream: Downstream::start().await,
            scratch: scratch::sqlite(),
            issuer: Issuer::new(),
        };
        world.restart().await;
        world
    }

    /// Ends the service, if it runs, and starts it on the same files.
    pub(crate) async fn restart(&mut self) {
        if let Some(served) = self.served.take() {
            served.stop().await;
        }
        let config = self.config();
        let served =
            serve(|listener, shutdown| risk_scoring::run(config, listener, shutdown)).await;
        self.served = Some(served.ready().await);
    }

    pub(crate) async fn stop(mut self) {
        self.served.take().unwrap().stop().await;
    }

    pub(crate) fn told(&self) -> &Told {
        &self.downstream.told
    }

    pub(crate) fn tokens(&self) -> Tokens {
        self.issuer.tokens_for(risk_scoring::NAME)
    }

    pub(crate) fn risk_with(&self, token: &str) -> Risk {
        RiskScoringServiceClient::new(self.client(token))
    }

    pub(crate) fn models_with(&self, token: &str) -> Models {
        ModelServiceClient::new(self.client(token))
    }

    /// As session-tracking calls, or the platform of the shop.
    pub(crate) fn platform(&self) -> Risk {
        self.risk_with(&self.tokens().platform())
    }

    pub(crate) fn operator(&self) -> Models {
        self.models_with(&self.tokens().operator())
    }

    fn client(&self, token: &str) -> Client {
        let uri = self.served.as_ref().unwrap().uri();
        connect_with_token(&uri, token).unwrap()
    }

    fn config(&self) -> Config {
        Config {
            server: ServerConfig {
                drain_accept_ms: 0,
                drain_calls_ms: 2_000,
                ..ServerConfig::default()
            },
            client: ClientConfig::default(),
            auth: self.issuer.auth_config(risk_scoring::NAME),
            telemetry: TelemetryConfig::default(),
            store: self.scratch.config(),
            upstreams: UpstreamsConfig {
                intervention_routing: self.downstream.uri(),
                kpi: self.downstream.uri(),
            },
            moments: MomentsConfig {
                max_ahead_ms: 60_000,
                max_age_hours: 48,
            },
            models: ModelsConfig {
                max_versions: 3,
                max_shadows: 2,
                max_judged: 1_000,
            },
            retention: RetentionConfig {
                assessments_days: 90,
                request_keys_days: 30,
                undelivered_days: 30,
                sweep_interval_ms: 3_600_000,
            },
        }
    }
}

pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

/// A request id that no other test uses.
pub(crate) fn fresh() -> String {
    SystemIds.next_uuid().to_string()
}

/// A moment of now with ids of its own.
pub(crate) fn a_fresh_moment() -> MomentBuilder {
    a_moment()
        .with_id(dyn_ids().next())
        .with_session(dyn_ids().next())
        .with_occurred_at(now())
        .with_expiry_after(Duration::from_mins(2))
}

fn dyn_ids() -> &'static dyn IdSource {
    &SystemIds
}

pub(crate) fn assess_request(moment: impl Into<Moment>) -> pb::AssessSessionRequest {
    pb::AssessSessionRequest {
        request_id: fresh(),
        moment: Some(moment.into().into()),
    }
}

pub(crate) async fn assessed(client: &mut Risk, moment: impl Into<Moment>) -> Assessment {
    let answer = client.assess_session(assess_request(moment)).await.unwrap();
    answer.into_inner().assessment.unwrap()
}
