//! What agents' wrap-up codes say about the table: how much more or less often each cause is the true one than it says.
//!
//! Learned is one number for each cause, added to its prior: `ln((labels + S) / (expected + S))`, where `expected` sums the
//! confidences that the table itself gave the cause on the labelled assessments. The `S` made-up labels of each cause shrink it
//! to nothing while there is little to learn from (an empirical-Bayes estimate with a gamma prior of mean one). What a signal
//! says is not learned, so that more of a sign never comes to speak against its cause.
//!
//! Only an assessment that was between causes teaches: its label is among those that were found, and another is, too. Where no
//! signal argued for the true cause, no prior could have put it first; an agent who heard it from the shopper knows more than
//! the events do, and that must not make the cause likelier where events do speak.

use std::collections::BTreeMap;

use domain::assessment::CauseFinding;
use domain::cause::Cause;
use serde::{Deserialize, Serialize};

/// Made-up labels of each cause, as many as the table expects.
const SHRINKAGE: f64 = 20.0;
/// Largest shift of either sign: about seven times as often.
const MAX_SHIFT: f64 = 2.0;

/// What was found on an assessment, and what the agent who helped found it to be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Labelled {
    /// By the table without what was learned.
    pub(crate) findings: Vec<CauseFinding>,
    pub(crate) label: Cause,
}

/// What is added to the priors; nothing for causes that are not listed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Shifts(BTreeMap<Cause, f64>);

impl Labelled {
    /// Whether a prior could have put the label first, or another cause.
    pub(crate) fn teaches(&self) -> bool {
        self.findings.len() > 1
            && self
                .findings
                .iter()
                .any(|finding| finding.cause == self.label)
    }
}

impl Shifts {
    /// Learns from labels that teach. None teach nothing.
    pub(crate) fn learn(labelled: &[Labelled]) -> Self {
        let mut seen: BTreeMap<Cause, f64> = BTreeMap::new();
        let mut expected: BTreeMap<Cause, f64> = BTreeMap::new();
        for one in labelled.iter().filter(|one| one.teaches()) {
            *seen.entry(one.label).or_default() += 1.0;
            for finding in &one.findings {
                *expected.entry(finding.cause).or_default() += finding.confidence.get();
            }
        }
        let of = |counts: &BTreeMap<Cause, f64>, cause: &Cause| {
            counts.get(cause).copied().unwrap_or_default() + SHRINKAGE
        };
        let shift = |cause: &Cause| libm::log(of(&seen, cause) / of(&expected, cause));
        let shifts = Cause::ALL
            .iter()
            .map(|cause| (*cause, shift(cause).clamp(-MAX_SHIFT, MAX_SHIFT)))
            .filter(|(_, shift)| shift.abs() > 0.0);
        Self(shifts.collect())
    }

    /// What is added to the log-weight of a cause.
    pub(crate) fn of(&self, cause: Cause) -> f64 {
        self.0.get(&cause).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use domain::assessment::Probability;
    use proptest::prelude::*;

    use super::*;

    fn labelled(label: Cause, confidence: f64) -> Labelled {
        let finding = |cause, confidence| CauseFinding {
            cause,
            confidence: Probability::new(confidence).unwrap(),
            evidence: Vec::new(),
        };
        Labelled {
            findings: vec![
                finding(Cause::UnexpectedCost, confidence),
                finding(Cause::PolicyDoubt, 1.0 - confidence),
            ],
            label,
        }
    }

    #[test]
    fn without_labels_nothing_is_learned() {
        assert_eq!(Shifts::learn(&[]), Shifts::default());
    }

    #[test]
    fn labels_that_are_as_expected_teach_nothing() {
        let half: Vec<_> = [Cause::UnexpectedCost, Cause::PolicyDoubt]
            .into_iter()
            .cycle()
            .take(100)
            .map(|label| labelled(label, 0.5))
            .collect();
        assert_eq!(Shifts::learn(&half), Shifts::default());
    }

    #[test]
    fn a_cause_that_is_named_too_often_loses_and_few_labels_say_little() {
        let learned = |count: usize| Shifts::learn(&vec![labelled(Cause::PolicyDoubt, 0.8); count]);
        let (few, many) = (learned(3), learned(300));
        assert!(few.of(Cause::UnexpectedCost) < 0.0 && few.of(Cause::PolicyDoubt) > 0.0);
        assert!(few.of(Cause::UnexpectedCost) > -0.2, "{few:?}");
        assert!(many.of(Cause::UnexpectedCost) < -1.5, "{many:?}");
        // By hand: ln((300 + 20) / (60 + 20)).
        assert!((many.of(Cause::PolicyDoubt) - 4.0_f64.ln()).abs() < 1e-9);
    }

    #[test]
    fn what_agents_know_and_events_do_not_teaches_nothing() {
        let unknown = CauseFinding {
            cause: Cause::Unknown,
            confidence: Probability::ONE,
            evidence: Vec::new(),
        };
        // No signal at all; the shopper told the agent.
        let mut labels = vec![
            Labelled {
                findings: vec![unknown],
                label: Cause::UnexpectedCost,
            };
            80
        ];
        // And where there were signs, the table was right as often as it said.
        labels.extend(vec![labelled(Cause::UnexpectedCost, 0.5); 10]);
        labels.extend(vec![labelled(Cause::PolicyDoubt, 0.5); 10]);
        assert_eq!(Shifts::learn(&labels), Shifts::default());
        assert_eq!(labels.iter().filter(|one| one.teaches()).count(), 20);
    }

    proptest! {
        #[test]
        fn shifts_are_bounded_and_survive_their_stored_form(
            labels in proptest::collection::vec((proptest::sample::select(Cause::ALL), 0.0..=1.0_f64), 0..500),
        ) {
            let labels: Vec<_> = labels.into_iter().map(|(label, confidence)| labelled(label, confidence)).collect();
            let learned = Shifts::learn(&labels);
            for cause in Cause::ALL {
                prop_assert!(learned.of(*cause).abs() <= MAX_SHIFT);
            }
            let stored = serde_json::to_string(&learned).unwrap();
            prop_assert_eq!(serde_json::from_str::<Shifts>(&stored).unwrap(), learned);
        }
    }
}
