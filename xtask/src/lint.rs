//! Rules of the workspace that neither rustc nor clippy knows. Each is a plain function from what was read to its
//! findings, so a test can show that it is able to fail.

mod layers;
mod manifests;
mod purity;
mod sizes;
mod unused;

use std::fmt;

use crate::failure::Failure;
use crate::process;
use crate::say;
use crate::workspace::Root;

/// One thing to mend.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// A file or folder, relative to the root.
    place: String,
    what: String,
}

impl Finding {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.what)
    }
}

pub(crate) fn run(root: &Root) -> Result<(), Failure> {
    let packages = root.packages()?;
    let mut findings = manifests::unused_versions(&root.manifest()?, &packages);
    for package in &packages {
        findings.extend(manifests::of_package(package));
        findings.extend(layers::of_package(package));
        findings.extend(unused::of_package(package));
        findings.extend(package.sources.iter().filter_map(sizes::of_file));
    }
    findings.extend(purity::of_tree(&domain_tree(root)?));

    for finding in &findings {
        say::line(&finding.to_string());
    }
    if findings.is_empty() {
        say::line(&format!("{} packages keep the rules", packages.len()));
        return Ok(());
    }
    Err(Failure::Findings {
        count: findings.len(),
    })
}

fn domain_tree(root: &Root) -> Result<String, Failure> {
    let mut command = process::cargo(root.path());
    command.args(["tree", "--package", "domain", "--edges", "normal"]);
    command.args(["--prefix", "none", "--format", "{p}", "--target", "all"]);
    process::ask(&mut command)
}

/// Values that the tests of the rules share.
#[cfg(test)]
mod fixtures {
    use crate::workspace::{Package, Source};

    /// A package whose manifest is the inherited part and `dependencies`.
    pub(super) fn package(folder: &str, dependencies: &str) -> Package {
        let name = folder.rsplit('/').next().unwrap();
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion.workspace = true\nedition.workspace = true\n\
             rust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n\
             [lints]\nworkspace = true\n{dependencies}"
        );
        Package {
            name: name.to_owned(),
            folder: folder.to_owned(),
            manifest: manifest.parse().unwrap(),
            sources: Vec::new(),
        }
    }

    pub(super) fn source(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }
}
