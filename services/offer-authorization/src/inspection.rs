//! The audit trail from outside the service: proven and exported by whoever holds database and keys, also while the
//! service is down, and without believing a word of it.

use std::io::{self, BufRead, Write};

use domain::id::TenantId;
use platform::auth::KeyError;
use serde::{Deserialize, Serialize};
use storage::{Database, StoreError};
use thiserror::Error;

use crate::Config;
use crate::audit::{Chain, Checkpoint, Entry, Head};
use crate::store::audit;
use crate::token::{TokenKeyError, TokenKeys};

/// Entries that are read at once.
const BATCH: u64 = 1_000;

/// Why a trail cannot be looked at.
#[derive(Debug, Error)]
pub enum InspectionError {
    /// The store cannot be read.
    #[error("the store cannot be read")]
    Store(#[from] StoreError),
    /// The keys cannot be read.
    #[error("the keys of offer tokens cannot be used")]
    Keys(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Signing failed.
    #[error("the export cannot be signed")]
    Signing(#[source] KeyError),
    /// The trail is not as it was written; nothing of it is signed.
    #[error("the trail is not sound: {}", .0.join("; "))]
    Unsound(Vec<String>),
    /// A file cannot be read or written.
    #[error("the export cannot be read or written")]
    File(#[from] io::Error),
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
    keys: TokenKeys,
}

impl Inspector {
    /// Opens the store and the keys that a service with these settings uses.
    ///
    /// # Errors
    /// [`InspectionError`]: one of them is not there.
    pub async fn open(config: &Config) -> Result<Self, InspectionError> {
        let keys = TokenKeys::open(&config.tokens.key_folder);
        Ok(Self {
            database: Database::open(&config.store).await?,
            keys: keys.map_err(unusable)?,
        })
    }

    #[cfg(test)]
    pub(crate) fn of(database: Database, keys: TokenKeys) -> Self {
        Self { database, keys }
    }

    /// Closes the store.
    pub async fn close(self) {
        self.database.close().await;
    }

    /// The tenants that have a trail, by their names.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn tenants(&self) -> Result<Vec<TenantId>, InspectionError> {
        let heads = audit::heads(self.database.read()).await?;
        let mut tenants: Vec<TenantId> = heads.into_iter().map(|(tenant, _)| tenant).collect();
        // A trail whose end was taken out of the database is still known by its checkpoints.
        let signed = self.keys.checkpoints().map_err(unusable)?;
        tenants.extend(signed.into_iter().map(|seen| seen.tenant));
        tenants.sort();
        tenants.dedup();
        Ok(tenants)
    }

    /// Proves the trail of a tenant: each entry, the links between them, its end, and what was signed of it.
    ///
    /// # Errors
    /// The store or the checkpoints cannot be read.
    pub async fn verify(&self, tenant: &TenantId) -> Result<Verified, InspectionError> {
        // Checkpoints before entries and entries before their end: what is written meanwhile is never missed.
        let mut checkpoints = self.keys.checkpoints().map_err(unusable)?;
        checkpoints.retain(|seen| seen.tenant == *tenant);
        let mut chain = Chain::new(tenant, &checkpoints);
        let mut entries = 0_u64;
        let (mut head, mut after) = (Head::none(), i64::MIN);
        loop {
            let batch = audit::list(self.database.read(), tenant, after, BATCH).await?;
            for entry in &batch {
                chain.take(entry);
                entries = entries.saturating_add(1);
                after = entry.number;
            }
            if batch.is_empty() {
                let end = audit::head(self.database.read(), tenant).await?;
                if end == head {
                    break;
                }
                head = end;
            }
        }
        Ok(Verified {
            tenant: tenant.clone(),
            entries,
            checkpoints: checkpoints.len(),
            faults: in_words(chain, &head),
        })
    }

    /// Writes the trail of a tenant as JSON lines: who it is of, each entry, and a signature over the last one, which by
    /// the chain covers all. Answers the number of entries.
    ///
    /// # Errors
    /// The store cannot be read, or the lines cannot be written.
    pub async fn export<W: Write>(
        &self,
        tenant: &TenantId,
        out: &mut W,
    ) -> Result<u64, InspectionError> {
        // INVARIANT: what is signed was proved, or the signature would make a cut trail whole.
        let proved = self.verify(tenant).await?;
        if !proved.faults.is_empty() {
            return Err(InspectionError::Unsound(proved.faults));
        }
        write_line(out, &Line::Tenant(tenant.clone()))?;
        let mut head = Head::none();
        let (mut entries, mut at_ms) = (0_u64, 0);
        loop {
            let batch = audit::list(self.database.read(), tenant, head.number, BATCH).await?;
            for entry in &batch {
                head = entry.head();
                at_ms = entry.at_ms;
                entries = entries.saturating_add(1);
                write_line(out, &Line::Entry(entry.clone()))?;
            }
            if batch.is_empty() {
                break;
            }
        }
        let seen = Checkpoint {
            tenant: tenant.clone(),
            number: head.number,
            hash: head.hash,
            at_ms,
        };
        let signature = self.keys.sign_checkpoint(&seen);
        let signature = signature.map_err(InspectionError::Signing)?;
        write_line(out, &Line::Signature(signature))?;
        Ok(entries)
    }

    /// Proves an export by itself and by the checkpoints that are known here.
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
            return Err(no_export("it does not begin with a tenant"));
        };
        let mut checkpoints = self.keys.checkpoints().map_err(unusable)?;
        let mut entries = Vec::new();
        let mut signed = None;
        for line in lines {
            match line? {
                Line::Entry(entry) if signed.is_none() => entries.push(entry),
                Line::Signature(token) if signed.is_none() => signed = Some(token),
                Line::Entry(_) | Line::Signature(_) | Line::Tenant(_) => {
                    return Err(no_export("it goes on after its signature"));
                }
            }
        }
        let signed = signed.and_then(|token| self.keys.read_checkpoint(&token));
        let signed = signed.filter(|seen| seen.tenant == tenant);
        let Some(signed) = signed else {
            return Ok(Verified {
                tenant,
                entries: u64::try_from(entries.len()).unwrap_or(u64::MAX),
                checkpoints: 0,
                faults: vec![crate::audit::Fault::Unsigned.to_string()],
            });
        };
        // What was signed after the export is not in it.
        checkpoints.retain(|seen| seen.tenant == tenant && seen.number <= signed.number);
        let mut chain = Chain::new(&tenant, &checkpoints);
        for entry in &entries {
            chain.take(entry);
        }
        let head = Head {
            number: signed.number,
            hash: signed.hash,
        };
        Ok(Verified {
            entries: u64::try_from(entries.len()).unwrap_or(u64::MAX),
            checkpoints: checkpoints.len().saturating_add(1),
            faults: in_words(chain, &head),
            tenant,
        })
    }
}

fn in_words(chain: Chain<'_>, head: &Head) -> Vec<String> {
    let faults = chain.finish(head);
    faults.iter().map(ToString::to_string).collect()
}

fn write_line<W: Write>(out: &mut W, line: &Line) -> Result<(), InspectionError> {
    serde_json::to_writer(&mut *out, line).map_err(io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

fn no_export(why: &'static str) -> InspectionError {
    InspectionError::File(io::Error::new(io::ErrorKind::InvalidData, why))
}

fn unusable(failure: TokenKeyError) -> InspectionError {
    InspectionError::Keys(Box::new(failure))
}
