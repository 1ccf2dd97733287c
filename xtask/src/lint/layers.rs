//! Dependencies point one way: service → platform → proto → domain, and service → storage → domain. Services meet in
//! `proto` only, and `testkit` never reaches a shipped program.

use super::Finding;
use super::manifests::{Dependency, Purpose, dependencies};
use crate::workspace::Package;

/// What each library may build on. A new library needs a line here.
const LIBRARIES: [(&str, &[&str]); 6] = [
    ("domain", &[]),
    ("proto", &["domain"]),
    ("platform", &["proto", "domain"]),
    ("storage", &["domain"]),
    ("messaging", &["storage", "platform", "proto", "domain"]),
    (
        "testkit",
        &["messaging", "storage", "platform", "proto", "domain"],
    ),
];

const SERVICES: [&str; 5] = [
    "session-tracking",
    "risk-scoring",
    "intervention-routing",
    "offer-authorization",
    "kpi",
];

/// The package that runs all services in one process.
const ALL_IN_ONE: &str = "standalone";

const TESTKIT: &str = "testkit";

pub(super) fn of_package(package: &Package) -> Vec<Finding> {
    let place = format!("{}/Cargo.toml", package.folder);
    if package.folder.starts_with("libs/") && library(&package.name).is_none() {
        return vec![Finding::new(
            place,
            "a new library needs a line in xtask/src/lint/layers.rs",
        )];
    }
    dependencies(package)
        .iter()
        .filter(|dependency| is_ours(dependency.name) && !may_use(package, dependency))
        .map(|dependency| {
            let what = format!(
                "`{}` must not depend on `{}`",
                package.name, dependency.name
            );
            Finding::new(&place, what)
        })
        .collect()
}

fn may_use(package: &Package, dependency: &Dependency<'_>) -> bool {
    let Some((area, _name)) = package.folder.split_once('/') else {
        // The developer commands, at the top level, must build whatever state the rest is in.
        return false;
    };
    if area == "tests" {
        return true;
    }
    // A package names itself to test a feature that it does not ship.
    if dependency.name == TESTKIT || dependency.name == package.name {
        return dependency.purpose == Purpose::Tests;
    }
    if area == "services" {
        let starts_services = package.name == ALL_IN_ONE;
        return !SERVICES.contains(&dependency.name) || starts_services;
    }
    library(&package.name).is_some_and(|allowed| allowed.contains(&dependency.name))
}

fn library(name: &str) -> Option<&'static [&'static str]> {
    LIBRARIES
        .iter()
        .find(|(library, _allowed)| *library == name)
        .map(|(_library, allowed)| *allowed)
}

fn is_ours(name: &str) -> bool {
    library(name).is_some() || SERVICES.contains(&name) || name == ALL_IN_ONE
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::package;
    use super::*;

    fn found(folder: &str, table: &str, name: &str) -> Vec<Finding> {
        of_package(&package(
            folder,
            &format!("[{table}]\n{name}.workspace = true"),
        ))
    }

    #[test]
    fn arrows_along_the_layers_are_fine() {
        assert_eq!(found("libs/platform", "dependencies", "proto"), []);
        assert_eq!(found("services/kpi", "dependencies", "messaging"), []);
        assert_eq!(found("services/standalone", "dependencies", "kpi"), []);
        assert_eq!(found("tests/flow", "dependencies", "testkit"), []);
        assert_eq!(found("services/kpi", "dev-dependencies", "testkit"), []);
        assert_eq!(found("services/kpi", "dev-dependencies", "kpi"), []);
    }

    #[test]
    fn arrows_against_the_layers_are_found() {
        assert_eq!(found("libs/domain", "dependencies", "proto").len(), 1);
        assert_eq!(found("libs/storage", "dependencies", "platform").len(), 1);
        assert_eq!(
            found("libs/proto", "build-dependencies", "platform").len(),
            1
        );
        assert_eq!(found("xtask", "dependencies", "domain").len(), 1);
    }

    #[test]
    fn services_meet_in_proto_only() {
        for table in ["dependencies", "dev-dependencies"] {
            assert_eq!(found("services/kpi", table, "risk-scoring").len(), 1);
        }
    }

    #[test]
    fn testkit_does_not_ship() {
        assert_eq!(found("services/kpi", "dependencies", "testkit").len(), 1);
        assert_eq!(
            found("services/standalone", "dependencies", "testkit").len(),
            1
        );
    }

    #[test]
    fn a_library_without_a_line_is_found() {
        assert_eq!(of_package(&package("libs/utils", "")).len(), 1);
    }
}
