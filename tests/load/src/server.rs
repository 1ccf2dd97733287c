//! Servers under measurement, each a child process on a port of its own. A child ends with its guard, also when the
//! measurement is interrupted.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use platform::client::{Client, connect_with_token};
use proto::session::v1::session_tracking_service_client::SessionTrackingServiceClient;
use testkit::process::Child;
use testkit::tokens::{Issuer, Tokens};
use tokio::process::Command;
use tonic::transport::{Channel, Endpoint};

use crate::bare::Decoding;
use crate::echo::Keeping;
use crate::error::LoadError;
use crate::process;

/// A server may have a million sessions to read before it serves.
const START_LIMIT: Duration = Duration::from_mins(3);

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The limit, and how it reads a batch.
    Bare(Decoding),
    /// session-tracking.
    Sessions,
    /// The limit of risk-scoring, and what it keeps.
    Echo(Keeping),
    /// risk-scoring.
    Assessments,
    /// offer-authorization.
    Offers,
}

impl Kind {
    /// The service that it is, or stands for.
    pub(crate) const fn service(self) -> &'static str {
        match self {
            Self::Bare(_) | Self::Sessions => session_tracking::NAME,
            Self::Echo(_) | Self::Assessments => risk_scoring::NAME,
            Self::Offers => offer_authorization::NAME,
        }
    }
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) kind: Kind,
    child: Child,
    id: u32,
    address: SocketAddr,
    issuer: Arc<Issuer>,
}

impl Server {
    /// Starts the bare server of this very program.
    pub(crate) async fn bare(
        program: &Path,
        decoding: Decoding,
        store: &str,
        issuer: &Arc<Issuer>,
    ) -> Result<Self, LoadError> {
        let address = free_address()?;
        let mut command = Command::new(program);
        let name = match decoding {
            Decoding::Raw => "raw",
            Decoding::Typed => "typed",
        };
        command
            .args(["bare", "--decoding", name, "--store", store])
            .args(["--listen", &address.to_string()]);
        Self::spawn(Kind::Bare(decoding), command, address, issuer).await
    }

    /// Starts the echo of this very program.
    pub(crate) async fn echo(
        program: &Path,
        keeping: Keeping,
        store: &str,
        issuer: &Arc<Issuer>,
    ) -> Result<Self, LoadError> {
        let address = free_address()?;
        let mut command = Command::new(program);
        let name = match keeping {
            Keeping::Nothing => "nothing",
            Keeping::Both => "both",
        };
        command
            .args(["echo", "--keeping", name, "--store", store])
            .args(["--listen", &address.to_string()]);
        Self::spawn(Kind::Echo(keeping), command, address, issuer).await
    }

    /// Starts a service with a settings file. This very program is whichever service it is called by.
    pub(crate) async fn service(
        kind: Kind,
        program: &Path,
        config: &Path,
        issuer: &Arc<Issuer>,
    ) -> Result<Self, LoadError> {
        let address = free_address()?;
        let mut command = Command::new(program);
        command
            .arg0(kind.service())
            .args(["serve", "--listen", &address.to_string(), "--config"])
            .arg(config);
        Self::spawn(kind, command, address, issuer).await
    }

    async fn spawn(
        kind: Kind,
        command: Command,
        address: SocketAddr,
        issuer: &Arc<Issuer>,
    ) -> Result<Self, LoadError> {
        let child = Child::spawn(command);
        child
            .line(START_LIMIT, |line| line.contains("serving"))
            .await;
        let id = child.id().ok_or(LoadError::TooLate("start"))?;
        Ok(Self {
            kind,
            child,
            id,
            address,
            issuer: Arc::clone(issuer),
        })
    }

    /// A new connection with a new token.
    pub(crate) fn connect(&self) -> Result<Client, LoadError> {
        let token = self.tokens().platform();
        let uri = format!("http://{}", self.address);
        Ok(connect_with_token(&uri, &token)?)
    }

    /// Tokens of every caller.
    pub(crate) fn tokens(&self) -> Tokens {
        self.issuer.tokens_for(self.kind.service())
    }

    /// A new connection without a token.
    pub(crate) async fn channel(&self) -> Result<Channel, LoadError> {
        let uri = format!("http://{}", self.address);
        let wrong = |_| LoadError::Wrong("the address of the server is none".to_owned());
        let endpoint = Endpoint::from_shared(uri).map_err(wrong)?;
        Ok(endpoint.connect().await?)
    }

    /// A client of the whole contract.
    pub(crate) fn client(&self) -> Result<SessionTrackingServiceClient<Client>, LoadError> {
        Ok(SessionTrackingServiceClient::new(self.connect()?))
    }

    /// Processor time so far.
    pub(crate) fn cpu(&self) -> Result<Duration, LoadError> {
        process::cpu(self.id)
    }

    /// Bytes of memory in use.
    pub(crate) fn resident(&self) -> Result<u64, LoadError> {
        process::resident(self.id)
    }

    /// `kill -9`, and waits until it is gone.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await;
    }
}

fn free_address() -> Result<SocketAddr, LoadError> {
    let refused = || LoadError::at("127.0.0.1:0");
    let listener = TcpListener::bind("127.0.0.1:0").map_err(refused())?;
    listener.local_addr().map_err(refused())
}
