//! The storefront tag: made from the contracts, checked, bundled, and walked through a shop by a visitor in a real
//! browser, beside a suite that runs.
//!
//! It needs Node.js and a Chromium. Where they cannot be had the step is skipped, but on a build machine it fails.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::{Outcome, Run};
use crate::environment;
use crate::failure::Failure;
use crate::process;
use crate::setup;
use crate::workspace::Root;

/// Major version of the oldest Node.js that the tools of the tag run on.
const OLDEST_NODE: u32 = 20;

/// How the scripts of the tag are told where buf, the suite and the browser are.
const BUF: &str = "BUF";
const SUITE: &str = "RESCATE_BIN";
const BROWSER: &str = "RESCATE_CHROMIUM";

pub(super) fn run(run: &Run<'_>) -> Result<Outcome, Failure> {
    if !has_node() {
        return without("it needs Node.js 20 or later, with npm");
    }
    let Some(browser) = setup::browser()? else {
        return without("it needs Chromium, and apt-get is not there to install it");
    };
    let folder = run.root.path().join("deploy").join("storefront");
    process::show(npm(&folder).args(["ci", "--prefer-offline", "--no-audit", "--no-fund"]))?;
    let generate = ["run", "--silent", "generate"];
    process::show(npm(&folder).env(BUF, &run.tools.buf).args(generate))?;
    for script in ["check", "build", "test"] {
        process::show(npm(&folder).args(["run", "--silent", script]))?;
    }
    let mut visit = npm(&folder);
    visit.env(SUITE, suite(run.root)?).env(BROWSER, browser);
    process::show(visit.args(["run", "--silent", "test:browser"]))?;
    Ok(Outcome::Passed)
}

/// Nothing can be tested; a build machine must not overlook that.
fn without(why: &'static str) -> Result<Outcome, Failure> {
    if environment::is_ci() {
        return Err(Failure::Missing {
            what: "a tool of the storefront's tests".to_owned(),
            help: why.to_owned(),
        });
    }
    Ok(Outcome::Skipped(why))
}

fn has_node() -> bool {
    let version = process::ask(Command::new("node").arg("--version"));
    let new_enough = version.is_ok_and(|text| major_version(&text) >= Some(OLDEST_NODE));
    new_enough && process::ask(Command::new("npm").arg("--version")).is_ok()
}

/// Of `v20.20.2`, 20.
fn major_version(answer: &str) -> Option<u32> {
    let (major, _) = answer.strip_prefix('v')?.split_once('.')?;
    major.parse().ok()
}

fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder).args(["--loglevel", "error"]);
    command
}

/// Builds the suite, with the features that the workspace's tests have built it with, and says where it is.
fn suite(root: &Root) -> Result<PathBuf, Failure> {
    let mut cargo = process::cargo(root.path());
    process::show(cargo.args(["build", "--quiet", "--workspace", "--bin", "rescate"]))?;
    let mut ask = process::cargo(root.path());
    let answer = process::ask(ask.args(["metadata", "--format-version", "1", "--no-deps"]))?;
    let target: Target = serde_json::from_str(&answer).map_err(|source| Failure::Json {
        what: "the answer of `cargo metadata`",
        source,
    })?;
    Ok(target.target_directory.join("debug").join("rescate"))
}

/// Where cargo puts what it builds.
#[derive(Deserialize)]
struct Target {
    target_directory: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_node_is_read() {
        assert_eq!(major_version("v20.20.2\n"), Some(20));
        assert_eq!(major_version("nonsense"), None);
    }
}
