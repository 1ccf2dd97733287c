//! What a shop needs before every call of the table can work: shoppers in contact at each step, offers in each state, and
//! the plays, programmes, models and policies that they rest on.

mod contacts;
mod offers;
mod rules;

use std::time::Duration;

use proto::assessment::v1::Assessment;
use proto::convert::time::wire_timestamp;
use proto::fact::v1::Ending;
use proto::kpi::v1::GetExperimentRequest;
use proto::risk::v1::{AssessSessionRequest, RecordOutcomeRequest};
use proto::session::v1::HelpOpened;
use proto::session::v1::event::Payload;
use testkit::eventually;

use crate::calls::a_moment;
use crate::people::{Desk, PATIENCE, Shopper, fund, now, record};
use crate::shop::{Shop, request_id};

pub(crate) use contacts::{Contacts, accept, invited, reply, start, wrap_up};
pub(crate) use offers::{Offers, a_case, case_agent};
pub(crate) use rules::{a_model, a_model_file, a_play, a_policy, a_programme};

/// The experiment that every shop runs.
pub(crate) const EXPERIMENT: &str = "proactive-help";

/// A shop in which every call of the table works, once.
pub(crate) struct Stage {
    pub(crate) contacts: Contacts,
    pub(crate) offers: Offers,
    /// An assessment of a session whose outcome is known.
    pub(crate) assessed: Assessment,
    /// Who has a session and will be forgotten.
    pub(crate) forgotten: Shopper,
    _desk: Desk,
}

impl Stage {
    pub(crate) async fn set(shop: &Shop) -> Self {
        fund(shop, 1_000_000).await;
        rules::lay_down(shop).await;
        let mut desk = Desk::open(shop).await;
        let contacts = Contacts::make(shop, &mut desk).await;
        experiment_is_known(shop).await;
        Self {
            contacts,
            offers: Offers::make(shop).await,
            assessed: assessed(shop).await,
            forgotten: forgotten(shop).await,
            _desk: desk,
        }
    }
}

async fn forgotten(shop: &Shop) -> Shopper {
    let shopper = Shopper::new();
    let help = Payload::HelpOpened(HelpOpened {});
    let event = shopper.event(Duration::from_secs(1), "/help", help);
    record(shop, vec![event]).await;
    shopper
}

/// A moment is assessed, and how its session ended is told.
async fn assessed(shop: &Shop) -> Assessment {
    let assess = AssessSessionRequest {
        request_id: request_id(),
        moment: Some(a_moment().into()),
        preview: false,
    };
    let answer = shop.risk().assess_session(assess).await.unwrap();
    let assessment = answer.into_inner().assessment.unwrap();
    let outcome = RecordOutcomeRequest {
        request_id: request_id(),
        session_id: assessment.session_id.clone(),
        ending: Ending::Abandoned.into(),
        ended_at: Some(wire_timestamp(now())),
    };
    shop.risk().record_outcome(outcome).await.unwrap();
    assessment
}

/// The first person drawn makes the experiment known, once the fact has come.
async fn experiment_is_known(shop: &Shop) {
    let request = GetExperimentRequest {
        experiment_id: EXPERIMENT.to_owned(),
        ..Default::default()
    };
    eventually(PATIENCE, || async {
        shop.kpis().get_experiment(request.clone()).await
    })
    .await;
}
