//! A stand-in for kpi, which keeps what it is told.

use domain::fact::Fact;
use testkit::StandIn;
use testkit::stand_in::{self, Kpi};
use tonic::service::Routes;

/// A fact, and the trace in which it was told.
#[derive(Debug, Clone)]
pub(crate) struct ToldFact {
    pub(crate) fact: Fact,
    pub(crate) trace_id: Option<String>,
}

impl From<stand_in::Told<proto::fact::v1::Fact>> for ToldFact {
    fn from(told: stand_in::Told<proto::fact::v1::Fact>) -> Self {
        Self {
            fact: Fact::try_from(told.message).unwrap(),
            trace_id: told.trace.map(|trace| trace.trace_id()),
        }
    }
}

/// What has been told so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    kpi: Kpi,
}

impl Told {
    pub(crate) async fn serve(&self) -> StandIn {
        StandIn::serve(Routes::new(self.kpi.server())).await
    }

    pub(crate) fn facts(&self) -> Vec<ToldFact> {
        let told = self.kpi.facts.told().into_iter();
        told.map(ToldFact::from).collect()
    }

    /// Waits for so many facts.
    pub(crate) async fn some(&self, count: usize) -> Vec<ToldFact> {
        self.kpi.facts.some(count).await;
        self.facts()
    }
}
