//! Why a qualified shopper was not contacted: one primary reason by a fixed rank, and all others that held.
//!
//! Operators read the primary reason in reports, so the same reasons must always yield the same one, in whatever order
//! they were found.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::word::closed_enum;

closed_enum! {
    /// One reason not to contact. The order of declaration is the rank: the first that holds is the primary one.
    pub enum BlockReason {
        /// The order is placed; there is nothing to rescue.
        Ordered = "ordered",
        /// Cart, page or order changed, or the moment is over.
        Stale = "stale",
        /// An operator stopped all contacts.
        KillSwitch = "kill_switch",
        /// The person is in the holdout.
        Holdout = "holdout",
        /// No confirmed consent for channel and purpose.
        ConsentMissing = "consent_missing",
        /// The local time is not known, so neither are the quiet hours.
        ZoneUnknown = "zone_unknown",
        /// It is too early or too late where the person is.
        QuietHours = "quiet_hours",
        /// The queue is closed.
        OpeningHours = "opening_hours",
        /// No contact is wanted on this page.
        Page = "page",
        /// The person has had as many contacts as anyone may.
        FrequencyCap = "frequency_cap",
        /// Too soon after a decline or a contact.
        CoolDown = "cool_down",
        /// Somebody is in contact with the person already.
        ExistingContact = "existing_contact",
        /// The shopper makes progress and is not interrupted.
        Progressing = "progressing",
        /// Nobody available may grant a remedy for the likely cause.
        NotEmpowered = "not_empowered",
        /// The budget has no room.
        Budget = "budget",
        /// The margin does not allow it.
        Margin = "margin",
        /// No agent is available.
        NoAgent = "no_agent",
        /// Agents could not answer in time.
        Pacing = "pacing",
        /// Another play was worth more.
        HigherPriorityPlay = "higher_priority_play",
    }
}

/// Why one contact did not happen: at least one reason, one of them primary.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<BlockReason>", into = "Vec<BlockReason>")]
pub struct Block {
    primary: BlockReason,
    others: Vec<BlockReason>,
}

/// A block without a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must hold at least one block reason")]
pub struct NoBlockReason;

impl Block {
    /// The block that the reasons make, each counted once; `None` when nothing stands in the way.
    pub fn from_reasons(reasons: impl IntoIterator<Item = BlockReason>) -> Option<Self> {
        let mut ranked = reasons
            .into_iter()
            .collect::<BTreeSet<BlockReason>>()
            .into_iter();
        let primary = ranked.next()?;
        Some(Self {
            primary,
            others: ranked.collect(),
        })
    }

    /// The reason that stands in reports.
    pub const fn primary(&self) -> BlockReason {
        self.primary
    }

    /// All other reasons that held, by rank.
    pub fn others(&self) -> &[BlockReason] {
        &self.others
    }

    /// All reasons by rank, the primary one first.
    pub fn reasons(&self) -> impl Iterator<Item = BlockReason> + '_ {
        std::iter::once(self.primary).chain(self.others.iter().copied())
    }
}

impl TryFrom<Vec<BlockReason>> for Block {
    type Error = NoBlockReason;

    fn try_from(reasons: Vec<BlockReason>) -> Result<Self, NoBlockReason> {
        Self::from_reasons(reasons).ok_or(NoBlockReason)
    }
}

impl From<Block> for Vec<BlockReason> {
    fn from(block: Block) -> Self {
        block.reasons().collect()
    }
}

#[cfg(test)]
mod tests;
