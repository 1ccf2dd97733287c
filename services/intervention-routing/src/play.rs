//! Plays: the rules that join a trigger and a cause to a channel, a queue and a ladder of remedies.
//!
//! A play is versioned data. Each change is a new version, and each decision names the version it used. What a version may
//! do next depends on its state alone. Deliberately absent: who is picked, which is `decide`.

use std::time::Duration;

use domain::cause::Cause;
use domain::channel::Channel;
use domain::id::{PlayId, QueueId, SkillId};
use domain::language::Language;
use domain::moment::MomentKind;
use domain::money::{BasisPoints, Money};
use domain::remedy::RemedyKind;
use domain::text::Text;
use domain::word::closed_enum;
use serde::{Deserialize, Serialize};

/// A version of a play and where it is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Play {
    /// The play.
    pub(crate) id: PlayId,
    /// From 1.
    pub(crate) version: u32,
    /// Where this version is in its life.
    pub(crate) state: PlayState,
    /// What it does.
    pub(crate) rule: PlayRule,
}

/// What a play does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlayRule {
    /// What it is for.
    pub(crate) purpose: Text<256>,
    /// Kinds of moment that trigger it.
    pub(crate) triggers: Vec<MomentKind>,
    /// Likely causes that it is for.
    pub(crate) causes: Vec<Cause>,
    /// Lowest confidence in the cause.
    pub(crate) min_confidence: BasisPoints,
    /// Lowest probability of abandonment.
    pub(crate) min_abandonment: BasisPoints,
    /// Lowest cart value; a cart in another currency does not qualify.
    #[serde(default)]
    pub(crate) min_cart_value: Option<Money>,
    /// How help comes.
    pub(crate) channel: Channel,
    /// Not before this time on the site.
    #[serde(with = "seconds")]
    pub(crate) not_before_on_site: Duration,
    /// The invitation or task is stale after this.
    #[serde(with = "seconds")]
    pub(crate) stale_after: Duration,
    /// Queue of the task; always there when an agent is needed.
    #[serde(default)]
    pub(crate) queue: Option<QueueId>,
    /// Skill an agent needs.
    #[serde(default)]
    pub(crate) skill: Option<SkillId>,
    /// Remedies in the order in which an agent tries them.
    pub(crate) ladder: Vec<RemedyKind>,
    /// What the shopper reads, by language.
    pub(crate) texts: Vec<PlayText>,
    /// Expected gain in the chance of an order.
    pub(crate) expected_uplift: BasisPoints,
    /// Share held out; the tenant's default when absent.
    #[serde(default)]
    pub(crate) holdout: Option<BasisPoints>,
}

/// What the shopper reads in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlayText {
    /// The language.
    pub(crate) language: Language,
    /// The text.
    pub(crate) text: Text<512>,
}

closed_enum! {
    /// Where a version of a play is in its life.
    pub enum PlayState {
        /// Stored, qualifies nobody.
        Draft = "draft",
        /// Run over stored decisions, qualifies nobody.
        Simulated = "simulated",
        /// Qualifies shoppers.
        Live = "live",
        /// Stopped by a person or by harm.
        Paused = "paused",
        /// A newer version took its place.
        Retired = "retired",
    }
}

/// A move that the state of a play does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the play version is `{}` and cannot become `{}`", from.as_str(), to.as_str())]
pub(crate) struct IllegalPlayMove {
    /// The state it is in.
    pub(crate) from: PlayState,
    /// The state it was to be in.
    pub(crate) to: PlayState,
}

/// Why a rule is not sound, with the field at fault as the wire names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub(crate) struct UnsoundRule {
    /// The field.
    pub(crate) field: &'static str,
    /// What would be right.
    pub(crate) what: &'static str,
}

impl Play {
    /// The version after a simulation; only a draft changes its state by it.
    #[must_use]
    pub(crate) fn simulated(mut self) -> Self {
        if self.state == PlayState::Draft {
            self.state = PlayState::Simulated;
        }
        self
    }

    /// The version that qualifies shoppers from now on.
    ///
    /// # Errors
    ///
    /// [`IllegalPlayMove`] for a retired version: create the next one instead.
    pub(crate) fn activated(self) -> Result<Self, IllegalPlayMove> {
        match self.state {
            PlayState::Draft | PlayState::Simulated | PlayState::Paused | PlayState::Live => {
                Ok(self.in_state(PlayState::Live))
            }
            PlayState::Retired => Err(self.refuse(PlayState::Live)),
        }
    }

    /// The version, stopped.
    ///
    /// # Errors
    ///
    /// [`IllegalPlayMove`] unless it is live.
    pub(crate) fn paused(self) -> Result<Self, IllegalPlayMove> {
        match self.state {
            PlayState::Live => Ok(self.in_state(PlayState::Paused)),
            PlayState::Draft | PlayState::Simulated | PlayState::Paused | PlayState::Retired => {
                Err(self.refuse(PlayState::Paused))
            }
        }
    }

    /// The version whose place another took.
    #[must_use]
    pub(crate) fn retired(self) -> Self {
        self.in_state(PlayState::Retired)
    }

    /// What a shopper of this language reads: their own, else English, else the first text there is.
    pub(crate) fn text_for(&self, language: Option<Language>) -> Option<&PlayText> {
        let texts = &self.rule.texts;
        let in_language = |wanted| texts.iter().find(|text| text.language == wanted);
        language
            .and_then(in_language)
            .or_else(|| in_language(Language::EN))
            .or_else(|| texts.first())
    }

    fn in_state(mut self, state: PlayState) -> Self {
        self.state = state;
        self
    }

    const fn refuse(&self, to: PlayState) -> IllegalPlayMove {
        IllegalPlayMove {
            from: self.state,
            to,
        }
    }
}

impl PlayRule {
    /// Whether an agent takes part.
    pub(crate) const fn needs_agent(&self) -> bool {
        matches!(self.channel, Channel::Chat | Channel::Call)
    }

    /// Checks what the fields say together.
    ///
    /// # Errors
    ///
    /// [`UnsoundRule`] with the first field at fault.
    pub(crate) fn check(&self) -> Result<(), UnsoundRule> {
        let fault = |field, what| Err(UnsoundRule { field, what });
        if matches!(self.channel, Channel::Email | Channel::Sms) {
            return fault(
                "channel",
                "must be on_page, chat or call: this release has no carrier for messages",
            );
        }
        if self.triggers.is_empty() {
            return fault("triggers", "must name at least one kind of moment");
        }
        if self.causes.is_empty() {
            return fault("causes", "must name at least one cause");
        }
        if self.ladder.is_empty() {
            return fault("remedy_ladder", "must name at least one remedy");
        }
        if self.texts.is_empty() {
            return fault("texts", "must hold a text in at least one language");
        }
        if self.needs_agent() != self.queue.is_some() {
            return fault(
                "queue_id",
                "must be set for chat and call, and empty otherwise",
            );
        }
        let rungs_rise = self.ladder.is_sorted_by_key(|remedy| remedy.rung());
        if !rungs_rise {
            return fault(
                "remedy_ladder",
                "must explain first, fix second and concede last",
            );
        }
        let stale = Duration::from_secs(1)..=Duration::from_hours(24);
        if !stale.contains(&self.stale_after) {
            return fault("stale_after", "must be 1 second to 24 hours");
        }
        Ok(())
    }
}

/// Spans in play files are whole seconds.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(span: &Duration, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_u64(span.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
        u64::deserialize(input).map(Duration::from_secs)
    }
}
