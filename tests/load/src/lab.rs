//! What all measurements share: keys, stand-ins, recorded sessions, a folder, and the way to start a server on a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use testkit::scratch::{self, Scratch};
use testkit::tokens::Issuer;
use toml::{Table, Value};

use crate::cli::{Common, Setting, StoreEngine};
use crate::error::LoadError;
use crate::events::Recordings;
use crate::numbers;
use crate::output::note;
use crate::server::{Kind, Server};
use crate::upstreams::Upstreams;

/// A server that takes less than this of one processor has nothing left to do.
const QUIET_SHARE: f64 = 0.05;
/// More calls at once than there are callers, also for one tenant.
const OPEN: i64 = 2_000;
/// Calls a second.
const NO_LIMIT: i64 = 1_000_000;
const QUIET_LOOK: Duration = Duration::from_millis(500);

/// What all measurements share.
#[derive(Debug)]
pub(crate) struct Lab {
    pub(crate) recordings: Arc<Recordings>,
    pub(crate) upstreams: Upstreams,
    common: Common,
    issuer: Arc<Issuer>,
    folder: TempDir,
    /// This program, which is the bare server too.
    program: PathBuf,
}

impl Lab {
    pub(crate) async fn open(common: Common) -> Result<Self, LoadError> {
        let recordings = Recordings::read(common.data.as_deref(), common.mix)?;
        note(format_args!("sessions: {}", recordings.source));
        Ok(Self {
            recordings: Arc::new(recordings),
            upstreams: Upstreams::serve().await?,
            common,
            issuer: Arc::new(Issuer::new()),
            folder: tempfile::tempdir().map_err(LoadError::at("the temporary folder"))?,
            program: std::env::current_exe().map_err(LoadError::at("this program"))?,
        })
    }

    /// The program that is measured.
    pub(crate) fn measured(&self) -> &Path {
        self.common.server.as_deref().unwrap_or(&self.program)
    }

    /// This program.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// An empty store; `None` where there is no such engine, which is said.
    pub(crate) async fn scratch(&self, engine: StoreEngine) -> Option<Scratch> {
        match (engine, &self.common.postgres) {
            (StoreEngine::Sqlite, _) => Some(scratch::sqlite()),
            (StoreEngine::Postgres, Some(url)) => Some(scratch::on_server(url).await),
            (StoreEngine::Postgres, None) => {
                note(
                    "SKIPPED: nothing is measured on PostgreSQL, since --postgres names no server",
                );
                None
            }
        }
    }

    /// Starts a server on a store; again on the same store is a restart.
    pub(crate) async fn start(&self, kind: Kind, store: &Scratch) -> Result<Server, LoadError> {
        self.start_with(kind, store, &[]).await
    }

    /// The same with settings of a service that differ from its defaults; those of the command line come last.
    pub(crate) async fn start_with(
        &self,
        kind: Kind,
        store: &Scratch,
        settings: &[Setting],
    ) -> Result<Server, LoadError> {
        match kind {
            Kind::Bare(decoding) => {
                Server::bare(&self.program, decoding, store.url(), &self.issuer).await
            }
            Kind::Echo(keeping) => {
                Server::echo(&self.program, keeping, store.url(), &self.issuer).await
            }
            Kind::Sessions | Kind::Assessments | Kind::Offers => {
                let config = self.config_file(kind, store, settings)?;
                Server::service(kind, self.measured(), &config, &self.issuer).await
            }
        }
    }

    /// Waits until a server has nothing left to do, such as messages to deliver; false when the limit came first.
    pub(crate) async fn settle(&self, server: &Server, limit: Duration) -> Result<bool, LoadError> {
        let until = Instant::now() + limit;
        let mut quiet = 0;
        let mut last = (server.cpu()?, self.upstreams.calls());
        while quiet < 2 {
            if Instant::now() > until {
                return Ok(false);
            }
            tokio::time::sleep(QUIET_LOOK).await;
            let now = (server.cpu()?, self.upstreams.calls());
            let busy = now.0.saturating_sub(last.0);
            let share = numbers::ratio(busy.as_secs_f64(), QUIET_LOOK.as_secs_f64());
            let rests = share < QUIET_SHARE && now.1 == last.1;
            quiet = if rests { quiet + 1 } else { 0 };
            last = now;
        }
        Ok(true)
    }

    fn config_file(
        &self,
        kind: Kind,
        store: &Scratch,
        settings: &[Setting],
    ) -> Result<PathBuf, LoadError> {
        let service = kind.service();
        let auth = self.issuer.auth_config(service);
        let key = auth.signing_key.unwrap_or_default();
        let uri = self.upstreams.uri();
        let mut table = Table::new();
        let mut set = |section: &str, key: &str, value: Value| put(&mut table, section, key, value);
        set("auth", "issuer", auth.issuer.into());
        set("auth", "jwks", auth.jwks.into());
        set("auth", "signing_key", key.display().to_string().into());
        set("store", "url", store.url().into());
        set("upstreams", "kpi", uri.clone().into());
        match kind {
            Kind::Sessions | Kind::Bare(_) => set("upstreams", "risk_scoring", uri.into()),
            Kind::Assessments | Kind::Echo(_) => {
                set("upstreams", "intervention_routing", uri.into());
            }
            Kind::Offers => {
                let folder = self.folder.path().join("offer-keys");
                set("tokens", "key_folder", folder.display().to_string().into());
                // One shop has all callers, and none of them is to be refused for asking too often.
                set("server", "concurrency_limit", OPEN.into());
                for rate in ["tenant", "partner", "agent"] {
                    let key = format!("{rate}_calls_per_second");
                    set("server", &key, NO_LIMIT.into());
                }
            }
        }
        for Setting {
            section,
            key,
            value,
        } in settings.iter().chain(&self.common.set)
        {
            set(section, key, value.clone());
        }
        let file = self.folder.path().join(format!("{service}.toml"));
        std::fs::write(&file, table.to_string()).map_err(LoadError::at(&file))?;
        Ok(file)
    }
}

fn put(table: &mut Table, section: &str, key: &str, value: Value) {
    let section = table
        .entry(section)
        .or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(keys) = section {
        keys.insert(key.to_owned(), value);
    }
}
