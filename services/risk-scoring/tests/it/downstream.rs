//! Stand-ins for intervention-routing and kpi, which keep what they are told.

use domain::assessment::Assessment;
use domain::moment::Moment;
use proto::fact::v1::Fact;
use proto::routing::v1 as routing;
use proto::routing::v1::intervention_service_server::{
    InterventionService, InterventionServiceServer,
};
use testkit::stand_in::{Intake, Kpi};
use testkit::{StandIn, nobody_asks};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

/// What has been told so far.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    proposals: Intake<routing::ProposeInterventionRequest>,
    kpi: Kpi,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            proposals: Intake::checking(acceptable).once_each(|proposal| &proposal.request_id),
            kpi: Kpi::default(),
        }
    }
}

/// What is sent must be what the receiver takes.
fn acceptable(proposal: &routing::ProposeInterventionRequest) {
    let (moment, assessment) = (proposal.moment.clone(), proposal.assessment.clone());
    Moment::try_from(moment.unwrap()).unwrap();
    Assessment::try_from(assessment.unwrap()).unwrap();
}

impl Told {
    /// Serves both contracts.
    pub(crate) async fn serve(&self) -> StandIn {
        let routing = InterventionServiceServer::new(self.clone());
        StandIn::serve(Routes::new(routing).add_service(self.kpi.server())).await
    }

    pub(crate) fn proposals(&self) -> Vec<routing::ProposeInterventionRequest> {
        self.proposals.messages()
    }

    pub(crate) fn facts(&self) -> Vec<Fact> {
        self.kpi.facts.messages()
    }

    /// Waits for so many proposals.
    pub(crate) async fn some_proposals(
        &self,
        n: usize,
    ) -> Vec<routing::ProposeInterventionRequest> {
        self.proposals.some(n).await
    }

    /// Waits for so many facts.
    pub(crate) async fn some_facts(&self, n: usize) -> Vec<Fact> {
        self.kpi.facts.some(n).await
    }
}

#[tonic::async_trait]
impl InterventionService for Told {
    async fn propose_intervention(
        &self,
        request: Request<routing::ProposeInterventionRequest>,
    ) -> Result<Response<routing::ProposeInterventionResponse>, Status> {
        self.proposals.take(request).await?;
        Ok(Response::new(
            routing::ProposeInterventionResponse::default(),
        ))
    }

    nobody_asks! {
        get_intervention(routing::GetInterventionRequest) -> routing::GetInterventionResponse;
        list_interventions(routing::ListInterventionsRequest) -> routing::ListInterventionsResponse;
        explain_decision(routing::ExplainDecisionRequest) -> routing::ExplainDecisionResponse;
        cancel_intervention(routing::CancelInterventionRequest) -> routing::CancelInterventionResponse;
    }
}
