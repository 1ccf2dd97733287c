//! Reads the process environment. The services read theirs through `platform::config`; a developer command has no
//! configuration but the usual variables of the tools it calls.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::failure::Failure;

/// Value of `name`; empty counts as absent.
#[expect(
    clippy::disallowed_methods,
    reason = "developer commands have no configuration file; this is their one reader of the environment"
)]
pub(crate) fn value(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// Whether this runs on a build machine, where a missing tool is an error and all failures are wanted, not the first.
pub(crate) fn is_ci() -> bool {
    value("CI").is_some_and(|value| value != "false" && value != "0")
}

/// The folders programs are looked for in.
pub(crate) fn program_folders() -> Vec<PathBuf> {
    value("PATH").map_or_else(Vec::new, |path| env::split_paths(&path).collect())
}

/// Where installed tools are kept between runs; outside the checkout, so that all checkouts share them.
pub(crate) fn tools_folder() -> Result<PathBuf, Failure> {
    let cache = value("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| value("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .ok_or_else(|| Failure::Missing {
            what: "a folder for tools".to_owned(),
            help: "set HOME or XDG_CACHE_HOME".to_owned(),
        })?;
    Ok(cache.join("rescate").join("tools"))
}

/// Names of the variables that `cargo run` sets for its child. A nested cargo must not see them: build scripts that
/// watch one of them would run again at every change between `cargo xtask` and plain cargo.
#[expect(
    clippy::disallowed_methods,
    reason = "the names are not known beforehand, so all have to be listed"
)]
pub(crate) fn set_by_cargo_run() -> Vec<OsString> {
    env::vars_os()
        .map(|(name, _value)| name)
        .filter(|name| name.to_str().is_some_and(is_set_by_cargo_run))
        .collect()
}

fn is_set_by_cargo_run(name: &str) -> bool {
    let families = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];
    families.iter().any(|family| name.starts_with(family))
        || ["CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_user_reach_a_nested_cargo() {
        assert!(!is_set_by_cargo_run("CARGO_TARGET_DIR"));
        assert!(!is_set_by_cargo_run("CARGO_INCREMENTAL"));
        assert!(!is_set_by_cargo_run("CARGO_HOME"));
    }

    #[test]
    fn variables_of_the_running_package_do_not() {
        assert!(is_set_by_cargo_run("CARGO_PKG_NAME"));
        assert!(is_set_by_cargo_run("CARGO_MANIFEST_DIR"));
    }
}
