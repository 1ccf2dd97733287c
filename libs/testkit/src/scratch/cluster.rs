//! A PostgreSQL server for tests: started in about 0.8 s in a temporary folder, reachable over the loopback only. Most tests want
//! one that is fast and forgets; whoever crashes it wants one that keeps what it has acknowledged. Deliberately absent: downloads.
//! It uses the PostgreSQL of the machine or none.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::{env, fs};

use super::environment;

/// `nobody`: PostgreSQL refuses to run as root.
const UNPRIVILEGED: u32 = 65_534;

/// Another process may take a free port before the server does.
const PORTS: usize = 5;

/// Settings of a server whose data nobody misses.
const FORGETFUL: &str = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off";

/// Starts the server, writes its port, does what it is told, and stops the server and removes its files when the input ends;
/// which it does however the test process ends, also by `kill -9` and in the middle of a start.
///
/// `crash` ends all processes of the server at once: the first is stopped before the others are listed, so that it starts no
/// more of them. It waits until none can write any more, and takes the locks of files and socket away, which would else stand until
/// whoever adopted the dead has noticed.
const KEEPER: &str = r#"
trap '' HUP INT PIPE TERM
bin=$1; shift
settings=$1; shift
cd "$(mktemp -d "${TMPDIR:-/tmp}/rescate-pg-XXXXXX")" || exit
exec 2>>log

start() {
    place="-c listen_addresses=127.0.0.1 -c unix_socket_directories=$PWD -c max_connections=200"
    "$bin/pg_ctl" -w -D data -l log -o "$place -c port=$1 $settings" start >&2
}

begin() {
    "$bin/initdb" -A trust -U rescate --no-sync -E UTF8 --locale=C -D data >&2 || return
    for port do
        start "$port" && return
    done
    return 1
}

gone() {
    for process do
        read -r _ _ state _ <"/proc/$process/stat" || continue
        [ "$state" = Z ] || return 1
    done
}

crash() {
    read -r main <data/postmaster.pid
    kill -STOP "$main"
    all="$main $(cat "/proc/$main/task/$main/children")"
    kill -9 $all
    until gone $all; do
        sleep 0.02
    done
    rm data/postmaster.pid .s.PGSQL.*.lock
}

if begin "$@"; then
    echo "$port"
    while read -r order; do
        case $order in
        crash) crash ;;
        restart) start "$port" ;;
        esac && echo "$order" || cat log
    done
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
    said: BufReader<ChildStdout>,
}

impl Cluster {
    /// Starts a server that forgets, or answers `None` when this machine has no PostgreSQL. Panics when it has one that fails.
    pub fn start() -> Option<Self> {
        Self::start_with(FORGETFUL)
    }

    /// Starts a server that keeps what it has acknowledged, also over [`crash`](Self::crash). Where this machine has no
    /// PostgreSQL and none is demanded, says so and answers `None`.
    pub fn durable() -> Option<Self> {
        let started = Self::start_with("");
        if started.is_none() {
            super::skip();
        }
        started
    }

    fn start_with(settings: &str) -> Option<Self> {
        let mut keeper = start_keeper(&bin_folder()?, settings);
        let mut said = BufReader::new(keeper.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let Ok(port) = line.trim().parse() else {
            said.read_to_string(&mut line).unwrap();
            panic!("PostgreSQL does not start:\n{line}");
        };
        Some(Self { port, keeper, said })
    }

    /// Of a database from which others can be created. The same after a restart.
    pub fn url(&self) -> String {
        format!("postgres://rescate@127.0.0.1:{}/postgres", self.port)
    }

    /// `kill -9` of the server with all its processes: connections break, and what was not written down is gone.
    pub fn crash(&mut self) {
        self.order("crash");
    }

    /// Starts the server again on its files, after a crash, and returns when it has recovered and takes connections.
    pub fn restart(&mut self) {
        self.order("restart");
    }

    fn order(&mut self, order: &str) {
        let input = self.keeper.stdin.as_mut().unwrap();
        writeln!(input, "{order}").unwrap();
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), order, "the log of PostgreSQL follows");
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
fn start_keeper(bin: &Path, settings: &str) -> Child {
    let mut keeper = Command::new("sh");
    keeper
        .args(["-c", KEEPER, "keeper"])
        .arg(bin)
        .arg(settings)
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
