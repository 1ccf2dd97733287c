//! A PostgreSQL server for tests: started in about 0.8 s in a temporary folder, without durability, reachable over the
//! loopback only. Deliberately absent: downloads. It uses the PostgreSQL of the machine or none.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::{env, fs};

use tempfile::TempDir;

use super::environment;

/// `nobody`: PostgreSQL refuses to run as root.
const UNPRIVILEGED: u32 = 65_534;

/// Another process may take the free port before the server does.
const ATTEMPTS: u32 = 5;

const SETTINGS: &str = "-c listen_addresses=127.0.0.1 -c max_connections=200 -c fsync=off \
     -c synchronous_commit=off -c full_page_writes=off";

/// Stops the server and removes its files when its input ends, which it does however the test process ends: normally,
/// by a panic in a static or by `kill -9`.
const KEEPER: &str = r#"trap '' HUP INT TERM
read -r _
"$1" -D "$2/data" -m immediate -w stop >"$2/stop.log" 2>&1
rm -rf "$2""#;

/// A running server. It stops when this value is dropped or the process ends, whichever comes first.
#[derive(Debug)]
pub struct Cluster {
    port: u16,
    keeper: Child,
}

/// How this process runs the programs of PostgreSQL.
struct Programs {
    bin: PathBuf,
    folder: PathBuf,
    run_as: Option<u32>,
}

impl Cluster {
    /// Starts a server, or answers `None` when this machine has no PostgreSQL. Panics when it has one that fails.
    pub fn start() -> Option<Self> {
        let bin = bin_folder()?;
        let folder = TempDir::with_prefix("rescate-pg-").unwrap();
        let programs = Programs::new(bin, folder.path());
        programs.create_cluster();
        let keeper = programs.start_keeper();
        // From here on the folder belongs to the keeper.
        let _path = folder.keep();
        Some(Self {
            port: programs.start_server(),
            keeper,
        })
    }

    /// Of a database from which others can be created.
    pub fn url(&self) -> String {
        format!("postgres://rescate@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            eprintln!("the PostgreSQL server for tests may still run: {error}");
        }
    }
}

impl Programs {
    fn new(bin: PathBuf, folder: &Path) -> Self {
        // Who owns a folder that we just made is who we are.
        let run_as = (fs::metadata(folder).unwrap().uid() == 0).then_some(UNPRIVILEGED);
        if let Some(user) = run_as {
            chown(folder, Some(user), Some(user)).unwrap();
        }
        Self {
            bin,
            folder: folder.to_owned(),
            run_as,
        }
    }

    fn create_cluster(&self) {
        let created = self
            .command(&self.bin.join("initdb"))
            .args(["-A", "trust", "-U", "rescate", "--no-sync"])
            .args(["-E", "UTF8", "--locale=C", "-D", "data"])
            .output()
            .unwrap();
        assert!(created.status.success(), "initdb: {}", told(&created));
    }

    fn start_server(&self) -> u16 {
        for _attempt in 0..ATTEMPTS {
            let port = free_port();
            let options = format!(
                "{SETTINGS} -c port={port} -c unix_socket_directories={}",
                self.folder.display()
            );
            let started = self
                .command(&self.bin.join("pg_ctl"))
                .args(["-w", "-D", "data", "-l", "log", "-o", &options, "start"])
                .stdout(Stdio::null())
                .status()
                .unwrap();
            if started.success() {
                return port;
            }
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        panic!("PostgreSQL does not start:\n{log}");
    }

    /// In a process group of its own, so that what ends the test's group leaves it its work; without our outputs, so
    /// that a test runner does not wait for it.
    fn start_keeper(&self) -> Child {
        self.command(Path::new("sh"))
            .args(["-c", KEEPER, "keeper"])
            .arg(self.bin.join("pg_ctl"))
            .arg(&self.folder)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder).stdin(Stdio::null());
        if let Some(user) = self.run_as {
            command.uid(user).gid(user);
        }
        command
    }
}

/// `PG_BIN`, else a folder of `PATH`, else the newest version of Debian's packages.
fn bin_folder() -> Option<PathBuf> {
    if let Some(named) = environment("PG_BIN") {
        let named = PathBuf::from(named);
        assert!(
            has_programs(&named),
            "PG_BIN holds no `initdb` and `pg_ctl`"
        );
        return Some(named);
    }
    let path = environment("PATH").unwrap_or_default();
    env::split_paths(&path)
        .find(|folder| has_programs(folder))
        .or_else(newest_of_debian)
}

fn newest_of_debian() -> Option<PathBuf> {
    fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let bin = entry.path().join("bin");
            has_programs(&bin).then_some((version, bin))
        })
        .max()
        .map(|(_version, bin)| bin)
}

fn has_programs(folder: &Path) -> bool {
    ["initdb", "pg_ctl"]
        .iter()
        .all(|program| folder.join(program).is_file())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
