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
    for cause in Cause::ALL {
        candidates.extend(candidate(*cause, moment, table));
    }
    for candidate in &mut candidates {
        candidate.log_weight += shifts.of(candidate.cause);
    }
    strongest_first(posterior(candidates))
}

/// The cause with all that argues for it; `None` when nothing does.
fn candidate(cause: Cause, moment: &Moment, table: &CauseTable) -> Option<Candidate> {
    let mut arguments: Vec<(SignalKind, f64)> = moment
        .signals
        .iter()
        .filter(|signal| !table.is_idle(signal.kind) || only_idle(moment, table))
        .filter_map(|signal| {
            let strength = strength(signal, cause, moment, table)?;
            (strength > 0.0).then_some((signal.kind, strength))
        })
        .collect();
    if arguments.is_empty() {
        return None;
    }
    arguments.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    let argued: f64 = arguments.iter().map(|(_, strength)| strength).sum();
    Some(Candidate {
        cause,
        log_weight: table.prior(cause) + table.phase_weight(cause, moment.phase) + argued,
        evidence: arguments.into_iter().map(|(kind, _)| kind).collect(),
    })
}

/// Idleness is a sign of its own only where it is the only one: a shopper who was declined and then waits was declined.
fn only_idle(moment: &Moment, table: &CauseTable) -> bool {
    moment
        .signals
        .iter()
        .all(|signal| table.is_idle(signal.kind))
}

/// What a signal says for a cause: more when repeated, less as time passes.
fn strength(signal: &Signal, cause: Cause, moment: &Moment, table: &CauseTable) -> Option<f64> {
    let (weight, half_life_minutes) = table.weight(signal.kind, cause)?;
    let doublings = libm::log2(f64::from(signal.count.max(1))).min(MAX_DOUBLINGS);
    let age_minutes =
        elapsed(signal.last_seen, moment.occurred_at).as_secs_f64() / SECONDS_PER_MINUTE;
    let fading = libm::exp2(-age_minutes / half_life_minutes);
    Some((weight.first + weight.repeat * doublings) * fading)
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
