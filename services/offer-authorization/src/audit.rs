//! The audit trail: for each tenant one chain of entries, each of which holds the hash of the one before.
//!
//! Whoever changes, takes out or moves an entry breaks the chain, which [`Chain`] finds. Whoever cuts its end, or writes
//! all of it anew, is found by the signed checkpoints that are kept apart from the database. Entries carry ids and no
//! personal value.

mod chain;
mod checkpoints;

use domain::closed_enum;
use domain::id::TenantId;
use domain::time::{Timestamp, to_millis};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) use chain::{Chain, Checkpoint, Fault};
pub(crate) use checkpoints::{CheckpointError, Checkpoints, Kept, UnsignedLine};

/// The hash before the first entry.
const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Keeps these hashes apart from all others: those of entries that nobody caused, and of those that somebody did. One can
/// never be taken for the other, so that whoever is named in an entry cannot be taken out of it.
const DOMAIN: &str = "rescate audit v1";
const DOMAIN_BY: &str = "rescate audit v2";

closed_enum! {
    /// What is noted.
    pub enum AuditKind {
        /// An offer was granted and is held.
        Granted = "granted",
        /// An offer, or its approval, was refused.
        Refused = "refused",
        /// An offer needs the approval of a supervisor.
        NeedsApproval = "needs_approval",
        /// A supervisor was asked.
        ApprovalRequested = "approval_requested",
        /// A supervisor said yes to what takes two.
        FirstApproved = "first_approved",
        /// A supervisor said no.
        Denied = "denied",
        /// No approval came in time.
        ApprovalLapsed = "approval_lapsed",
        /// A hold was given back.
        Released = "released",
        /// A hold ran out.
        Expired = "expired",
        /// An offer was used in an order.
        Redeemed = "redeemed",
        /// A redemption was taken back, in whole or in part.
        Reversed = "reversed",
        /// A version of the authority policy was stored.
        PolicyCreated = "policy_created",
        /// A version of the authority policy was told to decide.
        PolicyActivated = "policy_activated",
        /// A programme was created.
        ProgrammeCreated = "programme_created",
        /// Money was added to a budget.
        BudgetToppedUp = "budget_topped_up",
        /// A programme was frozen, or grants again.
        ProgrammeStateSet = "programme_state_set",
        /// A period of a budget ended, and the next one began.
        BudgetRolledOver = "budget_rolled_over",
        /// A purse was set.
        PurseSet = "purse_set",
        /// What is known of an agent or supervisor was set.
        StandingSet = "standing_set",
        /// A margin floor was set, or taken away.
        MarginFloorSet = "margin_floor_set",
    }
}

/// Something to be noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) kind: AuditKind,
    /// Whom or what it happened to, by its id.
    pub(crate) subject: String,
    /// All that is worth knowing, as JSON.
    pub(crate) body: String,
    /// The subject of the token by which it was done; absent when time did it.
    pub(crate) by: Option<String>,
}

/// An entry as it is stored and exported. All of it is text and numbers, so that also one that was tampered with can be
/// read, and is then found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// Counts the entries of a tenant, from 1.
    pub(crate) number: i64,
    pub(crate) at_ms: i64,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) body: String,
    /// The subject of the token by which it was done; absent when time did it, and in entries that are older than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    /// Hash of the entry before, in hexadecimal.
    pub(crate) previous: String,
    /// Hash of this entry.
    pub(crate) hash: String,
}

/// The end of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// Number of the last entry; 0 when there is none.
    pub(crate) number: i64,
    pub(crate) hash: String,
}

impl Head {
    /// The end of a chain without entries.
    pub(crate) fn none() -> Self {
        Self {
            number: 0,
            hash: NOTHING.to_owned(),
        }
    }

    /// The entry that comes next.
    pub(crate) fn next(self, tenant: &TenantId, note: Note, now: Timestamp) -> Entry {
        let mut entry = Entry {
            number: self.number.saturating_add(1),
            at_ms: to_millis(now),
            kind: note.kind.to_string(),
            subject: note.subject,
            body: note.body,
            by: note.by,
            previous: self.hash,
            hash: String::new(),
        };
        entry.hash = entry.expected_hash(tenant);
        entry
    }
}

impl Entry {
    /// The end of the chain when this is its last entry.
    pub(crate) fn head(&self) -> Head {
        Head {
            number: self.number,
            hash: self.hash.clone(),
        }
    }

    /// SHA-256 over all other fields, each with its length before it, so that no text can move from one to the next.
    fn expected_hash(&self, tenant: &TenantId) -> String {
        let Self {
            number,
            at_ms,
            kind,
            subject,
            body,
            by,
            previous,
            hash: _,
        } = self;
        let domain = by.as_ref().map_or(DOMAIN, |_| DOMAIN_BY);
        let numbers = [number.to_string(), at_ms.to_string()];
        let [number, at_ms] = numbers.each_ref().map(String::as_str);
        let fields = [
            domain,
            tenant.as_str(),
            number,
            at_ms,
            kind,
            subject,
            body,
            previous,
        ];
        let mut hash = Sha256::new();
        for field in fields.into_iter().chain(by.as_deref()) {
            hash.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(field.as_bytes());
        }
        format!("{:x}", hash.finalize())
    }
}

#[cfg(test)]
mod tests;
