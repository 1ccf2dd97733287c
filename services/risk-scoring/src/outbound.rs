//! What leaves for other services: the proposal to intervention-routing and the fact to kpi.

use domain::fact::{Fact, FactBody};
use domain::id::{FactId, RequestId, TenantId};
use messaging::Message;
use platform::ids::IdSource;
use prost::Message as _;
use proto::{kpi, routing};

use crate::store::StoredAssessment;

/// Destinations, which are also the audiences of tokens.
pub(crate) const ROUTING: &str = "intervention-routing";
pub(crate) const KPI: &str = "kpi";

const PROPOSE: &str = "/rescate.routing.v1.InterventionService/ProposeIntervention";
const RECORD_FACTS: &str = "/rescate.kpi.v1.KpiService/RecordFacts";

/// The ids of what is told of one assessment; made once, so that each try of a transaction tells the same.
#[derive(Debug, Clone)]
pub(crate) struct Announcement {
    tenant: TenantId,
    proposal: RequestId,
    report: RequestId,
    fact: FactId,
}

impl Announcement {
    pub(crate) fn new(ids: &dyn IdSource, tenant: &TenantId) -> Self {
        Self {
            tenant: tenant.clone(),
            proposal: RequestId::from_uuid(ids.next_uuid()),
            report: RequestId::from_uuid(ids.next_uuid()),
            fact: ids.next(),
        }
    }

    /// The proposal, which is worthless once the moment has passed, and the fact, which is not.
    pub(crate) fn messages(&self, stored: &StoredAssessment) -> [Message; 2] {
        let StoredAssessment { assessment, moment } = stored;
        let proposal = routing::v1::ProposeInterventionRequest {
            request_id: self.proposal.to_string(),
            moment: Some(moment.clone().into()),
            assessment: Some(assessment.clone().into()),
        };
        let report = kpi::v1::RecordFactsRequest {
            facts: vec![self.fact(stored).into()],
        };
        let to = |message_id, destination, method, payload| Message {
            message_id,
            tenant: self.tenant.clone(),
            destination,
            method,
            order_key: moment.session.to_string(),
            payload,
            expires_at: None,
            trace: None,
        };
        let proposed = to(self.proposal, ROUTING, PROPOSE, proposal.encode_to_vec());
        [
            Message {
                expires_at: Some(moment.expires_at),
                ..proposed
            },
            to(self.report, KPI, RECORD_FACTS, report.encode_to_vec()),
        ]
    }

    fn fact(&self, stored: &StoredAssessment) -> Fact {
        let StoredAssessment { assessment, moment } = stored;
        Fact {
            id: self.fact,
            occurred_at: assessment.assessed_at,
            session: Some(moment.session),
            person: Some(moment.person()),
            intervention: None,
            partner: None,
            agent: None,
            body: FactBody::MomentAssessed {
                assessment: assessment.id,
                model: assessment.model.clone(),
                abandonment: assessment.abandonment,
                phase: assessment.phase,
                cause: assessment.likely_cause(),
                moment_kind: moment.kind,
            },
        }
    }
}
