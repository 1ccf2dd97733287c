//! Signed checkpoints of audit trails, kept apart from the database: one file for each tenant.
//!
//! By the chain, a checkpoint vouches for all that came before it, so a file keeps fewer of them the older they are, and none
//! that another replica has written already. What nobody of ours signed stays where it is, to be told.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use domain::id::TenantId;
use platform::auth::KeyError;
use thiserror::Error;

use super::Checkpoint;
use crate::token::TokenKeys;

/// The `typ` of a checkpoint.
const KIND: &str = "audit-checkpoint";
const PREFIX: &str = "audit-checkpoints";
const ENDING: &str = "jws";
/// Tried at the start, so that nobody learns an hour later that nothing is signed.
const PROBE: &str = "audit-checkpoints.probe";
/// A file is thinned when it is larger. What is left by thinning is about half of it.
const MOST_BYTES: usize = 1024 * 1024;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Up to which age a file keeps one checkpoint of how long a time. What is older than all is kept by the month.
const AGES: [(i64, i64); 3] = [(HOUR_MS, 1), (30 * DAY_MS, HOUR_MS), (365 * DAY_MS, DAY_MS)];
const MONTH_MS: i64 = 30 * DAY_MS;

/// Why checkpoints cannot be kept.
#[derive(Debug, Error)]
pub(crate) enum CheckpointError {
    /// The folder cannot be used.
    #[error("the folder `{}` cannot be used", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of checkpoints cannot be read or written.
    #[error("the file `{}` cannot be read or written", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The key does not sign: a fault of ours.
    #[error("a checkpoint cannot be signed")]
    Signing(#[from] KeyError),
    /// The thread that writes has ended.
    #[error("a checkpoint was not written")]
    Unwritten,
}

/// A line that no key of ours signed: torn by a crash, signed by a key that is gone, or tampered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnsignedLine {
    /// The name of its file.
    pub(crate) file: String,
    /// Counted from 1.
    pub(crate) line: usize,
    /// Whose file it is; absent for one that tenants had together.
    tenant: Option<TenantId>,
}

impl UnsignedLine {
    /// Whether it may have been about the trail of a tenant.
    pub(crate) fn concerns(&self, tenant: &TenantId) -> bool {
        self.tenant.as_ref().is_none_or(|of| of == tenant)
    }
}

/// All that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// What a key of ours signed.
    pub(crate) checkpoints: Vec<Checkpoint>,
    /// What none did.
    pub(crate) unsigned: Vec<UnsignedLine>,
}

/// Where checkpoints are kept, and the keys that sign them. Replicas share the folder.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoints {
    folder: PathBuf,
    keys: TokenKeys,
}

impl Checkpoints {
    /// For whoever writes: makes the folder, and tries it.
    ///
    /// # Errors
    /// It cannot be written to.
    pub(crate) fn open(folder: &Path, keys: TokenKeys) -> Result<Self, CheckpointError> {
        let probe = folder.join(PROBE);
        let tried = fs::create_dir_all(folder)
            .and_then(|()| fs::write(&probe, b""))
            .and_then(|()| remove_if_there(&probe));
        tried.map_err(|source| CheckpointError::Folder {
            path: folder.to_owned(),
            source,
        })?;
        Ok(Self::existing(folder, keys))
    }

    /// For whoever only proves: makes nothing.
    pub(crate) fn existing(folder: &Path, keys: TokenKeys) -> Self {
        let folder = folder.to_owned();
        Self { folder, keys }
    }

    /// A checkpoint, signed.
    ///
    /// # Errors
    /// The key does not sign: a fault of ours.
    pub(crate) fn sign(&self, checkpoint: &Checkpoint) -> Result<String, KeyError> {
        self.keys.sign_as(KIND, checkpoint)
    }

    /// What a signed checkpoint says, if any of our keys signed it.
    pub(crate) fn read(&self, signed: &str) -> Option<Checkpoint> {
        self.keys.read_as(KIND, signed)
    }

    /// Signs and keeps a checkpoint, unless another replica has kept one that vouches for as much.
    ///
    /// # Errors
    /// It cannot be signed or written.
    pub(crate) async fn write(&self, checkpoint: Checkpoint) -> Result<(), CheckpointError> {
        let own = self.clone();
        let written = tokio::task::spawn_blocking(move || own.append(&checkpoint));
        written.await.map_err(|_| CheckpointError::Unwritten)?
    }

