//! A throwaway PostgreSQL cluster on the loopback, for as long as a value of [`Cluster`] lives. It keeps nothing and
//! promises nothing: writes are not flushed, everybody may log in, and its folder is deleted with it.

mod server;

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use tempfile::TempDir;

pub(crate) use self::server::Server;
use crate::failure::Failure;
use crate::interrupt;
use crate::process;
use crate::say;

/// The user and group `nobody`: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65534;

/// The storage tests find their PostgreSQL by this variable.
pub(crate) const URL_VARIABLE: &str = "RESCATE_TEST_PG_URL";

/// Times another port is tried when somebody took the free one in between.
const ATTEMPTS: u32 = 3;

#[derive(Debug)]
pub(crate) struct Cluster {
    server: Server,
    owner: Owner,
    port: u16,
    folder: TempDir,
}

/// Whose processes the cluster's are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Caller,
    Nobody,
}

/// Starts a cluster, prints how tests find it, and keeps it until Ctrl-C.
pub(crate) fn keep(server: &Server) -> Result<(), Failure> {
    let cluster = Cluster::start(server)?;
    say::line(&format!("export {URL_VARIABLE}={}", cluster.url()));
    while !interrupt::is_asked_to_stop() {
        if !cluster.is_running() {
            return Err(Failure::Missing {
                what: "the PostgreSQL that was started".to_owned(),
                help: "somebody else has stopped it".to_owned(),
            });
        }
        thread::sleep(interrupt::POLL);
    }
    Ok(())
}

impl Cluster {
    pub(crate) fn start(server: &Server) -> Result<Self, Failure> {
        let owner = Owner::of_caller()?;
        let folder = tempfile::Builder::new()
            .prefix("rescate-postgres-")
            .tempdir()
            .map_err(Failure::file("make a folder for PostgreSQL"))?;
        if owner == Owner::Nobody {
            chown(folder.path(), Some(NOBODY), Some(NOBODY))
                .map_err(Failure::file("give PostgreSQL its folder"))?;
        }
        let mut cluster = Self {
            server: server.clone(),
            owner,
            port: 0,
            folder,
        };
        cluster.create()?;
        cluster.launch()?;
        Ok(cluster)
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://rescate@127.0.0.1:{}/postgres", self.port)
    }

    fn create(&self) -> Result<(), Failure> {
        let mut command = self.program("initdb");
        command.args(["--auth=trust", "--username=rescate", "--no-sync"]);
        command.args(["--encoding=UTF8", "--locale=C", "--pgdata"]);
        process::ask(command.arg(self.data())).map(|_output| ())
    }

    fn launch(&mut self) -> Result<(), Failure> {
        let mut last = Failure::Interrupted;
        for _attempt in 0..ATTEMPTS {
            self.port = free_port()?;
            match self.try_launch() {
                Ok(()) => return Ok(()),
                Err(Failure::Interrupted) => return Err(Failure::Interrupted),
                Err(failure) => last = self.with_log(failure),
            }
        }
        Err(last)
    }

    fn try_launch(&self) -> Result<(), Failure> {
        let settings = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories={} \
             -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300",
            self.port,
            self.folder.path().display(),
        );
        // Shown, not read: the server inherits the launcher's output, so reading that to its end would never end.
        let mut command = self.program("pg_ctl");
        command
            .args(["--wait", "--silent", "--pgdata"])
            .arg(self.data());
        command.arg("--log").arg(self.log());
        process::show(command.arg("--options").arg(settings).arg("start"))
    }

    fn with_log(&self, failure: Failure) -> Failure {
        let Failure::Ended {
            command, status, ..
        } = failure
        else {
            return failure;
        };
        Failure::Ended {
            command,
            status,
            detail: format!("\n{}", fs::read_to_string(self.log()).unwrap_or_default()),
        }
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.server.program(name));
        command.current_dir(self.folder.path());
        if self.owner == Owner::Nobody {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn is_running(&self) -> bool {
        Path::exists(&self.data().join("postmaster.pid"))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !self.is_running() {
            return;
        }
        let mut command = self.program("pg_ctl");
        command.args(["--wait", "--silent", "--mode=immediate", "--pgdata"]);
        if let Err(failure) = process::ask(command.arg(self.data()).arg("stop")) {
            say::failure(&failure);
        }
    }
}

impl Owner {
    fn of_caller() -> Result<Self, Failure> {
        Ok(if process::is_root()? {
            Self::Nobody
        } else {
            Self::Caller
        })
    }
}

fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    listener
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Failure::file("find a free port"))
}
