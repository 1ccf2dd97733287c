//! One experiment over all of its time: both arms, the lift, and whether the split is to be trusted.

use std::time::Duration;

use domain::experiment::Arm;
use domain::id::ExperimentId;
use domain::money::BasisPoints;
use domain::time::{earlier, later};
use serde::Serialize;

use super::question::{LONGEST_SESSION, Window};
use super::view;
use crate::episodes::Episodes;
use crate::formulas::{
    Interval, Ratio, TRUSTED_P_VALUE, chi_squared_p_value, difference_interval, needed_per_arm,
    split_chi_squared,
};

/// An experiment, read.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct ExperimentReading {
    pub(crate) treatment: Ratio,
    pub(crate) holdout: Ratio,
    pub(crate) lift: Option<f64>,
    pub(crate) lift_interval: Option<Interval>,
    pub(crate) split_p_value: Option<f64>,
    pub(crate) needed_per_arm: Option<u64>,
}

impl ExperimentReading {
    /// Whether people fell into the arms as planned. What cannot be tested is not trusted.
    pub(crate) fn is_trusted(&self) -> bool {
        self.split_p_value.is_some_and(|p| p >= TRUSTED_P_VALUE)
    }
}

/// The time in which the orders and the ends of sessions lie that a reading of the experiment depends on. `None` when
/// nobody was ever assigned to an arm of it.
pub(crate) fn experiment_reading_window(
    episodes: &Episodes,
    experiment: &ExperimentId,
    horizon: Duration,
) -> Option<Window> {
    let assignments = episodes.assignments.iter();
    let mut assigned = assignments
        .filter(|(_, assignment)| assignment.experiment == *experiment)
        .map(|(stamp, _)| stamp.at);
    let first = assigned.next()?;
    let last = assigned.next_back().unwrap_or(first);
    Some(Window {
        from: earlier(first, LONGEST_SESSION),
        until: later(last, LONGEST_SESSION.saturating_add(horizon)),
    })
}

/// DOMAIN 4.6. The interval is for a fixed horizon: whoever looks every day and stops at the first significant one is
/// wrong more often than one time in twenty.
pub(crate) fn read_experiment(
    episodes: &Episodes,
    experiment: &ExperimentId,
    planned: BasisPoints,
    horizon: Duration,
) -> ExperimentReading {
    let persons = view::persons(episodes, |_, assignment| {
        assignment.experiment == *experiment
    });
    let purchases = episodes.orders.by_person(&episodes.people);
    let converted = |arm| {
        let persons = persons.iter().filter(move |person| person.arm == arm);
        Ratio::of(persons.map(|person| purchases.any_within(person.who, person.since, horizon)))
    };
    let (treatment, holdout) = (converted(Arm::Treatment), converted(Arm::Holdout));
    let chi_squared = split_chi_squared(treatment.denominator, holdout.denominator, planned);
    ExperimentReading {
        treatment,
        holdout,
        lift: treatment.value().zip(holdout.value()).map(|(t, c)| t - c),
        lift_interval: difference_interval(treatment, holdout),
        split_p_value: chi_squared.map(chi_squared_p_value),
        needed_per_arm: needed_per_arm(holdout),
    }
}
