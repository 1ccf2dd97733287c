//! The proof of an audit trail: entry by entry, so that it takes no more memory for a long one.

use std::collections::BTreeMap;

use domain::id::TenantId;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Entry, Head};

/// What is wrong with a trail. Names entries by their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Fault {
    /// Entries were taken out.
    #[error("entries {from} to {to} are missing")]
    Missing {
        /// The first of them.
        from: i64,
        /// The last of them.
        to: i64,
    },
    /// An entry is not in its place.
    #[error("entry {0} is out of order")]
    Misplaced(i64),
    /// An entry does not say what it said when it was written.
    #[error("entry {0} was changed")]
    Changed(i64),
    /// An entry does not follow the one before.
    #[error("entry {0} does not follow the entry before it")]
    Unlinked(i64),
    /// The database knows of entries that are not there, or does not know of some that are.
    #[error("the trail ends at entry {found}, and must at entry {expected}")]
    Cut {
        /// The last entry that is there.
        found: i64,
        /// The last entry that was written.
        expected: i64,
    },
    /// A signed checkpoint saw another entry.
    #[error("entry {0} is not the one that was signed")]
    NotAsSigned(i64),
    /// An export without a signature of ours, or with one for another tenant.
    #[error("it is not signed by a key of ours")]
    Unsigned,
    /// A checkpoint that no key here signed: it, or the key that did, was tampered with, and what it saw is not known.
    #[error("line {line} of `{file}` is not signed by a key of ours")]
    Unverifiable {
        /// The name of the file of checkpoints.
        file: String,
        /// Counted from 1.
        line: usize,
    },
}

/// A signed promise that a trail went so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    pub(crate) tenant: TenantId,
    pub(crate) number: i64,
    pub(crate) hash: String,
    pub(crate) at_ms: i64,
}

/// A trail that is being proven.
#[derive(Debug)]
pub(crate) struct Chain<'a> {
    tenant: &'a TenantId,
    head: Head,
    /// What checkpoints saw that were not passed yet.
    signed: BTreeMap<i64, Vec<String>>,
    faults: Vec<Fault>,
}

impl<'a> Chain<'a> {
    /// Goes on after an entry that was proven before.
    pub(crate) fn after(tenant: &'a TenantId, proven: Head) -> Self {
        Self {
            head: proven,
            ..Self::new(tenant, &[])
        }
    }

    /// Starts before the first entry, with all checkpoints of the tenant.
    pub(crate) fn new(tenant: &'a TenantId, checkpoints: &[Checkpoint]) -> Self {
        let mut signed: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for seen in checkpoints.iter().filter(|seen| seen.tenant == *tenant) {
            signed
                .entry(seen.number)
                .or_default()
                .push(seen.hash.clone());
        }
        Self {
            tenant,
            head: Head::none(),
            signed,
            faults: Vec::new(),
        }
    }

    /// Takes the next entry, in the order of their numbers.
    pub(crate) fn take(&mut self, entry: &Entry) {
        let expected = self.head.number.saturating_add(1);
        if entry.number > expected {
            self.faults.push(Fault::Missing {
                from: expected,
                to: entry.number.saturating_sub(1),
            });
        } else if entry.number < expected {
            self.faults.push(Fault::Misplaced(entry.number));
        }
        if entry.previous != self.head.hash {
            self.faults.push(Fault::Unlinked(entry.number));
        }
        if entry.hash != entry.expected_hash(self.tenant) {
            self.faults.push(Fault::Changed(entry.number));
        }
        let seen = self.signed.remove(&entry.number).unwrap_or_default();
        if seen.iter().any(|hash| *hash != entry.hash) {
            self.faults.push(Fault::NotAsSigned(entry.number));
        }
        self.head = entry.head();
    }

    /// Everything that is wrong with an export that was signed at `head`. What was signed later is not in it.
    pub(crate) fn finish_export(mut self, head: &Head) -> Vec<Fault> {
        self.signed.retain(|number, _| *number <= head.number);
        self.finish(head)
    }

    /// Everything that is wrong, once all entries were taken; `head` is the end that the database knows of.
    pub(crate) fn finish(mut self, head: &Head) -> Vec<Fault> {
        let found = self.head.number;
        let signed = self.signed.keys().copied().max().unwrap_or(0);
        let expected = head.number.max(signed);
        if found != expected {
            self.faults.push(Fault::Cut { found, expected });
        } else if self.head != *head {
            self.faults.push(Fault::Changed(found));
        }
        self.faults
    }
}
