//! Why a shopper hesitates: a posterior over causes from the signals of one moment, by a table that a person can read.
//!
//! Only causes that a signal argues for are named, and what is left is `UNKNOWN`. What agents note at wrap-up moves the priors
//! of their tenant, and nothing else.

mod learned;
mod table;
mod words;

use std::sync::Arc;

use domain::assessment::{CauseFinding, Probability, strongest_first};
use domain::cause::Cause;
use domain::moment::Moment;
use domain::phase::RiskPhase;
use domain::signal::{Signal, SignalKind};
use domain::time::elapsed;

pub(crate) use learned::{Labelled, Shifts};
pub(crate) use table::CauseTable;
pub(crate) use words::meaning;

/// Confidences are whole multiples of this, rounded down: a power of two, so that they sum up without rounding.
const STEP: f64 = 1.0 / 1_048_576.0;

/// Repetitions count up to three doublings: beyond eight times, a sign says nothing new.
const MAX_DOUBLINGS: f64 = 3.0;

const SECONDS_PER_MINUTE: f64 = 60.0;

/// What one signal says for one cause.
#[derive(Debug, Clone, Copy)]
struct Argument {
    cause: Cause,
    signal: SignalKind,
    strength: f64,
}

/// A cause and the log-weight that speaks for it.
struct Candidate {
    cause: Cause,
    log_weight: f64,
    evidence: Vec<SignalKind>,
}

/// What a tenant finds causes by: the built-in table, and what its agents have taught it.
#[derive(Debug, Clone)]
pub(crate) struct CauseBasis {
    table: Arc<CauseTable>,
    shifts: Shifts,
    version: u32,
}

impl CauseBasis {
    /// The built-in table alone.
    pub(crate) fn built_in(table: Arc<CauseTable>) -> Self {
        let version = table.version();
        Self {
            table,
            shifts: Shifts::default(),
            version,
        }
    }

    /// The table with what was learned.
    pub(crate) fn learned(table: Arc<CauseTable>, version: u32, shifts: Shifts) -> Self {
        Self {
            table,
            shifts,
            version,
        }
    }

    /// The version that an assessment keeps.
    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    /// Weighs the causes of a moment: the likeliest first, confidences that sum to 1 at most.
    pub(crate) fn findings(&self, moment: &Moment) -> Vec<CauseFinding> {
        weigh(moment, &self.table, &self.shifts)
    }
}

/// Weighs the causes of a moment by the built-in table alone.
pub(crate) fn findings(moment: &Moment, table: &CauseTable) -> Vec<CauseFinding> {
    weigh(moment, table, &Shifts::default())
}

fn weigh(moment: &Moment, table: &CauseTable, shifts: &Shifts) -> Vec<CauseFinding> {
    let mut candidates = vec![Candidate {
        cause: Cause::Unknown,
        log_weight: table.prior(Cause::Unknown),
        evidence: Vec::new(),
    }];
    let arguments = arguments(moment, table);
    if !arguments.is_empty() {
        let argued = |cause: &Cause| candidate(*cause, &arguments, moment.phase, table);
        candidates.extend(Cause::ALL.iter().filter_map(argued));
    }
    for candidate in &mut candidates {
        candidate.log_weight += shifts.of(candidate.cause);
    }
    strongest_first(posterior(candidates))
}

/// All that signals say, the strongest first.
fn arguments(moment: &Moment, table: &CauseTable) -> Vec<Argument> {
    let idle_counts = only_idle(moment, table);
    let mut arguments = Vec::new();
    for signal in &moment.signals {
        if idle_counts || !table.is_idle(signal.kind) {
            arguments.extend(said_by(signal, moment, table));
        }
    }
    arguments.sort_by(|one: &Argument, other| {
        let by_strength = other.strength.total_cmp(&one.strength);
        by_strength.then(one.signal.cmp(&other.signal))
    });
    arguments
}

/// The cause with all that argues for it; `None` when nothing does.
fn candidate(
    cause: Cause,
    arguments: &[Argument],
    phase: RiskPhase,
    table: &CauseTable,
) -> Option<Candidate> {
    let arguments = arguments.iter().filter(|argument| argument.cause == cause);
    let evidence: Vec<SignalKind> = arguments.clone().map(|argument| argument.signal).collect();
    if evidence.is_empty() {
        return None;
    }
    let argued: f64 = arguments.map(|argument| argument.strength).sum();
    Some(Candidate {
        cause,
        log_weight: table.prior(cause) + table.phase_weight(cause, phase) + argued,
        evidence,
    })
}

/// Idleness is a sign of its own only where it is the only one: a shopper who was declined and then waits was declined.
fn only_idle(moment: &Moment, table: &CauseTable) -> bool {
    moment
        .signals
        .iter()
        .all(|signal| table.is_idle(signal.kind))
}

/// What a signal says for each of its causes: more when repeated, less as time passes.
fn said_by(signal: &Signal, moment: &Moment, table: &CauseTable) -> impl Iterator<Item = Argument> {
    let (weights, half_life_minutes) = table.weights(signal.kind);
    let doublings = libm::log2(f64::from(signal.count.max(1))).min(MAX_DOUBLINGS);
    let age_minutes =
        elapsed(signal.last_seen, moment.occurred_at).as_secs_f64() / SECONDS_PER_MINUTE;
    let fading = libm::exp2(-age_minutes / half_life_minutes);
    let kind = signal.kind;
    let arguments = weights.iter().map(move |weight| Argument {
        cause: weight.cause,
        signal: kind,
        strength: (weight.first + weight.repeat * doublings) * fading,
    });
    arguments.filter(|argument| argument.strength > 0.0)
}

/// Turns log-weights into confidences.
fn posterior(candidates: Vec<Candidate>) -> Vec<CauseFinding> {
    let largest = candidates
        .iter()
        .map(|candidate| candidate.log_weight)
        .fold(f64::NEG_INFINITY, f64::max);
    let odds = |candidate: &Candidate| libm::exp(candidate.log_weight - largest);
    let total: f64 = candidates.iter().map(odds).sum();
    candidates
        .into_iter()
        .map(|candidate| CauseFinding {
            confidence: confidence(odds(&candidate) / total),
            cause: candidate.cause,
            evidence: candidate.evidence,
        })
        .collect()
}

/// INVARIANT: a share of a total that contains it lies between 0 and 1, so the fallback is never taken.
fn confidence(share: f64) -> Probability {
    Probability::new((share / STEP).floor() * STEP).unwrap_or(Probability::ZERO)
}

#[cfg(test)]
mod tests;
