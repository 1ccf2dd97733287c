//! What leaves for other services: the proposal to intervention-routing and the fact to kpi.

use domain::fact::{Fact, FactBody};
use domain::id::{FactId, RequestId, TenantId};
use messaging::Message;
use platform::ids::IdSource;
use platform::telemetry::TraceContext;
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

/// An assessment that is to be announced, and the trace in which it was made.
pub(crate) struct Announced<'a> {
    pub(crate) announcement: &'a Announcement,
    pub(crate) stored: &'a StoredAssessment,
    pub(crate) trace: Option<TraceContext>,
}

/// What leaves of assessments that were made together: of each a proposal, and one report of all the facts, which may come in
/// any order. The report goes by the name, and in the place, of the first.
pub(crate) fn messages(together: &[Announced<'_>]) -> Vec<Message> {
    let facts = together.iter().map(|one| one.announcement.fact(one.stored));
    let report = kpi::v1::RecordFactsRequest {
        facts: facts.map(Into::into).collect(),
    };
    let report = together
        .first()
        .map(|first| first.announcement.report(first.stored, &report));
    together
        .iter()
        .map(Announced::proposal)
        .chain(report)
        .collect()
}

impl Announced<'_> {
    /// Worthless once the moment has passed.
    fn proposal(&self) -> Message {
        let Announcement {
            tenant, proposal, ..
        } = self.announcement;
        let StoredAssessment { assessment, moment } = self.stored;
        let request = routing::v1::ProposeInterventionRequest {
            request_id: proposal.to_string(),
            moment: Some(moment.clone().into()),
            assessment: Some(assessment.clone().into()),
        };
        Message {
            message_id: *proposal,
            tenant: tenant.clone(),
            destination: ROUTING,
            method: PROPOSE,
            order_key: moment.session.to_string(),
            payload: request.encode_to_vec(),
            expires_at: Some(moment.expires_at),
            trace: self.trace.clone(),
        }
    }
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

    /// True however late. It belongs to whatever trace it is sent in, as its facts may be of several.
    fn report(&self, stored: &StoredAssessment, report: &kpi::v1::RecordFactsRequest) -> Message {
        Message {
            message_id: self.report,
            tenant: self.tenant.clone(),
            destination: KPI,
            method: RECORD_FACTS,
            order_key: stored.moment.session.to_string(),
            payload: report.encode_to_vec(),
            expires_at: None,
            trace: None,
        }
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

#[cfg(test)]
mod tests {
    use testkit::builders::{a_moment, an_assessment, tenant};
    use testkit::ids::{SequentialIds, nth};

    use super::*;

    /// The `n`th assessment, of a moment and session of its own.
    fn stored(n: u64) -> StoredAssessment {
        let moment = a_moment()
            .with_id(nth(1_000 + n))
            .with_session(nth(2_000 + n))
            .build();
        let assessment = an_assessment().of(&moment).with_id(nth(n)).build();
        StoredAssessment { assessment, moment }
    }

    #[test]
    fn assessments_that_are_made_together_are_proposed_one_by_one_and_told_as_one() {
        let ids = SequentialIds::new();
        let made: Vec<_> = (1..=3)
            .map(|n| (Announcement::new(&ids, &tenant()), stored(n)))
            .collect();
        let announced: Vec<_> = made
            .iter()
            .map(|(announcement, stored)| Announced {
                announcement,
                stored,
                trace: None,
            })
            .collect();

        let sent = messages(&announced);

        let again = messages(&announced);
        let named = |sent: &[Message]| -> Vec<_> {
            let of = |message: &Message| (message.message_id, message.payload.clone());
            sent.iter().map(of).collect()
        };
        assert_eq!(named(&again), named(&sent), "each try tells the same");
        let (report, proposals) = sent.split_last().unwrap();
        assert_eq!(proposals.len(), 3);
        for (proposal, (_, stored)) in proposals.iter().zip(&made) {
            assert_eq!(proposal.destination, ROUTING);
            assert_eq!(proposal.order_key, stored.moment.session.to_string());
            assert_eq!(proposal.expires_at, Some(stored.moment.expires_at));
        }
        assert_eq!((report.destination, report.expires_at), (KPI, None));
        let told = kpi::v1::RecordFactsRequest::decode(report.payload.as_slice()).unwrap();
        let sessions: Vec<_> = told.facts.into_iter().map(|fact| fact.session_id).collect();
        let expected = made
            .iter()
            .map(|(_, stored)| Some(stored.moment.session.to_string()));
        assert_eq!(sessions, expected.collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_told_of_nothing() {
        assert!(messages(&[]).is_empty());
    }
}
