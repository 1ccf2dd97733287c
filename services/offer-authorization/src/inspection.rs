//! The audit trail from outside the service: proven and exported by whoever holds database and keys, also while the
//! service is down, and without believing a word of it. Nothing is written or made: what is not there is told.

use std::io::{self, BufRead, Write};

use domain::id::TenantId;
use platform::auth::KeyError;
use serde::{Deserialize, Serialize};
use storage::{Database, StoreError};
use thiserror::Error;

use crate::Config;
use crate::audit::{
    Chain, Checkpoint, CheckpointError, Checkpoints, Entry, Fault, Head, Kept, UnsignedLine,
};
use crate::store::audit;
use crate::token::TokenKeys;

/// Why a trail cannot be looked at.
#[derive(Debug, Error)]
pub enum InspectionError {
    /// The store cannot be read.
    #[error("the store cannot be read")]
    Store(#[from] StoreError),
    /// The keys cannot be read.
    #[error("the keys of offer tokens cannot be used")]
    Keys(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The checkpoints cannot be read.
    #[error("the checkpoints of audit trails cannot be read")]
    Checkpoints(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Signing failed.
    #[error("the export cannot be signed")]
    Signing(#[source] KeyError),
    /// The trail is not as it was written; nothing of it is signed.
    #[error("the trail is not sound: {}", .0.join("; "))]
    Unsound(Vec<String>),
    /// A file cannot be read or written.
    #[error("the export cannot be read or written")]
    File(#[from] io::Error),
    /// A file is no export.
    #[error("it is no export: {0}")]
    NoExport(&'static str),
    /// A line of a file is none of an export.
    #[error("line {line} is no line of an export")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

/// What a proof found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Whose trail it is.
    pub tenant: TenantId,
    /// Entries that were read.
    pub entries: u64,
    /// Signed checkpoints that they were compared with.
    pub checkpoints: usize,
    /// What is wrong, in words; empty when all is well.
    pub faults: Vec<String>,
}

/// One line of an export: entries first, and at the end the signature that covers all of them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Tenant(TenantId),
    Entry(Entry),
    /// A compact JWS with `EdDSA` over a [`Checkpoint`].
    Signature(String),
}

/// Looks at trails.
#[derive(Debug)]
pub struct Inspector {
    database: Database,
    checkpoints: Checkpoints,
    /// As they were before any entry was read: what is written meanwhile is never missed.
    kept: Kept,
}

impl Inspector {
    /// Opens the store and the keys that a service with these settings uses.
    ///
    /// # Errors
    /// [`InspectionError`]: one of them is not there.
    pub async fn open(config: &Config) -> Result<Self, InspectionError> {
        let keys = TokenKeys::open_existing(&config.tokens.key_folder);
        let keys = keys.map_err(|failure| InspectionError::Keys(Box::new(failure)))?;
        let checkpoints = Checkpoints::existing(config.checkpoint_folder(), keys);
        Self::of(Database::open(&config.store).await?, checkpoints)
    }

    pub(crate) fn of(
        database: Database,
        checkpoints: Checkpoints,
    ) -> Result<Self, InspectionError> {
        Ok(Self {
            kept: checkpoints.kept().map_err(unreadable)?,
            database,
            checkpoints,
        })
    }

    /// Closes the store.
    pub async fn close(self) {
        self.database.close().await;
    }

    /// The tenants that have a trail, by their names.
    ///
    /// # Errors
    /// The store cannot be read; or there is no trail, and yet there are checkpoints, which no key here has signed.
    pub async fn tenants(&self) -> Result<Vec<TenantId>, InspectionError> {
        let heads = audit::heads(self.database.read()).await?;
        let mut tenants: Vec<TenantId> = heads.into_iter().map(|(tenant, _)| tenant).collect();
        // A trail whose end was taken out of the database is still known by its checkpoints.
        let signed = self.kept.checkpoints.iter();
        tenants.extend(signed.map(|seen| seen.tenant.clone()));
        tenants.sort();
        tenants.dedup();
        if tenants.is_empty() && !self.kept.unsigned.is_empty() {
            let faults: Vec<Fault> = self.kept.unsigned.iter().map(unverifiable).collect();
            return Err(InspectionError::Unsound(in_words(&faults)));
        }
        Ok(tenants)
    }

    /// Proves the trail of a tenant: each entry, the links between them, its end, and what was signed of it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn verify(&self, tenant: &TenantId) -> Result<Verified, InspectionError> {
        self.prove(tenant, |_| Ok(())).await.map(|(found, _)| found)
    }

    /// Writes the trail of a tenant as JSON lines: who it is of, each entry, and a signature over the last one, which by
    /// the chain covers all. Answers the number of entries.
    ///
    /// # Errors
    /// The store cannot be read, or the lines cannot be written. Or the trail is not sound: then what was written has no
    /// signature, and is no export.
    pub async fn export<W: Write>(
        &self,
        tenant: &TenantId,
        out: &mut W,
    ) -> Result<u64, InspectionError> {
        write_line(out, &Line::Tenant(tenant.clone()))?;
        let mut at_ms = 0;
        // INVARIANT: the very entries that are signed were proven, or the signature would make a cut trail whole.
        let written = self.prove(tenant, |entry| {
            at_ms = entry.at_ms;
            write_line(out, &Line::Entry(entry))
        });
        let (proven, head) = written.await?;
        if !proven.faults.is_empty() {
            return Err(InspectionError::Unsound(proven.faults));
        }
        let seen = Checkpoint {
            tenant: tenant.clone(),
            number: head.number,
            hash: head.hash,
            at_ms,
        };
        let signature = self.checkpoints.sign(&seen);
        let signature = signature.map_err(InspectionError::Signing)?;
        write_line(out, &Line::Signature(signature))?;
        Ok(proven.entries)
    }

    /// Proves an export by itself and by the checkpoints that are known here, line by line.
    ///
    /// # Errors
    /// It cannot be read, or is no export.
    pub fn verify_export<R: BufRead>(&self, export: R) -> Result<Verified, InspectionError> {
        let mut lines = export.lines().zip(1_usize..).map(|(text, line)| {
            let text = text?;
            serde_json::from_str::<Line>(&text)
                .map_err(|source| InspectionError::Line { line, source })
        });
        let Some(Line::Tenant(tenant)) = lines.next().transpose()? else {
            let why = "it does not begin with a tenant";
            return Err(InspectionError::NoExport(why));
        };
        let mut chain = Chain::new(&tenant, &self.kept.checkpoints);
        let (mut entries, mut signed) = (0_u64, None);
        for line in lines {
            match line? {
                Line::Entry(entry) if signed.is_none() => {
                    chain.take(&entry);
                    entries = entries.saturating_add(1);
                }
                Line::Signature(token) if signed.is_none() => signed = Some(token),
                Line::Entry(_) | Line::Signature(_) | Line::Tenant(_) => {
                    return Err(InspectionError::NoExport("it goes on after its signature"));
                }
            }
        }
        let signed = signed.and_then(|token| self.checkpoints.read(&token));
        let signed = signed.filter(|seen| seen.tenant == tenant);
        let (mut faults, mut checkpoints) = (vec![Fault::Unsigned], 0);
        if let Some(signed) = signed {
            let is_seen =
                |seen: &&Checkpoint| seen.tenant == tenant && seen.number <= signed.number;
            checkpoints = self.kept.checkpoints.iter().filter(is_seen).count() + 1;
            faults = chain.finish_export(&Head {
                number: signed.number,
                hash: signed.hash,
            });
        }
        faults.extend(self.unverifiable(&tenant));
        Ok(Verified {
            entries,
            checkpoints,
            faults: in_words(&faults),
            tenant,
        })
    }

    /// Proves a trail, hands out its entries, and answers where it ends.
    async fn prove(
        &self,
        tenant: &TenantId,
        mut hand_out: impl FnMut(Entry) -> Result<(), InspectionError>,
    ) -> Result<(Verified, Head), InspectionError> {
        let mut chain = Chain::new(tenant, &self.kept.checkpoints);
        let mut entries = 0_u64;
        let head = audit::follow(self.database.read(), tenant, i64::MIN, |entry| {
            chain.take(&entry);
            entries = entries.saturating_add(1);
            hand_out(entry)
        });
        let head = head.await?;
        let mut faults = chain.finish(&head);
        faults.extend(self.unverifiable(tenant));
        let seen = self.kept.checkpoints.iter();
        let verified = Verified {
            tenant: tenant.clone(),
            entries,
            checkpoints: seen.filter(|seen| seen.tenant == *tenant).count(),
            faults: in_words(&faults),
        };
        Ok((verified, head))
    }

    /// Lines that prove nothing, and may have been about the trail.
    fn unverifiable(&self, tenant: &TenantId) -> Vec<Fault> {
        let lines = self.kept.unsigned.iter();
        let lines = lines.filter(|line| line.concerns(tenant));
        lines.map(unverifiable).collect()
    }
}

fn in_words(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

fn write_line<W: Write>(out: &mut W, line: &Line) -> Result<(), InspectionError> {
    serde_json::to_writer(&mut *out, line).map_err(io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

fn unverifiable(unsigned: &UnsignedLine) -> Fault {
    Fault::Unverifiable {
        file: unsigned.file.clone(),
        line: unsigned.line,
    }
}

fn unreadable(failure: CheckpointError) -> InspectionError {
    InspectionError::Checkpoints(Box::new(failure))
}
