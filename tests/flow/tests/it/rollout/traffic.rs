//! Moments of many sessions over several streams at once, each with some on their way, until told to stop. How every
//! session ended is told, too.

use std::sync::{Arc, Mutex};

use domain::id::{SessionId, TypedId};
use domain::moment::{Moment, VisitHistory};
use platform::client::Client;
use platform::ids::{IdSource, SystemIds};
use proto::assessment::v1::Assessment;
use proto::convert::time::wire_timestamp;
use proto::fact::v1::Ending;
use proto::risk::v1::risk_scoring_service_client::RiskScoringServiceClient;
use proto::risk::v1::{AssessSessionsRequest, Model, RecordOutcomeRequest};
use testkit::eventually;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use crate::calls::a_moment;
use crate::people::{PATIENCE, now};
use crate::shop::{Shop, request_id};

pub(super) const STREAMS: usize = 4;
/// Moments on their way on each stream.
const WINDOW: usize = 8;
const MOMENTS_OF_SESSION: usize = 3;
/// Assessments in a row by which a model is seen to decide: those of five sessions.
const TURN: usize = 5 * MOMENTS_OF_SESSION;

/// What the streams carry, as long as it is not stopped.
pub(super) struct Traffic {
    answered: Vec<Answered>,
    stop: CancellationToken,
    running: JoinSet<()>,
}

/// The answers of one stream so far, in order.
type Answered = Arc<Mutex<Vec<Assessment>>>;

impl Traffic {
    pub(super) fn start(suite: &Shop) -> Self {
        let (stop, mut running) = (CancellationToken::new(), JoinSet::new());
        let answered: Vec<Answered> = (0..STREAMS).map(|_| Answered::default()).collect();
        for answered in &answered {
            let stream = Stream {
                risk: suite.risk(),
                answered: Arc::clone(answered),
                session: TypedId::from_uuid(SystemIds.next_uuid()),
                sent: 0,
            };
            running.spawn(stream.carry(stop.clone()));
        }
        Self {
            answered,
            stop,
            running,
        }
    }

    /// Waits until a model decides on every stream, and has done so for a while.
    pub(super) async fn is_decided_by(&self, model: &Model) {
        eventually(PATIENCE, || async {
            let behind = self.answered.iter().find(|answered| {
                let answered = answered.lock().unwrap();
                let by_it = |made: &&Assessment| made.model_id == model.model_id;
                answered.iter().rev().take_while(by_it).count() < TURN
            });
            behind.is_none().then_some(())
        })
        .await;
    }

    /// Lets what is on its way arrive, and gives the answers of each stream.
    pub(super) async fn stop(mut self) -> Vec<Vec<Assessment>> {
        self.stop.cancel();
        while let Some(ended) = self.running.join_next().await {
            ended.unwrap();
        }
        let answers = self.answered.iter();
        answers.map(|all| all.lock().unwrap().clone()).collect()
    }
}

/// One stream: a session after the other.
struct Stream {
    risk: RiskScoringServiceClient<Client>,
    answered: Answered,
    session: SessionId,
    sent: usize,
}

impl Stream {
    async fn carry(mut self, stop: CancellationToken) {
        let (say, said) = mpsc::channel(WINDOW);
        for _ in 0..WINDOW {
            say.send(self.next()).await.unwrap();
        }
        let answers = self.risk.assess_sessions(ReceiverStream::new(said)).await;
        let mut answers = answers.unwrap().into_inner();
        let mut say = Some(say);
        while let Some(answer) = answers.message().await.unwrap() {
            self.note(answer.assessment.unwrap()).await;
            if stop.is_cancelled() {
                say = None;
            }
            if let Some(say) = &say {
                say.send(self.next()).await.unwrap();
            }
        }
        assert_eq!(self.answered.lock().unwrap().len(), self.sent);
    }

    /// The next moment of the session, or the first of another.
    fn next(&mut self) -> AssessSessionsRequest {
        if self.sent.is_multiple_of(MOMENTS_OF_SESSION) {
            self.session = TypedId::from_uuid(SystemIds.next_uuid());
        }
        let number = self.sent / MOMENTS_OF_SESSION;
        self.sent += 1;
        let moment = Moment {
            session: self.session,
            session_version: u64::try_from(self.sent).unwrap(),
            history: history(number),
            ..a_moment()
        };
        AssessSessionsRequest {
            request_id: request_id(),
            moment: Some(moment.into()),
            preview: false,
        }
    }

    /// Keeps an answer, and tells how its session ended once it was the last one of it.
    async fn note(&mut self, assessment: Assessment) {
        let session_id = assessment.session_id.clone();
        let count = {
            let mut answered = self.answered.lock().unwrap();
            answered.push(assessment);
            answered.len()
        };
        if !count.is_multiple_of(MOMENTS_OF_SESSION) {
            return;
        }
        let outcome = RecordOutcomeRequest {
            request_id: request_id(),
            session_id,
            ending: ending(count / MOMENTS_OF_SESSION - 1).into(),
            ended_at: Some(wire_timestamp(now())),
        };
        self.risk.record_outcome(outcome).await.unwrap();
    }
}

/// Every third session is of somebody who has bought before, ...
fn history(number: usize) -> VisitHistory {
    let (earlier_orders, earlier_abandonments) = if number.is_multiple_of(3) {
        (3, 0)
    } else {
        (0, 3)
    };
    VisitHistory {
        earlier_sessions: 3,
        earlier_carts: 3,
        earlier_orders,
        earlier_abandonments,
    }
}

/// ... and every second one ends with an order.
fn ending(number: usize) -> Ending {
    if number.is_multiple_of(2) {
        Ending::Ordered
    } else {
        Ending::Abandoned
    }
}
