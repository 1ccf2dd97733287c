//! pgbench: what the same PostgreSQL does of TPC-B-like transactions, the usual yardstick. Each moves money on one account, one
//! teller and the one branch, and writes one row of history.

use std::time::Duration;

use testkit::scratch::Scratch;
use tokio::process::Command;

use crate::error::LoadError;
use crate::output::note;

const CLIENTS: &str = "8";
/// One branch, so that all clients meet at one row, as offers meet at one budget.
const SCALE: &str = "1";
/// What stands before the figure in its report.
const REPORT: &str = "tps = ";

/// Transactions a second; `None` where there is no pgbench, which is said.
pub(super) async fn tpcb_like(
    program: &str,
    store: &Scratch,
    span: Duration,
) -> Result<Option<f64>, LoadError> {
    let fill = ["--initialize", "--quiet", "--scale", SCALE];
    if told(program, &fill, store).await?.is_none() {
        note(format_args!(
            "SKIPPED: PostgreSQL is not measured by itself, since there is no `{program}`"
        ));
        return Ok(None);
    }
    let seconds = span.as_secs().max(1).to_string();
    let run = [
        "--no-vacuum",
        "--client",
        CLIENTS,
        "--jobs",
        "2",
        "--time",
        &seconds,
    ];
    let report = told(program, &run, store).await?.unwrap_or_default();
    let figure = report
        .lines()
        .find_map(|line| line.trim().strip_prefix(REPORT));
    let figure = figure.and_then(|line| line.split_whitespace().next()?.parse().ok());
    let unreadable = || LoadError::Wrong(format!("pgbench says no `{REPORT}`: {report}"));
    figure.map(Some).ok_or_else(unreadable)
}

/// What it prints; `None` where there is no such program.
async fn told(
    program: &str,
    arguments: &[&str],
    store: &Scratch,
) -> Result<Option<String>, LoadError> {
    let mut command = Command::new(program);
    command.args(arguments).arg(store.url()).kill_on_drop(true);
    let output = match command.output().await {
        Ok(output) => output,
        Err(failure) if failure.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(failure) => return Err(LoadError::at(program)(failure)),
    };
    if output.status.success() {
        return Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned()));
    }
    let why = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(LoadError::Wrong(format!("pgbench failed: {why}")))
}
