//! The wire contracts: linted, formatted, and never changed in a way that an older peer cannot read.

use std::path::Path;
use std::process::Command;

use super::{Outcome, Run};
use crate::failure::Failure;
use crate::process;
use crate::workspace::Root;

pub(super) fn lint(run: &Run<'_>) -> Result<Outcome, Failure> {
    buf(run, &["lint"])
}

pub(super) fn format(run: &Run<'_>) -> Result<Outcome, Failure> {
    buf(run, &["format", "--diff", "--exit-code"])
}

/// Compares with what is published. An archive of that commit, rather than buf's own look into `.git`, works in linked
/// worktrees and shallow clones too.
pub(super) fn breaking(run: &Run<'_>) -> Result<Outcome, Failure> {
    let Some(commit) = published(run.root) else {
        return Ok(Outcome::Skipped(
            "main has no earlier contracts to compare with",
        ));
    };
    let folder = tempfile::tempdir().map_err(Failure::file("make a folder for the archive"))?;
    let archive = folder.path().join("published.tar");
    let mut command = git(run.root.path(), &["archive", "--format=tar", "--output"]);
    process::ask(command.arg(&archive).args([&commit, "proto", "buf.yaml"]))?;
    buf(run, &["breaking", "--against", &archive.to_string_lossy()])
}

fn buf(run: &Run<'_>, arguments: &[&str]) -> Result<Outcome, Failure> {
    let mut command = Command::new(&run.tools.buf);
    command.current_dir(run.root.path()).args(arguments);
    process::show(&mut command)?;
    Ok(Outcome::Passed)
}

/// The commit to compare with: main, or its parent when main itself is checked out without changes to the contracts.
/// `None` when there is no such commit, or none with contracts.
fn published(root: &Root) -> Option<String> {
    let main = ["origin/main", "main"]
        .iter()
        .find_map(|name| commit(root, name))?;
    let compared = if Some(&main) == commit(root, "HEAD").as_ref() && is_unchanged(root) {
        commit(root, "HEAD^")?
    } else {
        main
    };
    commit(root, &format!("{compared}:buf.yaml"))?;
    commit(root, &format!("{compared}:proto")).map(|_tree| compared)
}

fn commit(root: &Root, name: &str) -> Option<String> {
    let mut command = git(root.path(), &["rev-parse", "--verify", "--quiet", name]);
    let answer = process::ask(&mut command).ok()?;
    Some(answer.trim_end().to_owned())
}

fn is_unchanged(root: &Root) -> bool {
    let mut command = git(root.path(), &["status", "--porcelain", "--", "proto"]);
    process::ask(&mut command).is_ok_and(|changes| changes.is_empty())
}

fn git(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).args(arguments);
    command
}
