//! The service as a process of its own, for the faults that only one can have.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use platform::client::connect_with_token;
use proto::session::v1::session_tracking_service_client::SessionTrackingServiceClient;
use testkit::process::Child;
use testkit::tokens::Issuer;
use tokio::process::Command;

use crate::world::Sessions;

const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) struct Process {
    pub(crate) child: Child,
    address: SocketAddr,
}

impl Process {
    pub(crate) async fn start(config: &Path) -> Self {
        let address = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_session-tracking"));
        command
            .args(["serve", "--listen", &address.to_string(), "--config"])
            .arg(config);
        let child = Child::spawn(command);
        child.line(DEADLINE, |line| line.contains("serving")).await;
        Self { child, address }
    }

    pub(crate) fn client(&self, issuer: &Issuer) -> Sessions {
        let token = issuer.tokens_for(session_tracking::NAME).platform();
        let uri = format!("http://{}", self.address);
        SessionTrackingServiceClient::new(connect_with_token(&uri, &token).unwrap())
    }
}

/// Settings with a store in a folder, and nobody who is told.
pub(crate) fn config_file(folder: &Path, issuer: &Issuer) -> PathBuf {
    let auth = issuer.auth_config(session_tracking::NAME);
    let file = folder.join("sessions.toml");
    let text = format!(
        "[auth]\nissuer = {:?}\njwks = {:?}\nsigning_key = {:?}\n[store]\nurl = {:?}\n\
         [upstreams]\nrisk_scoring = \"http://127.0.0.1:1\"\nkpi = \"http://127.0.0.1:1\"\n",
        auth.issuer,
        auth.jwks,
        auth.signing_key.unwrap().display().to_string(),
        format!("sqlite:{}", folder.join("store.db").display()),
    );
    fs::write(&file, text).unwrap();
    file
}