    /// All that is kept, of all tenants.
    ///
    /// # Errors
    /// The folder or a file in it cannot be read.
    pub(crate) fn kept(&self) -> Result<Kept, CheckpointError> {
        let mut kept = Kept::default();
        for (file, tenant) in self.files()? {
            let text = read_lossy(&self.folder.join(&file))?;
            for (text, line) in text.lines().zip(1_usize..) {
                match self.read(text) {
                    Some(checkpoint) => kept.checkpoints.push(checkpoint),
                    None => kept.unsigned.push(UnsignedLine {
                        file: file.clone(),
                        line,
                        tenant: tenant.clone(),
                    }),
                }
            }
        }
        Ok(kept)
    }

    /// The files in their order, with their tenants. One without a tenant is of a release that had one file for all.
    fn files(&self) -> Result<BTreeMap<String, Option<TenantId>>, CheckpointError> {
        let unusable = |source| CheckpointError::Folder {
            path: self.folder.clone(),
            source,
        };
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(&self.folder).map_err(unusable)? {
            let name = entry.map_err(unusable)?.file_name();
            let Some(name) = name.to_str() else {
                continue;
            };
            let between = name.strip_prefix(PREFIX);
            let between = between.and_then(|rest| rest.strip_suffix(ENDING)?.strip_suffix('.'));
            match between {
                Some("") => {
                    files.insert(name.to_owned(), None);
                }
                Some(rest) => {
                    let tenant = rest.strip_prefix('.').map(TenantId::parse);
                    if let Some(Ok(tenant)) = tenant {
                        files.insert(name.to_owned(), Some(tenant));
                    }
                }
                None => {}
            }
        }
        Ok(files)
    }

    fn append(&self, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
        let name = format!("{PREFIX}.{}.{ENDING}", checkpoint.tenant);
        let path = self.folder.join(name);
        let kept = read_lossy(&path)?;
        let last = kept.lines().rev().find_map(|line| self.read(line));
        if last.is_some_and(|last| vouches_for(&last, checkpoint)) {
            return Ok(());
        }
        let line = self.sign(checkpoint)?;
        let written = if kept.len() > MOST_BYTES {
            let left = self.thinned(&kept, checkpoint.at_ms).join("\n");
            replace(&path, &format!("{left}\n{line}\n"))
        } else {
            append_line(&path, &kept, &line)
        };
        written.map_err(|source| CheckpointError::File { path, source })
    }

    /// The last checkpoint of each time, and every line that nobody of ours signed, in their order.
    fn thinned<'k>(&self, kept: &'k str, now_ms: i64) -> Vec<&'k str> {
        let mut times = BTreeSet::new();
        let from_the_end = kept.lines().rev();
        let mut left: Vec<&str> = from_the_end
            .filter(|line| {
                self.read(line)
                    .is_none_or(|seen| times.insert(time_of(seen.at_ms, now_ms)))
            })
            .collect();
        left.reverse();
        left
    }
}

/// Whether a checkpoint that is kept makes another one needless. One of the same entry that saw another hash does not: whoever
/// proves the trail must find both.
fn vouches_for(kept: &Checkpoint, other: &Checkpoint) -> bool {
    kept.tenant == other.tenant
        && (kept.number > other.number || (kept.number == other.number && kept.hash == other.hash))
}

/// The time of which one checkpoint is kept: how long it is, and which one.
fn time_of(at_ms: i64, now_ms: i64) -> (i64, i64) {
    let age = now_ms.saturating_sub(at_ms);
    let length = AGES.iter().find(|(up_to, _)| age < *up_to);
    let length = length.map_or(MONTH_MS, |(_, length)| *length);
    (length, at_ms.div_euclid(length))
}

/// Nothing when there is no such file. Bytes that are no text are a line that nobody signed.
fn read_lossy(path: &Path) -> Result<String, CheckpointError> {
    match fs::read(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(failure) if failure.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(CheckpointError::File {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Appends a whole line in one write, since replicas share the file. A line that a crash has torn is left as it is, to be
/// found, and takes no other with it.
fn append_line(path: &Path, kept: &str, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let is_torn = !kept.is_empty() && !kept.ends_with('\n');
    let before = if is_torn { "\n" } else { "" };
    file.write_all(format!("{before}{line}\n").as_bytes())?;
    file.sync_all()
}

/// Puts whole new text in the place of a file. What another replica appends in this moment is lost: one checkpoint, which the
/// next one makes good.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension("draft");
    let mut file = File::create(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

/// Another replica may have taken it away.
fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(failure) if failure.kind() != ErrorKind::NotFound => Err(failure),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
