//! Finds PostgreSQL's programs. Debian keeps them off the path, one folder per version, so the path alone is not enough.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::environment;
use crate::process;

/// The programs of one PostgreSQL that is new enough.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    folder: PathBuf,
    version: u32,
}

impl Server {
    /// Major version of the oldest PostgreSQL that the services support.
    pub(crate) const OLDEST: u32 = 15;

    /// The one that `PG_BIN` names, else the first on the path, else Debian's newest.
    pub(crate) fn find() -> Option<Self> {
        environment::value("PG_BIN")
            .map(PathBuf::from)
            .into_iter()
            .chain(environment::program_folders())
            .find_map(|folder| Self::in_folder(&folder))
            .or_else(|| {
                debian_folders()
                    .iter()
                    .filter_map(|folder| Self::in_folder(folder))
                    .max_by_key(|server| server.version)
            })
    }

    pub(crate) fn in_folder(folder: &Path) -> Option<Self> {
        let programs = ["postgres", "initdb", "pg_ctl"];
        if !programs.iter().all(|name| folder.join(name).exists()) {
            return None;
        }
        let answer = process::ask(Command::new(folder.join("postgres")).arg("--version")).ok()?;
        let version = major_version(&answer)?;
        (version >= Self::OLDEST).then(|| Self {
            folder: folder.to_owned(),
            version,
        })
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} (version {})", self.folder.display(), self.version)
    }
}

fn debian_folders() -> Vec<PathBuf> {
    fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect()
}

/// Of `postgres (PostgreSQL) 15.18 (Debian …)`, 15.
fn major_version(answer: &str) -> Option<u32> {
    let (_name, version) = answer.split_once("(PostgreSQL) ")?;
    version
        .split(|character: char| !character.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_releases_and_betas_are_read() {
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(major_version(debian), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1"), Some(18));
    }

    #[test]
    fn other_programs_are_not_taken_for_it() {
        assert_eq!(major_version("psql 15"), None);
        assert_eq!(major_version("postgres (PostgreSQL) devel"), None);
    }
}
