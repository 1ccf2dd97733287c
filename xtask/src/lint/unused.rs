//! Dependencies that the code of a package never names. Works on text, like cargo-machete, and reads the same list of
//! exceptions: `[package.metadata.cargo-machete] ignored = […]`, for what only generated code or a feature needs.

use super::Finding;
use super::manifests::{Dependency, Purpose, dependencies};
use crate::workspace::{Package, Source};

pub(super) fn of_package(package: &Package) -> Vec<Finding> {
    let place = format!("{}/Cargo.toml", package.folder);
    let excepted = exceptions(package);
    let mut findings = Vec::new();
    for dependency in dependencies(package) {
        let named = is_named(package, &dependency);
        let name = dependency.name;
        match (named, excepted.contains(&name)) {
            (false, false) => {
                let what = format!("`{name}` is not used ({})", table(dependency.purpose));
                findings.push(Finding::new(&place, what));
            }
            (true, true) => {
                let what = format!("`{name}` is used, so it needs no exception from cargo-machete");
                findings.push(Finding::new(&place, what));
            }
            (true, false) | (false, true) => {}
        }
    }
    findings
}

fn exceptions(package: &Package) -> Vec<&str> {
    package
        .manifest
        .get("package")
        .and_then(|table| table.get("metadata"))
        .and_then(|table| table.get("cargo-machete"))
        .and_then(|table| table.get("ignored"))
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_str)
        .collect()
}

fn is_named(package: &Package, dependency: &Dependency<'_>) -> bool {
    let identifier = dependency.name.replace('-', "_");
    package
        .sources
        .iter()
        .filter(|source| serves(package, source, dependency.purpose))
        .any(|source| names(&source.text, &identifier))
}

/// Whether a dependency of this purpose can be meant in this file. Tests may sit in any file but the build script.
fn serves(package: &Package, source: &Source, purpose: Purpose) -> bool {
    let path = source
        .path
        .strip_prefix(&package.folder)
        .unwrap_or(&source.path);
    match purpose {
        Purpose::Code => path.starts_with("/src/"),
        Purpose::Tests => path != "/build.rs",
        Purpose::Build => path == "/build.rs" || path.starts_with("/build/"),
    }
}

/// Whether code, not a comment, says `identifier::` or `use identifier`.
fn names(text: &str, identifier: &str) -> bool {
    let mut code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.any(|line| line_names(line, identifier))
}

fn line_names(line: &str, identifier: &str) -> bool {
    line.match_indices(identifier).any(|(at, _match)| {
        let (before, rest) = line.split_at(at);
        let after = rest.strip_prefix(identifier).unwrap_or(rest);
        let starts = !before.ends_with(is_part_of_identifier);
        let imported =
            before.trim_end().ends_with("use") && !after.starts_with(is_part_of_identifier);
        starts && (after.starts_with("::") || imported)
    })
}

fn is_part_of_identifier(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn table(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Code => "dependencies",
        Purpose::Tests => "dev-dependencies",
        Purpose::Build => "build-dependencies",
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{package, source};
    use super::*;

    fn found(table: &str, path: &str, text: &str) -> Vec<Finding> {
        let mut package = package(
            "libs/domain",
            &format!("[{table}]\nserde-like.workspace = true"),
        );
        package.sources.push(source(path, text));
        of_package(&package)
    }

    #[test]
    fn paths_and_imports_count_as_use() {
        for text in [
            "use serde_like::Serialize;",
            "use serde_like as wire;",
            "#[derive(serde_like::Serialize)]",
            "    let x: serde_like::Value = y;",
        ] {
            assert_eq!(
                found("dependencies", "libs/domain/src/lib.rs", text),
                [],
                "{text}"
            );
        }
    }

    #[test]
    fn comments_and_longer_names_do_not() {
        for text in [
            "// serde_like::Serialize",
            "use serde_like_json::Value;",
            "use my_serde_like::Value;",
            "let serde_like = 1;",
        ] {
            let found = found("dependencies", "libs/domain/src/lib.rs", text);
            assert_eq!(found.len(), 1, "{text}");
        }
    }

    #[test]
    fn each_table_is_looked_for_where_it_is_in_reach() {
        let text = "use serde_like::Value;";
        assert_eq!(
            found("build-dependencies", "libs/domain/build.rs", text),
            []
        );
        assert_eq!(
            found("dev-dependencies", "libs/domain/tests/it.rs", text),
            []
        );
        assert_eq!(found("dependencies", "libs/domain/build.rs", text).len(), 1);
        assert_eq!(
            found("dependencies", "libs/domain/tests/it.rs", text).len(),
            1
        );
    }

    #[test]
    fn an_exception_holds_until_it_is_not_needed() {
        let tables = "[package.metadata.cargo-machete]\nignored = [\"rand\"]\n\
                      [dependencies]\nrand.workspace = true";
        let mut package = package("libs/domain", tables);
        assert_eq!(of_package(&package), []);
        package
            .sources
            .push(source("libs/domain/src/lib.rs", "use rand::Rng;"));
        assert_eq!(of_package(&package).len(), 1);
    }
}
