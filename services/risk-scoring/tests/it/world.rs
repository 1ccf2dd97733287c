//! One running service, stand-ins for those it tells, and moments of the present.

use std::sync::Arc;
use std::time::Duration;

use domain::moment::Moment;
use domain::time::Timestamp;
use platform::client::Client;
use platform::clock::{Clock, SystemClock};
use platform::ids::{IdSource, SystemIds};
use proto::assessment::v1::Assessment;
use proto::risk::v1 as pb;
use proto::risk::v1::model_service_client::ModelServiceClient;
use proto::risk::v1::risk_scoring_service_client::RiskScoringServiceClient;
use risk_scoring::{Config, ModelsConfig, RiskScoring};
use testkit::builders::{MomentBuilder, a_moment};
use testkit::scratch;
use testkit::tokens::Tokens;
use testkit::{Rig, StandIn};

use crate::downstream::Told;

pub(crate) type Risk = RiskScoringServiceClient<Client>;
pub(crate) type Models = ModelServiceClient<Client>;

pub(crate) struct World {
    rig: Rig<RiskScoring>,
    told: Told,
    _stand_in: StandIn,
}

impl World {
    pub(crate) async fn start() -> Self {
        let told = Told::default();
        let stand_in = told.serve().await;
        let uri = stand_in.uri();
        let settings = move |config: &mut Config| {
            config.upstreams.intervention_routing.clone_from(&uri);
            config.upstreams.kpi.clone_from(&uri);
            config.moments.max_ahead_ms = 60_000;
            config.models = ModelsConfig {
                max_versions: 3,
                max_shadows: 2,
                max_judged: 1_000,
                preview_staleness_ms: 1_000,
            };
        };
        Self {
            rig: Rig::start(scratch::sqlite(), Arc::new(SystemClock), settings).await,
            told,
            _stand_in: stand_in,
        }
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

    pub(crate) fn risk_with(&self, token: &str) -> Risk {
        RiskScoringServiceClient::new(self.rig.client(token))
    }

    pub(crate) fn models_with(&self, token: &str) -> Models {
        ModelServiceClient::new(self.rig.client(token))
    }

    /// As session-tracking calls, or the platform of the shop.
    pub(crate) fn platform(&self) -> Risk {
        self.risk_with(&self.tokens().platform())
    }

    pub(crate) fn operator(&self) -> Models {
        self.models_with(&self.tokens().operator())
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
        preview: false,
    }
}

/// Asks what the assessment of a moment would be.
pub(crate) fn preview_request(moment: impl Into<Moment>) -> pb::AssessSessionRequest {
    pb::AssessSessionRequest {
        request_id: String::new(),
        preview: true,
        ..assess_request(moment)
    }
}

/// The same on a stream.
pub(crate) fn on_stream(request: pb::AssessSessionRequest) -> pb::AssessSessionsRequest {
    let pb::AssessSessionRequest {
        request_id,
        moment,
        preview,
    } = request;
    pb::AssessSessionsRequest {
        request_id,
        moment,
        preview,
    }
}

pub(crate) async fn previewed(client: &mut Risk, moment: impl Into<Moment>) -> Assessment {
    let answer = client.assess_session(preview_request(moment)).await;
    answer.unwrap().into_inner().assessment.unwrap()
}

/// All stored assessments, a page at most.
pub(crate) async fn listed(client: &mut Risk) -> Vec<Assessment> {
    let request = pb::ListAssessmentsRequest {
        page_size: 200,
        ..Default::default()
    };
    let answer = client.list_assessments(request).await.unwrap();
    answer.into_inner().assessments
}

pub(crate) async fn assessed(client: &mut Risk, moment: impl Into<Moment>) -> Assessment {
    let answer = client.assess_session(assess_request(moment)).await.unwrap();
    answer.into_inner().assessment.unwrap()
}
