//! Whether a shopper is helped, decided without a clock, randomness or I/O.
//!
//! The decision is cut in two where the world must be asked: [`gate`] takes every step that needs only what is stored, and
//! [`settle`] the rest, once authority and availability are known for the plays that came through. Each step leaves a line
//! for whoever asks later why. The steps are taken in the order of [`StepName`].

mod checks;
mod gate;
mod overtaken;
mod qualify;
mod settle;
mod step;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;
use std::time::Duration;

use domain::assessment::Assessment;
use domain::block::{Block, BlockReason};
use domain::experiment::Arm;
use domain::id::{ExperimentId, PlayId};
use domain::moment::{Moment, Page};
use domain::money::BasisPoints;
use domain::time::{LocalHours, Timestamp};

pub(crate) use checks::consented;
pub(crate) use gate::{gate, simulate};
pub(crate) use overtaken::{Order, Overtaken, Seen, outlived, overtaken};
pub(crate) use settle::{Authority, Prospect, settle};
pub(crate) use step::{Step, StepName, Verdict};

use crate::config::{Outreach, PageChange};
use crate::play::Play;

/// All that a decision looks at before the world is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Situation<'a> {
    /// The moment.
    pub(crate) moment: &'a Moment,
    /// Its assessment.
    pub(crate) assessment: &'a Assessment,
    /// The live plays.
    pub(crate) plays: &'a [Play],
    /// What is stored about the person.
    pub(crate) record: &'a PersonRecord,
    /// The rules of the tenant.
    pub(crate) rules: &'a Rules,
    /// When it is decided.
    pub(crate) now: Timestamp,
}

/// What is stored about a person when a decision is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PersonRecord {
    /// Plays that qualified in this session before.
    pub(crate) qualified_plays: BTreeSet<PlayId>,
    /// Contacts that were shown or begun inside the cap's window, over all channels.
    pub(crate) contacts_in_window: u32,
    /// Nothing is shown before this time.
    pub(crate) quiet_until: Option<Timestamp>,
    /// Whether an intervention of the person is open, in any session and on any channel.
    pub(crate) contact: Contact,
    /// The arm that the person was given before, by the name that says most.
    pub(crate) arm: Option<Arm>,
    /// The newest state of the session that was decided on.
    pub(crate) newest_session_version: Option<u64>,
}

/// Whether somebody is in contact with a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Contact {
    /// Nobody.
    #[default]
    None,
    /// An intervention is open.
    Open,
}

/// Rules of a tenant that hold for all plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    /// The experiment that the holdout belongs to.
    pub(crate) experiment: ExperimentId,
    /// Share held out unless a play says otherwise.
    pub(crate) holdout: BasisPoints,
    /// Whether anything may be shown at all.
    pub(crate) outreach: Outreach,
    /// Most contacts of one person in the window.
    pub(crate) contact_cap: u32,
    /// The window of the cap.
    pub(crate) contact_window: Duration,
    /// Local hours in which a person may be called or written to.
    pub(crate) call_hours: LocalHours,
    /// Pages, by the start of their path, on which nothing is shown.
    pub(crate) silent_pages: Vec<String>,
    /// What another page means for an invitation that nobody has answered.
    pub(crate) page_change: PageChange,
}

impl Rules {
    /// Whether nothing is shown on a page.
    pub(crate) fn silences(&self, page: Option<&Page>) -> bool {
        let begins_with =
            |silent: &String| page.is_some_and(|page| page.as_str().starts_with(silent.as_str()));
        self.silent_pages.iter().any(begins_with)
    }
}

/// Where a decision stands before the world is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Gate<'a> {
    /// No new intervention.
    Closed {
        /// Why.
        closed: Closed,
        /// The steps taken.
        steps: Vec<Step>,
    },
    /// One play, withheld or blocked.
    Withheld {
        /// The play, the best of those that qualified.
        play: &'a Play,
        /// Held out or blocked.
        how: Withheld,
        /// The steps taken.
        steps: Vec<Step>,
    },
    /// Plays that may go on, the best first; never empty.
    Open {
        /// The plays.
        plays: Vec<&'a Play>,
        /// The steps taken.
        steps: Vec<Step>,
    },
}

/// Why a decision makes no intervention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Closed {
    /// The order is placed: open interventions of the session end.
    Ordered,
    /// No play matched.
    NotQualified,
    /// The plays that matched have qualified in this session before.
    Duplicate {
        /// The best of them.
        play: PlayId,
    },
}

/// Why a qualified play does nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Withheld {
    /// The person is in the holdout.
    HeldOut,
    /// A reason forbids it. The person stays in treatment, or the arms would differ.
    Blocked(Block),
}

/// What the world's answers make of the plays that came through the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settled<'a> {
    /// The play.
    pub(crate) play: &'a Play,
    /// Why not; `None` when help is on its way.
    pub(crate) block: Option<Block>,
    /// The steps taken, those of the gate included.
    pub(crate) steps: Vec<Step>,
}

/// What one play would have made of a stored moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Simulated {
    /// It would not have matched.
    NotQualified,
    /// It would have.
    Qualified {
        /// What would have blocked it, as far as the moment tells; empty when nothing would have.
        reasons: Vec<BlockReason>,
    },
}
