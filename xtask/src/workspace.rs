//! The workspace as data: its packages, their manifests and sources, read once. The rules in `lint` look only at this.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::Failure;
use crate::process;

/// The folder of the workspace's `Cargo.toml`.
#[derive(Debug, Clone)]
pub(crate) struct Root(PathBuf);

#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Relative to the root, with `/`: `libs/domain`.
    pub(crate) folder: String,
    pub(crate) manifest: toml::Table,
    pub(crate) sources: Vec<Source>,
}

/// One Rust file.
#[derive(Debug)]
pub(crate) struct Source {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Root {
    /// The workspace that the current folder belongs to, not the one this program was built in: a target folder may be
    /// shared between checkouts.
    pub(crate) fn find() -> Result<Self, Failure> {
        let mut command = process::cargo(Path::new("."));
        command.args(["locate-project", "--workspace", "--message-format", "plain"]);
        let manifest = PathBuf::from(process::ask(&mut command)?.trim_end());
        Ok(Self(
            manifest.parent().map_or_else(PathBuf::new, Path::to_owned),
        ))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The root manifest.
    pub(crate) fn manifest(&self) -> Result<toml::Table, Failure> {
        read_manifest(&self.0.join("Cargo.toml"))
    }

    /// All packages, in the order of their folders.
    pub(crate) fn packages(&self) -> Result<Vec<Package>, Failure> {
        let mut command = process::cargo(&self.0);
        command.args(["metadata", "--format-version", "1", "--no-deps"]);
        let answer = process::ask(&mut command)?;
        let metadata: Metadata = serde_json::from_str(&answer).map_err(|source| Failure::Json {
            what: "the answer of `cargo metadata`",
            source,
        })?;
        let mut packages = metadata
            .packages
            .into_iter()
            .map(|listed| self.package(listed))
            .collect::<Result<Vec<_>, _>>()?;
        packages.sort_by(|left, right| left.folder.cmp(&right.folder));
        Ok(packages)
    }

    fn package(&self, listed: Listed) -> Result<Package, Failure> {
        let Listed {
            name,
            manifest_path,
        } = listed;
        let folder = manifest_path
            .parent()
            .map_or_else(PathBuf::new, Path::to_owned);
        let mut sources = Vec::new();
        self.read_sources(&folder, &mut sources)?;
        sources.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(Package {
            name,
            folder: self.relative(&folder),
            manifest: read_manifest(&manifest_path)?,
            sources,
        })
    }

    fn read_sources(&self, folder: &Path, sources: &mut Vec<Source>) -> Result<(), Failure> {
        let reading = || Failure::file(format!("read {}", folder.display()));
        for entry in fs::read_dir(folder).map_err(reading())? {
            let entry = entry.map_err(reading())?;
            let path = entry.path();
            if entry.file_type().map_err(reading())?.is_dir() {
                if entry.file_name() != "target" {
                    self.read_sources(&path, sources)?;
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path)
                    .map_err(Failure::file(format!("read {}", path.display())))?;
                sources.push(Source {
                    path: self.relative(&path),
                    text,
                });
            }
        }
        Ok(())
    }

    fn relative(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.0).unwrap_or(path);
        below.to_string_lossy().replace('\\', "/")
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    manifest_path: PathBuf,
}

fn read_manifest(path: &Path) -> Result<toml::Table, Failure> {
    let text =
        fs::read_to_string(path).map_err(Failure::file(format!("read {}", path.display())))?;
    text.parse().map_err(|source| Failure::Toml {
        path: path.display().to_string(),
        source,
    })
}
