//! Ways to install one thing. A folder in the cache appears under its final name only when it is complete, so an
//! interrupted install is simply repeated.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::environment;
use crate::failure::Failure;
use crate::process;
use crate::say;
use crate::workspace::Root;

/// The folder with this npm package below `node_modules`.
pub(super) fn npm(package: &str, version: &str) -> Result<PathBuf, Failure> {
    let name = package.trim_start_matches('@').replace('/', "-");
    in_cache(&format!("{name}-{version}"), |folder| {
        if !answers("npm") {
            if !has_apt()? {
                return Err(Failure::Missing {
                    what: "npm".to_owned(),
                    help: "install Node.js with npm".to_owned(),
                });
            }
            apt(&["npm"])?;
        }
        let mut command = Command::new("npm");
        command.args(["install", "--no-audit", "--no-fund", "--loglevel=error"]);
        command.arg("--prefix").arg(folder);
        process::show(command.arg(format!("{package}@{version}")))
    })
}

/// A cargo subcommand: the one on the path, else a prebuilt one of the Python registry, else built from source.
pub(super) fn cargo_tool(root: &Root, name: &str, version: &str) -> Result<PathBuf, Failure> {
    if answers(name) {
        return Ok(PathBuf::from(name));
    }
    let folder = in_cache(&format!("{name}-{version}"), |folder| {
        pip(name, version, folder).or_else(|_no_wheel| {
            say::line(&format!("no prebuilt {name}: building it takes minutes"));
            let mut command = process::cargo(root.path());
            command.args(["install", "--locked", "--root"]).arg(folder);
            process::show(command.arg(format!("{name}@{version}")))
        })
    })?;
    Ok(folder.join("bin").join(name))
}

fn pip(name: &str, version: &str, folder: &Path) -> Result<(), Failure> {
    let mut command = Command::new("python3");
    command.args(["-m", "pip", "install", "--quiet", "--no-deps"]);
    command.args(["--disable-pip-version-check", "--root-user-action=ignore"]);
    command.arg("--target").arg(folder);
    process::ask(command.arg(format!("astral-dev-toolchain-{name}=={version}"))).map(|_output| ())
}

/// Whether the system's packages can be installed: Debian or its kin, as root.
pub(super) fn has_apt() -> Result<bool, Failure> {
    Ok(process::is_root()? && answers("apt-get"))
}

pub(super) fn apt(packages: &[&str]) -> Result<(), Failure> {
    process::show(Command::new("apt-get").args(["update", "--quiet"]))?;
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command.args(["install", "--quiet", "--yes", "--no-install-recommends"]);
    process::show(command.args(packages))
}

fn answers(program: &str) -> bool {
    process::ask(Command::new(program).arg("--version")).is_ok()
}

fn in_cache(
    name: &str,
    install: impl FnOnce(&Path) -> Result<(), Failure>,
) -> Result<PathBuf, Failure> {
    installed_in(&environment::tools_folder()?, name, install)
}

fn installed_in(
    tools: &Path,
    name: &str,
    install: impl FnOnce(&Path) -> Result<(), Failure>,
) -> Result<PathBuf, Failure> {
    let folder = tools.join(name);
    if folder.is_dir() {
        return Ok(folder);
    }
    say::line(&format!("installing {name}"));
    fs::create_dir_all(tools).map_err(Failure::file(format!("make {}", tools.display())))?;
    let partial = tempfile::Builder::new()
        .prefix(OsStr::new("partial-"))
        .tempdir_in(tools)
        .map_err(Failure::file("make a folder for the install"))?;
    let content = partial.path().join("content");
    fs::create_dir(&content).map_err(Failure::file(format!("make {}", content.display())))?;
    install(&content)?;
    match fs::rename(&content, &folder) {
        // Another run was faster: its folder is as good.
        Err(_taken) if folder.is_dir() => Ok(folder),
        Err(source) => Err(Failure::File {
            doing: format!("make {}", folder.display()),
            source,
        }),
        Ok(()) => Ok(folder),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_program(folder: &Path) -> Result<(), Failure> {
        fs::write(folder.join("program"), "").map_err(Failure::file("write the program"))
    }

    fn refuse(_folder: &Path) -> Result<(), Failure> {
        Err(Failure::Interrupted)
    }

    #[test]
    fn a_second_call_installs_nothing() {
        let tools = tempfile::tempdir().unwrap();
        let first = installed_in(tools.path(), "tool-1", write_program).unwrap();
        assert!(first.join("program").exists());
        assert_eq!(installed_in(tools.path(), "tool-1", refuse).unwrap(), first);
    }

    #[test]
    fn a_failed_install_leaves_nothing_behind() {
        let tools = tempfile::tempdir().unwrap();
        assert!(installed_in(tools.path(), "tool-1", refuse).is_err());
        assert_eq!(fs::read_dir(tools.path()).unwrap().count(), 0);
        assert!(installed_in(tools.path(), "tool-1", write_program).is_ok());
    }
}
