//! Plays.

use std::time::Duration;

use domain::id::PlayId;
use domain::money::BasisPoints;
use domain::text::Text;
use domain::time::Timestamp;
use platform::paging::Page;
use proto::convert::time::{optional_timestamp, required_duration, wire_duration};
use proto::error::v1::ErrorReason;
use proto::field::{self, InvalidField, WireField};
use proto::routing::v1 as pb;

use crate::play::{Play, PlayRule, PlayState, PlayText};
use crate::service::{PlayDraft, PlayName, Simulation};
use crate::store::Version;

/// Texts and words of a play; more would be a mistake.
const MOST_ITEMS: usize = 50;

impl TryFrom<pb::Play> for PlayDraft {
    type Error = InvalidField;

    fn try_from(play: pb::Play) -> Result<Self, InvalidField> {
        let pb::Play {
            play_id,
            version: _,
            state: _,
            purpose,
            triggers,
            causes,
            min_confidence_bps,
            min_abandonment_bps,
            min_cart_value,
            channel,
            not_before_on_site,
            stale_after,
            queue_id,
            skill,
            remedy_ladder,
            texts,
            expected_uplift_bps,
            holdout_bps,
        } = play;
        let id = field::read("play_id", play_id)?;
        let rule = PlayRule {
            purpose: bounded("purpose", &purpose)?,
            triggers: distinct("triggers", field::read("triggers", triggers)?)?,
            causes: distinct("causes", field::read("causes", causes)?)?,
            min_confidence: field::read("min_confidence_bps", min_confidence_bps)?,
            min_abandonment: field::read("min_abandonment_bps", min_abandonment_bps)?,
            min_cart_value: field::read("min_cart_value", min_cart_value)?,
            channel: field::read("channel", channel)?,
            not_before_on_site: span("not_before_on_site", not_before_on_site)?,
            stale_after: required_duration("stale_after", stale_after)?,
            queue: unless_empty("queue_id", queue_id)?,
            skill: unless_empty("skill", skill)?,
            ladder: distinct(
                "remedy_ladder",
                field::read("remedy_ladder", remedy_ladder)?,
            )?,
            texts: all_texts(texts)?,
            expected_uplift: field::read("expected_uplift_bps", expected_uplift_bps)?,
            holdout: holdout_bps
                .map(|share| field::read("holdout_bps", share))
                .transpose()?,
        };
        rule.check().map_err(|fault| {
            InvalidField::new(fault.field, ErrorReason::InvalidField, fault.what)
        })?;
        Ok(Self { id, rule })
    }
}

fn bounded<const MAX: usize>(name: &str, text: &str) -> Result<Text<MAX>, InvalidField> {
    Text::parse(text).map_err(InvalidField::at(name))
}

/// A span that is zero when absent.
fn span(name: &str, wire: Option<prost_types::Duration>) -> Result<Duration, InvalidField> {
    wire.map_or(Ok(Duration::ZERO), |span| {
        required_duration(name, Some(span))
    })
}

fn unless_empty<T: WireField<String>>(name: &str, text: String) -> Result<Option<T>, InvalidField> {
    if text.is_empty() {
        return Ok(None);
    }
    field::read(name, text).map(Some)
}

fn distinct<T: Copy + Eq + std::hash::Hash>(
    name: &str,
    items: Vec<T>,
) -> Result<Vec<T>, InvalidField> {
    field::within_count(name, items.len(), MOST_ITEMS)?;
    field::distinct(name, items.iter().copied())?;
    Ok(items)
}

fn all_texts(texts: Vec<pb::PlayText>) -> Result<Vec<PlayText>, InvalidField> {
    field::within_count("texts", texts.len(), MOST_ITEMS)?;
    let texts: Vec<PlayText> = field::messages("texts", texts)?;
    field::distinct("texts", texts.iter().map(|text| text.language))?;
    Ok(texts)
}

