//! What decisions promise, step by step and over random situations.

mod gate;
mod outreach;
mod overtaken;
mod settle;

use std::time::Duration;

use domain::assessment::Assessment;
use domain::cause::Cause;
use domain::channel::Channel;
use domain::consent::Purpose;
use domain::id::{ExperimentId, PlayId, QueueId};
use domain::language::Language;
use domain::moment::{Moment, MomentKind};
use domain::money::BasisPoints;
use domain::remedy::RemedyKind;
use domain::text::Text;
use domain::time::{LocalHours, Timestamp};
use testkit::builders::{MomentBuilder, a_moment, an_assessment, bps};
use testkit::clock::start;

use super::*;
use crate::play::{PlayRule, PlayState, PlayText};

/// A live chat play for unexpected costs at checkout, with an uplift of so many basis points.
pub(crate) fn a_play(id: &str, uplift: u32) -> Play {
    Play {
        id: PlayId::parse(id).unwrap(),
        version: 1,
        state: PlayState::Live,
        rule: PlayRule {
            purpose: Text::parse("help at checkout").unwrap(),
            triggers: vec![MomentKind::CheckoutEntered, MomentKind::Friction],
            causes: vec![Cause::UnexpectedCost],
            min_confidence: bps(3_000),
            min_abandonment: bps(3_000),
            min_cart_value: None,
            channel: Channel::Chat,
            not_before_on_site: Duration::from_secs(30),
            stale_after: Duration::from_mins(2),
            queue: Some(QueueId::parse("checkout").unwrap()),
            skill: None,
            ladder: vec![RemedyKind::Information, RemedyKind::WaiveShipping],
            texts: vec![PlayText {
                language: Language::EN,
                text: Text::parse("May we help?").unwrap(),
            }],
            expected_uplift: bps(uplift),
            holdout: Some(BasisPoints::ZERO),
        },
    }
}

fn on(channel: Channel, play: Play) -> Play {
    let needs_agent = matches!(channel, Channel::Chat | Channel::Call);
    let queue = needs_agent.then(|| QueueId::parse("checkout").unwrap());
    Play {
        rule: PlayRule {
            channel,
            queue,
            ..play.rule
        },
        ..play
    }
}

fn held_out_by(share: u32, play: Play) -> Play {
    Play {
        rule: PlayRule {
            holdout: Some(bps(share)),
            ..play.rule
        },
        ..play
    }
}

pub(crate) fn rules() -> Rules {
    Rules {
        experiment: ExperimentId::parse("proactive-help").unwrap(),
        holdout: bps(1_000),
        outreach: Outreach::Running,
        contact_cap: 3,
        contact_window: Duration::from_hours(168),
        call_hours: LocalHours::new(8, 20).unwrap(),
        silent_pages: vec!["/legal".to_owned()],
        page_change: PageChange::Stale,
    }
}

/// A moment whose person may be helped on every channel.
fn a_helpable_moment() -> MomentBuilder {
    [Channel::OnPage, Channel::Chat, Channel::Call]
        .into_iter()
        .fold(a_moment().with_zone("Europe/Madrid"), |moment, channel| {
            moment.with_consent_to(channel, Purpose::ProactiveHelp)
        })
}

/// Everything that a decision looks at, owned, to be changed by a test in one place.
#[derive(Debug, Clone)]
struct World {
    moment: Moment,
    assessment: Assessment,
    plays: Vec<Play>,
    record: PersonRecord,
    rules: Rules,
    now: Timestamp,
}

impl World {
    fn new(moment: MomentBuilder, plays: Vec<Play>) -> Self {
        let moment = moment.build();
        Self {
            assessment: an_assessment().of(&moment).build(),
            moment,
            plays,
            record: PersonRecord::default(),
            rules: rules(),
            now: start(),
        }
    }

    fn helpable() -> Self {
        Self::new(a_helpable_moment(), vec![a_play("cost-shock", 500)])
    }

    fn gate(&self) -> Gate<'_> {
        let Self {
            moment,
            assessment,
            plays,
            record,
            rules,
            now,
        } = self;
        gate(&Situation {
            moment,
            assessment,
            plays,
            record,
            rules,
            now: *now,
        })
    }

    /// The reasons against the play that was withheld, the primary one first; empty when the gate opened.
    fn reasons(&self) -> Vec<BlockReason> {
        match self.gate() {
            Gate::Open { .. } => Vec::new(),
            Gate::Withheld {
                how: Withheld::Blocked(block),
                ..
            } => block.reasons().collect(),
            other @ (Gate::Withheld { .. } | Gate::Closed { .. }) => {
                panic!("neither open nor blocked: {other:?}")
            }
        }
    }
}
