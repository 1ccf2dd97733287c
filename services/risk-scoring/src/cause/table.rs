//! The table of likelihoods: data with reasons, compiled in and checked at start.

use std::collections::BTreeMap;

use domain::cause::Cause;
use domain::phase::RiskPhase;
use domain::signal::SignalKind;
use domain::text::Text;
use serde::Deserialize;

use crate::scorecard::TableError;

const BUILT_IN: &str = include_str!("../../models/causes.toml");

/// Largest weight of either sign; more would make a hint a proof.
const MAX_WEIGHT: f64 = 10.0;

/// Versions of built-in tables lie below this, and what was learned on one has this many times its version and a number from
/// 1 below this. The contract says so.
const STRIDE: u32 = 1_000;

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    phase_match: f64,
    phase_mismatch: f64,
    priors: Vec<Prior>,
    signals: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Prior {
    cause: Cause,
    log_weight: f64,
    #[serde(rename = "reason")]
    _reason: Text<256>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    signal: SignalKind,
    half_life_minutes: f64,
    #[serde(default)]
    idle: Idle,
    causes: Vec<Weight>,
    #[serde(rename = "reason")]
    _reason: Text<256>,
}

/// Whether a signal means only that nothing happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "bool")]
enum Idle {
    Yes,
    #[default]
    No,
}

impl From<bool> for Idle {
    fn from(idle: bool) -> Self {
        if idle { Self::Yes } else { Self::No }
    }
}

/// What a signal says for one cause.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Weight {
    pub(super) cause: Cause,
    /// Seen once.
    pub(super) first: f64,
    /// More, each time that the count doubles.
    pub(super) repeat: f64,
}

/// The checked table.
#[derive(Debug)]
pub(crate) struct CauseTable {
    version: u32,
    phase_match: f64,
    phase_mismatch: f64,
    priors: BTreeMap<Cause, f64>,
    signals: BTreeMap<SignalKind, Row>,
}

impl CauseTable {
    /// Reads the table that was compiled in.
    ///
    /// # Errors
    /// The file was changed into something that breaks a rule; a test tells before a release does.
    pub(crate) fn built_in() -> Result<Self, TableError> {
        Self::parse(BUILT_IN)
    }

    pub(super) fn parse(text: &str) -> Result<Self, TableError> {
        let File {
            version,
            phase_match,
            phase_mismatch,
            priors,
            signals,
        } = toml::from_str(text)?;
        for prior in &priors {
            bounded(prior.cause.as_str(), prior.log_weight)?;
        }
        for row in &signals {
            check(row)?;
        }
        if version == 0 || version >= STRIDE {
            return Err(TableError::Rule("the version must be 1 to 999".to_owned()));
        }
        bounded("phase_match", phase_match)?;
        bounded("phase_mismatch", phase_mismatch)?;
        let table = Self {
            version,
            phase_match,
            phase_mismatch,
            priors: priors
                .into_iter()
                .map(|prior| (prior.cause, prior.log_weight))
                .collect(),
            signals: signals.into_iter().map(|row| (row.signal, row)).collect(),
        };
        table.is_complete().then_some(table).ok_or_else(|| {
            TableError::Rule("every cause needs a prior and every signal a row".to_owned())
        })
    }

    /// From 1; an assessment keeps the one it was made by.
    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    /// The version of what is learned on this table after the newest; `None` once there can be no more.
    pub(crate) fn next_learned(&self, newest: Option<u32>) -> Option<u32> {
        let first = self.version * STRIDE;
        let last = newest.map_or(first, |newest| newest.max(first));
        Some(last + 1).filter(|next| self.is_base_of(*next))
    }

    /// Whether a version was learned on this table. What was learned on another says nothing about this one.
    pub(crate) fn is_base_of(&self, learned: u32) -> bool {
        learned / STRIDE == self.version && !learned.is_multiple_of(STRIDE)
    }

    pub(super) fn prior(&self, cause: Cause) -> f64 {
        self.priors.get(&cause).copied().unwrap_or_default()
    }

    /// What the phase of a moment says for a cause that belongs to one.
    pub(super) fn phase_weight(&self, cause: Cause, phase: RiskPhase) -> f64 {
        match cause.phase() {
            None => 0.0,
            Some(own) if own == phase => self.phase_match,
            Some(_) => self.phase_mismatch,
        }
    }

    pub(super) fn is_idle(&self, signal: SignalKind) -> bool {
        self.signals
            .get(&signal)
            .is_some_and(|row| row.idle == Idle::Yes)
    }

    /// What a signal says, cause by cause, and the minutes in which that loses half of its weight.
    pub(super) fn weights(&self, signal: SignalKind) -> (&[Weight], f64) {
        let row = self.signals.get(&signal);
        row.map_or((<&[Weight]>::default(), f64::INFINITY), |row| {
            (row.causes.as_slice(), row.half_life_minutes)
        })
    }

    fn is_complete(&self) -> bool {
        Cause::ALL
            .iter()
            .all(|cause| self.priors.contains_key(cause))
            && SignalKind::ALL
                .iter()
                .all(|kind| self.signals.contains_key(kind))
    }
}

fn check(row: &Row) -> Result<(), TableError> {
    let name = row.signal.as_str();
    let rule = |what: &str| Err(TableError::Rule(format!("`{name}` {what}")));
    if !(row.half_life_minutes.is_finite() && row.half_life_minutes > 0.0) {
        return rule("needs a half-life above 0");
    }
    for weight in &row.causes {
        bounded(name, weight.first)?;
        bounded(name, weight.repeat)?;
        if weight.first <= 0.0 || weight.repeat < 0.0 {
            return rule("may only speak for a cause");
        }
        if weight.cause == Cause::Unknown {
            return rule("cannot speak for the unknown");
        }
    }
    // INVARIANT: the first cause gains the most from each sighting, so more of a signal never makes it less likely.
    let first = row.causes.first();
    let led = first.is_none_or(|first| {
        row.causes
            .iter()
            .all(|weight| weight.first <= first.first && weight.repeat <= first.repeat)
    });
    if led {
        Ok(())
    } else {
        rule("must name the cause that it speaks for most first")
    }
}

fn bounded(name: &str, weight: f64) -> Result<(), TableError> {
    if weight.abs() <= MAX_WEIGHT {
        Ok(())
    } else {
        Err(TableError::Rule(format!("`{name}` has no usable weight")))
    }
}