impl TryFrom<pb::PlayText> for PlayText {
    type Error = InvalidField;

    fn try_from(wire: pb::PlayText) -> Result<Self, InvalidField> {
        let pb::PlayText { language, text } = wire;
        Ok(Self {
            language: field::read("language", language)?,
            text: bounded("text", &text)?,
        })
    }
}

impl From<Play> for pb::Play {
    fn from(play: Play) -> Self {
        let Play {
            id,
            version,
            state,
            rule,
        } = play;
        Self {
            play_id: id.into_wire(),
            version,
            state: pb::PlayState::from(state).into(),
            purpose: rule.purpose.to_string(),
            triggers: rule.triggers.into_wire(),
            causes: rule.causes.into_wire(),
            min_confidence_bps: rule.min_confidence.get(),
            min_abandonment_bps: rule.min_abandonment.get(),
            min_cart_value: rule.min_cart_value.into_wire(),
            channel: rule.channel.into_wire(),
            not_before_on_site: Some(wire_duration(rule.not_before_on_site)),
            stale_after: Some(wire_duration(rule.stale_after)),
            queue_id: rule.queue.map(WireField::into_wire).unwrap_or_default(),
            skill: rule.skill.map(WireField::into_wire).unwrap_or_default(),
            remedy_ladder: rule.ladder.into_wire(),
            texts: rule.texts.into_iter().map(Into::into).collect(),
            expected_uplift_bps: rule.expected_uplift.get(),
            holdout_bps: rule.holdout.map(BasisPoints::get),
        }
    }
}

impl From<PlayText> for pb::PlayText {
    fn from(text: PlayText) -> Self {
        let PlayText { language, text } = text;
        Self {
            language: language.into_wire(),
            text: text.to_string(),
        }
    }
}

impl From<PlayState> for pb::PlayState {
    fn from(state: PlayState) -> Self {
        match state {
            PlayState::Draft => Self::Draft,
            PlayState::Simulated => Self::Simulated,
            PlayState::Live => Self::Live,
            PlayState::Paused => Self::Paused,
            PlayState::Retired => Self::Retired,
        }
    }
}

/// Reads the two fields that name a version; zero means the newest.
pub(in crate::grpc) fn play_name(play_id: String, version: u32) -> Result<PlayName, InvalidField> {
    let id: PlayId = field::read("play_id", play_id)?;
    let version = match version {
        0 => Version::Newest,
        number => Version::Number(number),
    };
    Ok(PlayName { id, version })
}

/// Which version to simulate, and from when on.
pub(in crate::grpc) struct ToSimulate {
    pub(in crate::grpc) name: PlayName,
    pub(in crate::grpc) from: Option<Timestamp>,
}

impl TryFrom<pb::SimulatePlayRequest> for ToSimulate {
    type Error = InvalidField;

    fn try_from(request: pb::SimulatePlayRequest) -> Result<Self, InvalidField> {
        let pb::SimulatePlayRequest {
            play_id,
            version,
            from,
        } = request;
        Ok(Self {
            name: play_name(play_id, version)?,
            from: optional_timestamp("from", from)?,
        })
    }
}

impl From<Simulation> for pb::SimulatePlayResponse {
    fn from(simulation: Simulation) -> Self {
        let Simulation {
            moments,
            qualified,
            persons,
            blocks,
            play,
        } = simulation;
        let blocks = blocks.into_iter().map(|(reason, count)| pb::BlockCount {
            reason: reason.into_wire(),
            count,
        });
        Self {
            moment_count: moments,
            qualified_count: qualified,
            person_count: persons,
            blocks: blocks.collect(),
            play: Some(play.into()),
        }
    }
}

pub(in crate::grpc) fn listed(page: Page<Play>) -> pb::ListPlaysResponse {
    let Page {
        items,
        next_page_token,
    } = page;
    pb::ListPlaysResponse {
        plays: items.into_iter().map(Into::into).collect(),
        next_page_token,
    }
}
