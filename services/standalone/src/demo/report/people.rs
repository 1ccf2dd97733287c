//! Shoppers: what became of the scripted ones, and how far all of them came.

use std::collections::{BTreeMap, BTreeSet};

use domain::cause::Cause;
use proto::fact::v1::Fact;
use proto::fact::v1::fact::Body;
use proto::field::WireField;
use serde::Serialize;

use crate::demo::checks;
use crate::demo::reading::Reading;
use crate::demo::source::Source;
use crate::demo::stage::Taken;
use crate::demo::step::Step;

/// What became of one scripted shopper.
#[derive(Debug, Serialize)]
pub(in crate::demo) struct SceneLine {
    pub(in crate::demo) name: &'static str,
    pub(in crate::demo) about: &'static str,
    pub(in crate::demo) phase: &'static str,
    pub(in crate::demo) cause: &'static str,
    pub(in crate::demo) session: String,
    /// How each intervention ended, the oldest first.
    pub(in crate::demo) outcomes: Vec<String>,
    /// What the page in the browser was told.
    pub(in crate::demo) page: Vec<&'static str>,
    pub(in crate::demo) trace_id: String,
    pub(in crate::demo) as_expected: bool,
}

/// One step of the funnel: everybody, and the scripted shoppers among them.
#[derive(Debug, Serialize)]
pub(in crate::demo) struct FunnelLine {
    pub(in crate::demo) step: &'static str,
    pub(in crate::demo) all: u64,
    pub(in crate::demo) scripted: u64,
}

/// How often a cause was found.
#[derive(Debug, Serialize)]
pub(in crate::demo) struct CauseLine {
    pub(in crate::demo) cause: &'static str,
    pub(in crate::demo) phase: &'static str,
    /// Assessed moments with this likely cause.
    pub(in crate::demo) assessed: u64,
    /// Interventions for it.
    pub(in crate::demo) qualified: u64,
    /// Interventions for it of scripted shoppers.
    pub(in crate::demo) scripted: u64,
}

/// The sessions of scripted shoppers.
fn scripted(taken: &Taken) -> BTreeSet<String> {
    let sessions = taken
        .scenes
        .iter()
        .map(|take| take.identity.session.to_string());
    sessions.collect()
}

fn is_of(fact: &Fact, sessions: &BTreeSet<String>) -> bool {
    fact.session_id
        .as_ref()
        .is_some_and(|session| sessions.contains(session))
}

pub(super) fn scenes(taken: &Taken, reading: &Reading) -> Vec<SceneLine> {
    let lines = taken.scenes.iter().map(|take| {
        let session = take.identity.session.to_string();
        let outcomes: Vec<String> = reading.of_session(&session).map(checks::ending).collect();
        let first = reading.of_session(&session).next();
        SceneLine {
            name: take.scene.name,
            about: take.scene.about,
            phase: take
                .scene
                .cause
                .phase()
                .map_or("any", |phase| phase.as_str()),
            cause: take.scene.cause.as_str(),
            outcomes,
            page: take
                .lived
                .as_ref()
                .map(|lived| lived.updates.clone())
                .unwrap_or_default(),
            trace_id: first
                .map(|first| first.trace_id.clone())
                .unwrap_or_default(),
            as_expected: checks::scene(take, reading).held,
            session,
        }
    });
    lines.collect()
}

pub(super) fn funnel(source: &Source<'_>) -> Vec<FunnelLine> {
    let counted = source.reading.kpis.funnel.unwrap_or_default();
    let sessions = scripted(source.taken);
    let ours = |step: Step| {
        let facts = source.reading.facts.iter();
        let of_step = facts.filter(|fact| fact.body.as_ref().is_some_and(|body| step.is(body)));
        count(of_step.filter(|fact| is_of(fact, &sessions)))
    };
    let steps = Step::ALL.map(|step| FunnelLine {
        step: step.words(),
        all: step.counted(&counted),
        scripted: ours(step),
    });
    let mut lines = Vec::from(steps);
    lines.push(FunnelLine {
        step: "ordered after engaging",
        all: counted.ordered,
        scripted: counted.ordered,
    });
    lines
}

pub(super) fn causes(source: &Source<'_>) -> Vec<CauseLine> {
    let sessions = scripted(source.taken);
    let mut counts: BTreeMap<Cause, [u64; 3]> = BTreeMap::new();
    for fact in &source.reading.facts {
        let (cause, one) = match &fact.body {
            Some(Body::MomentAssessed(assessed)) => (assessed.cause, [1, 0, 0]),
            Some(Body::EpisodeAssigned(drawn)) => {
                (drawn.cause, [0, 1, u64::from(is_of(fact, &sessions))])
            }
            _ => continue,
        };
        if let Ok(cause) = Cause::from_wire("cause", cause) {
            let counted = counts.entry(cause).or_default();
            for (counted, more) in counted.iter_mut().zip(one) {
                *counted += more;
            }
        }
    }
    let lines = counts
        .into_iter()
        .map(|(cause, [assessed, qualified, scripted])| CauseLine {
            cause: cause.as_str(),
            phase: cause.phase().map_or("any", |phase| phase.as_str()),
            assessed,
            qualified,
            scripted,
        });
    let mut lines: Vec<CauseLine> = lines.collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.assessed));
    lines
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    u64::try_from(items.count()).unwrap_or(u64::MAX)
}
