use std::pin::Pin;
use std::sync::Mutex;

use domain::id::{SessionId, VisitorId};
use platform::status::{Fault, Kind};
use proto::session::v1 as pb;
use proto::session::v1::session_tracking_service_server::{
    SessionTrackingService, SessionTrackingServiceServer,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::Server;
use tonic::{Request, Response};
use uuid::Uuid;

use super::super::{Access, Action};
use super::*;

/// The events of the first batch; the second holds the rest.
const FIRST: usize = BATCH;
const ALL: usize = BATCH + 3;

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;
type Answer<T> = Result<Response<T>, Status>;

/// A session-tracking that acknowledges one batch of its first stream, and ends that stream as `ending` says. The next
/// one runs through. Nothing but streams of events is answered.
struct Ending {
    ending: Fault,
    /// Ids of the events of each stream.
    streams: Arc<Mutex<Vec<Vec<String>>>>,
}

fn absent() -> Status {
    Fault::new(Kind::Unimplemented, "not part of this test").to_status()
}

#[tonic::async_trait]
impl SessionTrackingService for Ending {
    type StreamEventsStream = Answers<StreamEventsResponse>;
    type WatchSessionsStream = Answers<pb::WatchSessionsResponse>;

    async fn stream_events(
        &self,
        request: Request<Streaming<StreamEventsRequest>>,
    ) -> Answer<Self::StreamEventsStream> {
        let streams = Arc::clone(&self.streams);
        let number = {
            let mut streams = streams.lock().unwrap();
            streams.push(Vec::new());
            streams.len()
        };
        let ending = self.ending.clone();
        let mut batches = 0;
        let answers = request.into_inner().map(move |batch| {
            batches += 1;
            let StreamEventsRequest { batch, events } = batch?;
            let ids = events.into_iter().map(|event| event.event_id);
            let ids: Vec<String> = ids.collect();
            let accepted_count = u32::try_from(ids.len()).unwrap();
            streams.lock().unwrap()[number - 1].extend(ids);
            if number == 1 && batches == 2 {
                return Err(ending.to_status());
            }
            Ok(StreamEventsResponse {
                durable_batch: batch,
                accepted_count,
                ..Default::default()
            })
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn record_events(
        &self,
        _: Request<pb::RecordEventsRequest>,
    ) -> Answer<pb::RecordEventsResponse> {
        Err(absent())
    }

    async fn get_session(
        &self,
        _: Request<pb::GetSessionRequest>,
    ) -> Answer<pb::GetSessionResponse> {
        Err(absent())
    }

    async fn list_sessions(
        &self,
        _: Request<pb::ListSessionsRequest>,
    ) -> Answer<pb::ListSessionsResponse> {
        Err(absent())
    }

    async fn watch_sessions(
        &self,
        _: Request<pb::WatchSessionsRequest>,
    ) -> Answer<Self::WatchSessionsStream> {
        Err(absent())
    }

    async fn erase_shopper(
        &self,
        _: Request<pb::EraseShopperRequest>,
    ) -> Answer<pb::EraseShopperResponse> {
        Err(absent())
    }
}

fn recording() -> Vec<Recorded> {
    let rows = 0..u64::try_from(ALL).unwrap();
    rows.map(|row| Recorded {
        row,
        offset: Duration::ZERO,
        session: SessionId::from_uuid(Uuid::from_u128(1)),
        visitor: VisitorId::from_uuid(Uuid::from_u128(2)),
        action: Action::View {
            sku: "1".to_owned(),
            price: None,
        },
    })
    .collect()
}

/// Sends the recording to a session-tracking whose first stream ends so. Gives what came of it, and what each stream held.
async fn sent_with(ending: Fault) -> (Result<Outcome, ReplayError>, Vec<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target {
        uri: format!("http://{}", listener.local_addr().unwrap()),
        access: Access::Token("a.b.c".to_owned()),
        speed: Speed::Max,
    };
    let streams = Arc::default();
    let service = Ending {
        ending,
        streams: Arc::clone(&streams),
    };
    let serving = Server::builder()
        .add_service(SessionTrackingServiceServer::new(service))
        .serve_with_incoming(TcpListenerStream::new(listener));
    let _serving = AbortOnDropHandle::new(tokio::spawn(serving));

    let outcome = send(&target, recording(), &indicatif::ProgressBar::hidden()).await;

    let streams = streams.lock().unwrap().clone();
    (outcome, streams)
}

#[tokio::test]
async fn a_stream_that_has_lived_its_time_is_followed_by_another_that_goes_on() {
    let aged = Fault::new(Kind::Unavailable, "aged").because(ErrorReason::Draining);

    let (outcome, streams) = sent_with(aged).await;

    let outcome = outcome.unwrap();
    let all = u64::try_from(ALL).unwrap();
    assert_eq!((outcome.sent, outcome.accepted), (all, all));
    assert_eq!(streams.len(), 2);
    // What was acknowledged is not sent again, and what was not is sent again under the same ids.
    assert_eq!((streams[0].len(), streams[1].len()), (ALL, ALL - FIRST));
    assert_eq!(streams[0][FIRST..], streams[1]);
}

#[tokio::test]
async fn a_token_that_ended_on_the_way_is_replaced() {
    let (outcome, streams) = sent_with(Fault::new(Kind::Unauthenticated, "ended")).await;

    assert!(outcome.is_ok());
    assert_eq!(streams.len(), 2);
}

#[tokio::test]
async fn a_stream_that_broke_off_tells_how_far_it_came() {
    let (outcome, streams) = sent_with(Fault::new(Kind::Internal, "broken")).await;

    let failure = outcome.unwrap_err().to_string();
    assert!(
        failure.contains(&format!("{FIRST} of {ALL} events")),
        "{failure}"
    );
    assert_eq!(streams.len(), 1);
}
