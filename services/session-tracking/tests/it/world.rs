//! One running service by a clock under control, with those whom it tells.

use std::time::Duration;

use domain::time::Timestamp;
use futures::FutureExt;
use platform::client::Client;
use platform::clock::Clock;
use proto::session::v1 as pb;
use proto::session::v1::session_tracking_service_client::SessionTrackingServiceClient;
use sea_orm::{ConnectionTrait, Statement};
use session_tracking::{Config, SessionTracking};
use storage::StoreError;
use testkit::scratch;
use testkit::tokens::Tokens;
use testkit::{FakeClock, Rig, StandIn};

use crate::downstream::Told;
use crate::events::session_id;

pub(crate) type Sessions = SessionTrackingServiceClient<Client>;

pub(crate) struct World {
    pub(crate) clock: FakeClock,
    rig: Rig<SessionTracking>,
    told: Told,
    _stand_in: StandIn,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A service whose settings are changed first.
    pub(crate) async fn with(change: fn(&mut Config)) -> Self {
        let (clock, told) = (FakeClock::new(), Told::default());
        let stand_in = told.serve().await;
        let uri = stand_in.uri();
        let settings = move |config: &mut Config| {
            config.upstreams.risk_scoring.clone_from(&uri);
            config.upstreams.kpi.clone_from(&uri);
            config.ingest.timer_tick = Duration::from_millis(5);
            change(config);
        };
        Self {
            rig: Rig::start(scratch::sqlite(), clock.shared(), settings).await,
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

    /// Where the service is called.
    pub(crate) fn uri(&self) -> String {
        self.rig.uri()
    }

    pub(crate) fn told(&self) -> &Told {
        &self.told
    }

    pub(crate) fn tokens(&self) -> Tokens {
        self.rig.tokens()
    }

    pub(crate) fn with_token(&self, token: &str) -> Sessions {
        SessionTrackingServiceClient::new(self.rig.client(token))
    }

    /// A client of the shop's systems; its token is made now, since tests move the clock.
    pub(crate) fn platform(&self) -> Sessions {
        self.with_token(&self.tokens().platform())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, seconds: u64) -> Timestamp {
        self.clock.advance(Duration::from_secs(seconds))
    }

    /// Sends events that must all be taken.
    pub(crate) async fn send(&self, events: Vec<pb::Event>) {
        let expected = u32::try_from(events.len()).unwrap();
        let response = self.record(events).await;
        assert_eq!(response.rejected, []);
        assert_eq!(response.accepted_count, expected);
    }

    pub(crate) async fn record(&self, events: Vec<pb::Event>) -> pb::RecordEventsResponse {
        let request = pb::RecordEventsRequest { events };
        let response = self.platform().record_events(request).await;
        response.unwrap().into_inner()
    }

    pub(crate) async fn session(&self, n: u64) -> pb::Session {
        let request = pb::GetSessionRequest {
            session_id: session_id(n),
        };
        let response = self.platform().get_session(request).await.unwrap();
        response.into_inner().session.unwrap()
    }

    /// Changes the database behind the back of the service.
    pub(crate) async fn sql(&self, sql: &str) {
        let sql = sql.to_owned();
        let database = self.rig.scratch().open().await;
        let done: Result<(), StoreError> = database
            .write(move |tx| {
                let sql = sql.clone();
                async move {
                    tx.execute_unprepared(&sql).await?;
                    Ok(())
                }
                .boxed()
            })
            .await;
        done.unwrap();
        database.close().await;
    }

    /// All that the event log holds, as it lies there.
    pub(crate) async fn log(&self) -> Vec<u8> {
        let database = self.rig.scratch().open().await;
        let backend = database.read().get_database_backend();
        let query = Statement::from_string(backend, "SELECT payload FROM event_batches");
        let rows = database.read().query_all_raw(query).await.unwrap();
        let payloads = rows
            .iter()
            .map(|row| row.try_get::<Vec<u8>>("", "payload").unwrap());
        payloads.flatten().collect()
    }
}
