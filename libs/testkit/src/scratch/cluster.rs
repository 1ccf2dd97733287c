//! A PostgreSQL server for tests: started in about 0.8 s in a temporary folder, without durability, reachable over the
//! loopback only. Deliberately absent: downloads. It uses the PostgreSQL of the machine or none.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use super::environment;

/// `nobody`: PostgreSQL refuses to run as root.
const UNPRIVILEGED: u32 = 65_534;

/// Another process may take a free port before the server does.
const PORTS: usize = 5;

/// Starts the server, writes its port, and stops it and removes its files when the input ends; which it does however
/// the test process ends, also by `kill -9` and in the middle of a start.
const KEEPER: &str = r#"
trap '' HUP INT PIPE TERM
bin=$1; shift
cd "$(mktemp -d "${TMPDIR:-/tmp}/rescate-pg-XXXXXX")" || exit
exec 2>>log

start() {
    "$bin/initdb" -A trust -U rescate --no-sync -E UTF8 --locale=C -D data >&2 || return
    quick="-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    place="-c listen_addresses=127.0.0.1 -c unix_socket_directories=$PWD -c max_connections=200"
    for port do
        "$bin/pg_ctl" -w -D data -l log -o "$place -c port=$port $quick" start >&2 && return
    done
    return 1
}

if start "$@"; then
    echo "$port"
    read -r _
    "$bin/pg_ctl" -w -D data -m immediate stop >&2
else
    cat log
fi
rm -rf "$PWD"
"#;

/// A running server. It stops when this value is dropped or the process ends, whichever comes first.
#[derive(Debug)]
pub struct Cluster {
    port: u16,
    keeper: Child,
}

impl Cluster {
    /// Starts a server, or answers `None` when this machine has no PostgreSQL. Panics when it has one that fails.
    pub fn start() -> Option<Self> {
        let mut keeper = start_keeper(&bin_folder()?);
        let mut output = BufReader::new(keeper.stdout.take().unwrap());
        let mut said = String::new();
        output.read_line(&mut said).unwrap();
        let Ok(port) = said.trim().parse() else {
            output.read_to_string(&mut said).unwrap();
            panic!("PostgreSQL does not start:\n{said}");
        };
        Some(Self { port, keeper })
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

/// In a process group of its own, so that what ends the test's group leaves it its work; without our error output, so
/// that a test runner does not wait for it.
fn start_keeper(bin: &Path) -> Child {
    let mut keeper = Command::new("sh");
    keeper
        .args(["-c", KEEPER, "keeper"])
        .arg(bin)
        .args(free_ports().map(|port| port.to_string()))
        .process_group(0)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if fs::metadata("/proc/self").is_ok_and(|ours| ours.uid() == 0) {
        keeper.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
    }
    keeper.spawn().unwrap()
}

/// Different ones, because all are held until all are known.
fn free_ports() -> [u16; PORTS] {
    let held = [(); PORTS].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
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
