//! One running service by a clock under control, with those whom it tells.

use std::time::Duration;

use domain::time::Timestamp;
use futures::FutureExt;
use platform::client::{Client, connect_with_token};
use platform::clock::Clock;
use proto::session::v1 as pb;
use proto::session::v1::session_tracking_service_client::SessionTrackingServiceClient;
use sea_orm::{ConnectionTrait, Statement};
use session_tracking::{Config, Sources};
use storage::StoreError;
use testkit::scratch::{self, Scratch};
use testkit::tokens::{Issuer, Tokens};
use testkit::{FakeClock, Served, serve};

use crate::downstream::{Downstream, Told};
use crate::events::session_id;

pub(crate) type Sessions = SessionTrackingServiceClient<Client>;

pub(crate) struct World {
    pub(crate) clock: FakeClock,
    pub(crate) downstream: Downstream,
    pub(crate) scratch: Scratch,
    issuer: Issuer,
    served: Option<Served>,
    change: fn(&mut Config),
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A service whose settings are changed first.
    pub(crate) async fn with(change: fn(&mut Config)) -> Self {
        let clock = FakeClock::new();
        let mut world = Self {
            issuer: Issuer::with_clock(clock.shared()),
            clock,
            downstream: Downstream::start().await,
            scratch: scratch::sqlite(),
            served: None,
            change,
        };
        world.restart().await;
        world
    }

    /// Ends the service, if it runs, and starts it on the same files.
    pub(crate) async fn restart(&mut self) {
        if let Some(served) = self.served.take() {
            served.stop().await;
        }
        self.launch().await;
    }

    /// Cuts the service off, as a crash does, and starts it on the same files.
    pub(crate) async fn crash(&mut self) {
        self.served.take().unwrap().crash().await;
        self.launch().await;
    }

    pub(crate) async fn stop(&mut self) {
        self.served.take().unwrap().stop().await;
    }

    async fn launch(&mut self) {
        let config = self.config();
        let sources = Sources {
            clock: self.clock.shared(),
            ..Sources::system()
        };
        let served = serve(|listener, shutdown| {
            session_tracking::run_with(config, sources, listener, shutdown)
        });
        self.served = Some(served.await.ready().await);
    }

    pub(crate) fn config(&self) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.toml");
        std::fs::write(
            &file,
            "[auth]\njwks = \"set below\"\nsigning_key = \"set below\"\n",
        )
        .unwrap();
        let mut config = Config::load(Some(&file)).unwrap();
        config.auth = self.issuer.auth_config(session_tracking::NAME);
        config.store = self.scratch.config();
        config.server.drain_accept_ms = 0;
        config.server.drain_calls_ms = 2_000;
        config.upstreams.risk_scoring = self.downstream.uri();
        config.upstreams.kpi = self.downstream.uri();
        config.ingest.timer_tick = Duration::from_millis(5);
        (self.change)(&mut config);
        config
    }

    pub(crate) fn told(&self) -> &Told {
        &self.downstream.told
    }

    pub(crate) fn tokens(&self) -> Tokens {
        self.issuer.tokens_for(session_tracking::NAME)
    }

    pub(crate) fn with_token(&self, token: &str) -> Sessions {
        let uri = self.served.as_ref().unwrap().uri();
        SessionTrackingServiceClient::new(connect_with_token(&uri, token).unwrap())
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
        let database = self.scratch.open().await;
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
        let database = self.scratch.open().await;
        let backend = database.read().get_database_backend();
        let query = Statement::from_string(backend, "SELECT payload FROM event_batches");
        let rows = database.read().query_all_raw(query).await.unwrap();
        let payloads = rows
            .iter()
            .map(|row| row.try_get::<Vec<u8>>("", "payload").unwrap());
        payloads.flatten().collect()
    }
}
