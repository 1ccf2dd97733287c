//! The steps of `cargo xtask test`, in order.

use super::{Outcome, Pace, Run, Step, contracts, storefront};
use crate::environment;
use crate::failure::Failure;
use crate::lint;
use crate::postgres::{self, Cluster};
use crate::process;

pub(super) const ALL: [Step; 11] = [
    always("buf lint", contracts::lint),
    always("buf format", contracts::format),
    always("buf breaking", contracts::breaking),
    always("rustfmt", format),
    always("workspace rules", rules),
    always("clippy", clippy),
    thorough("documentation", documentation),
    always("tests", tests),
    thorough("examples in the documentation", doctests),
    thorough("licences and banned crates", deny),
    thorough("storefront", storefront::run),
];

const fn always(name: &'static str, run: fn(&Run<'_>) -> Result<Outcome, Failure>) -> Step {
    Step {
        name,
        pace: Pace::Always,
        run,
    }
}

const fn thorough(name: &'static str, run: fn(&Run<'_>) -> Result<Outcome, Failure>) -> Step {
    Step {
        name,
        pace: Pace::Thorough,
        run,
    }
}

fn format(run: &Run<'_>) -> Result<Outcome, Failure> {
    cargo(run, &["fmt", "--all", "--check"])
}

fn rules(run: &Run<'_>) -> Result<Outcome, Failure> {
    lint::run(run.root)?;
    Ok(Outcome::Passed)
}

fn clippy(run: &Run<'_>) -> Result<Outcome, Failure> {
    cargo(
        run,
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ],
    )
}

fn documentation(run: &Run<'_>) -> Result<Outcome, Failure> {
    let mut command = process::cargo(run.root.path());
    command.env("RUSTDOCFLAGS", "--deny warnings");
    command.args(["doc", "--workspace", "--no-deps"]);
    process::show(&mut command)?;
    Ok(Outcome::Passed)
}

/// How the tests are told where esbuild is.
const ESBUILD: &str = "RESCATE_ESBUILD";

fn tests(run: &Run<'_>) -> Result<Outcome, Failure> {
    let cluster = Cluster::start(&run.tools.postgres)?;
    let mut command = process::cargo_program(run.tools.nextest.as_os_str(), run.root.path());
    command.args(["nextest", "run", "--workspace"]);
    if environment::is_ci() {
        command.args(["--profile", "ci"]);
    }
    command.args(run.nextest);
    command.env(postgres::URL_VARIABLE, cluster.url());
    command.env(ESBUILD, &run.tools.esbuild);
    process::show(&mut command)?;
    Ok(Outcome::Passed)
}

fn doctests(run: &Run<'_>) -> Result<Outcome, Failure> {
    cargo(run, &["test", "--workspace", "--doc", "--quiet"])
}

fn deny(run: &Run<'_>) -> Result<Outcome, Failure> {
    // A build fetches only what this machine compiles; the licences of the other platforms' crates count too.
    cargo(run, &["fetch", "--locked"])?;
    let mut command = process::cargo_program(run.tools.deny.as_os_str(), run.root.path());
    command.args(["--offline", "check", "licenses", "bans", "sources"]);
    process::show(&mut command)?;
    Ok(Outcome::Passed)
}

fn cargo(run: &Run<'_>, arguments: &[&str]) -> Result<Outcome, Failure> {
    process::show(process::cargo(run.root.path()).args(arguments))?;
    Ok(Outcome::Passed)
}
