//! The trail of a decision: what each step saw and said.

use domain::block::BlockReason;
use domain::text::Text;
use domain::word::closed_enum;
use serde::{Deserialize, Serialize};

/// One step of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    /// Which step.
    pub(crate) name: StepName,
    /// What it said.
    pub(crate) verdict: Verdict,
    /// What it saw, in words, without personal values.
    pub(crate) detail: String,
}

closed_enum! {
    /// The steps, in the order in which they are taken.
    pub enum StepName {
        /// Is the order placed?
        Order = "order",
        /// Which live plays match?
        Qualify = "qualify",
        /// Which of them are new in this session?
        Dedupe = "dedupe",
        /// Treatment or holdout?
        Assign = "assign",
        /// Has an operator stopped all contacts?
        KillSwitch = "kill_switch",
        /// Is there consent for channel and purpose?
        Consent = "consent",
        /// Is it a time at which the person may be contacted?
        Hours = "hours",
        /// May something be shown on this page?
        Page = "page",
        /// How many contacts had the person?
        Caps = "caps",
        /// Does the person want to be left alone?
        CoolDown = "cool_down",
        /// Is somebody in contact with the person?
        Contact = "contact",
        /// Does the shopper make progress?
        Progress = "progress",
        /// Is the moment still true?
        Freshness = "freshness",
        /// May anyone available remedy the cause?
        Empowerment = "empowerment",
        /// Can an agent answer now?
        Capacity = "capacity",
        /// Which play is worth most?
        Pick = "pick",
    }
}

/// What a step said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Nothing against it.
    Passed,
    /// Not this way; without a reason code when no play was there to block.
    Refused {
        /// The reason.
        reason: Option<BlockReason>,
    },
    /// Not asked, since another step decided.
    Skipped,
}

/// Longest detail in bytes; longer lists of plays are cut.
const DETAIL_MAX: usize = 256;

impl Step {
    /// Nothing against it.
    pub(crate) fn passed(name: StepName, detail: impl Into<String>) -> Self {
        Self::new(name, Verdict::Passed, detail.into())
    }

    /// Not this way.
    pub(crate) fn refused(name: StepName, reason: BlockReason, detail: impl Into<String>) -> Self {
        let verdict = Verdict::Refused {
            reason: Some(reason),
        };
        Self::new(name, verdict, detail.into())
    }

    /// No play to go on with.
    pub(crate) fn ended(name: StepName, detail: impl Into<String>) -> Self {
        Self::new(name, Verdict::Refused { reason: None }, detail.into())
    }

    /// Not asked.
    pub(crate) fn skipped(name: StepName) -> Self {
        Self::new(name, Verdict::Skipped, "another step decided".to_owned())
    }

    fn new(name: StepName, verdict: Verdict, detail: String) -> Self {
        let fits = Text::<DETAIL_MAX>::parse(&detail).is_ok();
        let detail = if fits {
            detail
        } else {
            detail.chars().take(DETAIL_MAX / 4).collect()
        };
        Self {
            name,
            verdict,
            detail,
        }
    }
}
