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
    cause: Cause,
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

    /// What a signal says for a cause, and how long that holds; `None` when it says nothing.
    pub(super) fn weight(&self, signal: SignalKind, cause: Cause) -> Option<(Weight, f64)> {
        let row = self.signals.get(&signal)?;
        let weight = row.causes.iter().find(|weight| weight.cause == cause)?;
        Some((*weight, row.half_life_minutes))
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
