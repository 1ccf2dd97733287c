//! The rig of a service's own tests: the service in this process, on a scratch database, by a clock that the test chooses,
//! and with tokens of every caller. It can be stopped, cut off and started again on the same data.

use std::fmt;
use std::fs;
use std::sync::Arc;

use platform::Sources;
use platform::client::{Client, connect_with_token};
use platform::clock::Clock;
use platform::config::ServiceConfig;
use platform::program::Program;

use crate::scratch::Scratch;
use crate::serve::{Served, serve};
use crate::tokens::{Issuer, Tokens};

type Change<C> = Box<dyn Fn(&mut C) + Send + Sync>;

/// One service under test.
pub struct Rig<P: Program> {
    scratch: Scratch,
    clock: Arc<dyn Clock>,
    issuer: Issuer,
    change: Change<P::Config>,
    served: Option<Served>,
}

impl<P: Program + 'static> Rig<P> {
    /// Starts the service with the settings that it ships with and those of the rig, which `change` may change, and waits
    /// until it is ready.
    pub async fn start(
        scratch: Scratch,
        clock: Arc<dyn Clock>,
        change: impl Fn(&mut P::Config) + Send + Sync + 'static,
    ) -> Self {
        let mut rig = Self {
            scratch,
            issuer: Issuer::with_clock(Arc::clone(&clock)),
            clock,
            change: Box::new(change),
            served: None,
        };
        rig.launch().await;
        rig
    }

    /// Stops the service, if it runs, and starts it on the same data.
    pub async fn restart(&mut self) {
        if let Some(served) = self.served.take() {
            served.stop().await;
        }
        self.launch().await;
    }

    /// Cuts the service off, as a crash does, and starts it on the same data.
    pub async fn crash(&mut self) {
        self.running().crash().await;
        self.launch().await;
    }

    /// Stops the service as on SIGTERM; fails when it ends with an error or not at all.
    pub async fn stop(&mut self) {
        self.running().stop().await;
    }

    /// Where the service is called.
    pub fn uri(&self) -> String {
        let served = self.served.as_ref();
        served.expect("a service that runs").uri()
    }

    /// A way to the service with this token.
    pub fn client(&self, token: &str) -> Client {
        connect_with_token(&self.uri(), token).unwrap()
    }

    /// Tokens for the service; each is made by the clock as it stands then.
    pub fn tokens(&self) -> Tokens {
        self.issuer.tokens_for(P::NAME)
    }

    /// The database of the service, to be looked into or changed behind its back.
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    fn running(&mut self) -> Served {
        self.served.take().expect("a service that runs")
    }

    async fn launch(&mut self) {
        let config = self.config();
        let sources = Sources {
            clock: Arc::clone(&self.clock),
            ..Sources::system()
        };
        let served = serve(|listener, shutdown| P::run(config, sources, listener, shutdown));
        self.served = Some(served.await.ready().await);
    }

    /// Read as the service reads its settings, so that a test runs with what operators get.
    fn config(&self) -> P::Config {
        let auth = self.issuer.auth_config(P::NAME);
        let key = auth.signing_key.unwrap().display().to_string();
        let (issuer, jwks, url) = (auth.issuer, auth.jwks, self.scratch.url());
        let settings = format!(
            "[server]\ndrain_accept_ms = 0\ndrain_calls_ms = 2000\n\
             [auth]\nissuer = {issuer:?}\njwks = {jwks:?}\nsigning_key = {key:?}\n\
             [store]\nurl = {url:?}\ndurability = \"relaxed\"\n"
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rig.toml");
        fs::write(&file, settings).unwrap();
        let mut config = P::Config::load(Some(&file)).unwrap_or_else(|error| panic!("{error}"));
        (self.change)(&mut config);
        config
    }
}

impl<P: Program> fmt::Debug for Rig<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rig")
            .field("service", &P::NAME)
            .field("scratch", &self.scratch)
            .finish_non_exhaustive()
    }
}
