//! One table of versions, one table of lints: a package inherits both, and the table holds nothing that nobody uses.

use std::collections::BTreeSet;

use super::Finding;
use crate::workspace::Package;

const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

/// What a dependency is for; cargo keeps one table for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Code,
    Tests,
    Build,
}

/// One entry of a package's dependency tables.
#[derive(Debug)]
pub(super) struct Dependency<'a> {
    pub(super) name: &'a str,
    pub(super) purpose: Purpose,
    entry: &'a toml::Value,
}

/// All dependencies of the package, those for one platform among them.
pub(super) fn dependencies(package: &Package) -> Vec<Dependency<'_>> {
    let platforms = package
        .manifest
        .get("target")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flat_map(toml::Table::values)
        .filter_map(toml::Value::as_table);
    std::iter::once(&package.manifest)
        .chain(platforms)
        .flat_map(of_table)
        .collect()
}

pub(super) fn of_package(package: &Package) -> Vec<Finding> {
    let place = format!("{}/Cargo.toml", package.folder);
    let mut findings = Vec::new();
    if !inherits(package.manifest.get("lints")) {
        findings.push(Finding::new(&place, "needs `[lints] workspace = true`"));
    }
    for key in INHERITED {
        let described = package.manifest.get("package");
        if !inherits(described.and_then(|table| table.get(key))) {
            findings.push(Finding::new(
                &place,
                format!("needs `{key}.workspace = true`"),
            ));
        }
    }
    for dependency in dependencies(package) {
        if !inherits(Some(dependency.entry)) {
            let what = format!(
                "`{}` needs `workspace = true`; its version belongs in the root Cargo.toml",
                dependency.name
            );
            findings.push(Finding::new(&place, what));
        }
    }
    findings
}

/// Entries of the workspace's table that no package names.
pub(super) fn unused_versions(root: &toml::Table, packages: &[Package]) -> Vec<Finding> {
    let named: BTreeSet<&str> = packages
        .iter()
        .flat_map(dependencies)
        .map(|dependency| dependency.name)
        .collect();
    root.get("workspace")
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(toml::Value::as_table)
        .into_iter()
        .flat_map(toml::Table::keys)
        .filter(|name| !named.contains(name.as_str()))
        .map(|name| Finding::new("Cargo.toml", format!("no package depends on `{name}`")))
        .collect()
}

fn of_table(table: &toml::Table) -> Vec<Dependency<'_>> {
    let kinds = [
        ("dependencies", Purpose::Code),
        ("dev-dependencies", Purpose::Tests),
        ("build-dependencies", Purpose::Build),
    ];
    kinds
        .into_iter()
        .filter_map(|(key, purpose)| Some((table.get(key)?.as_table()?, purpose)))
        .flat_map(|(entries, purpose)| {
            entries.iter().map(move |(name, entry)| Dependency {
                name,
                purpose,
                entry,
            })
        })
        .collect()
}

fn inherits(entry: Option<&toml::Value>) -> bool {
    entry
        .and_then(|entry| entry.get("workspace"))
        .and_then(toml::Value::as_bool)
        .unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::package;
    use super::*;

    fn texts(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_package_that_inherits_everything_is_fine() {
        let package = package("libs/domain", "[dependencies]\nserde.workspace = true");
        assert_eq!(of_package(&package), []);
    }

    #[test]
    fn a_version_of_its_own_is_found_in_every_table() {
        let tables = [
            "[dependencies]\nserde = \"1\"",
            "[dev-dependencies]\nserde = { version = \"1\" }",
            "[build-dependencies]\nserde = { path = \"../serde\" }",
            "[target.'cfg(unix)'.dependencies]\nserde = \"1\"",
        ];
        for table in tables {
            let found = texts(&of_package(&package("libs/domain", table)));
            assert_eq!(found.len(), 1, "{table}");
            assert!(found[0].contains("`serde` needs"), "{found:?}");
        }
    }

    #[test]
    fn missing_lints_and_edition_are_found() {
        let mut package = package("libs/domain", "");
        package.manifest = "[package]\nname = \"domain\"\nedition = \"2021\""
            .parse()
            .unwrap();
        let found = texts(&of_package(&package));
        assert!(found[0].contains("[lints]"), "{found:?}");
        assert!(found.iter().any(|text| text.contains("edition.workspace")));
    }

    #[test]
    fn a_version_that_nobody_uses_is_found() {
        let root = "[workspace.dependencies]\nserde = \"1\"\nrand = \"0.9\""
            .parse()
            .unwrap();
        let package = package("libs/domain", "[dependencies]\nserde.workspace = true");
        let found = texts(&unused_versions(&root, &[package]));
        assert_eq!(found, ["Cargo.toml: no package depends on `rand`"]);
    }
}
