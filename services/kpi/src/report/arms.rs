//! Treated against held out: abandonment and revenue. Everybody counts in the arm of the assignment, whoever was
//! reached, because only the assignment is by chance.

use domain::experiment::Arm;
use domain::money::{Currency, Money};
use serde::Serialize;

use super::money;
use super::view::{Person, View};
use crate::episodes::Purchase;
use crate::formulas::{Interval, Ratio, Sample, incremental, reduction_interval};

/// Abandonment of both arms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct AbandonmentReduction {
    pub(crate) treatment: Ratio,
    pub(crate) holdout: Ratio,
    pub(crate) rate: Option<f64>,
    pub(crate) rate_interval: Option<Interval>,
    pub(crate) difference: Option<f64>,
    pub(crate) prevented_count: Option<f64>,
}

/// Revenue of both arms. Amounts are absent while no currency is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct RecoveredRevenue {
    pub(crate) treatment_n: u64,
    pub(crate) holdout_n: u64,
    pub(crate) treatment_revenue: Option<Money>,
    pub(crate) holdout_revenue: Option<Money>,
    pub(crate) incremental_minor_units: Option<f64>,
    pub(crate) incremental_interval: Option<Interval>,
    pub(crate) credited_revenue: Option<Money>,
}

/// DOMAIN 4.2.
pub(super) fn abandonment(view: &View<'_>) -> AbandonmentReduction {
    let abandoned = |arm| {
        let persons = view.persons.iter().filter(move |person| person.arm == arm);
        Ratio::of(persons.map(|person| !ordered(view, person)))
    };
    let (treatment, holdout) = (abandoned(Arm::Treatment), abandoned(Arm::Holdout));
    let shares = treatment.value().zip(holdout.value());
    let difference = shares.map(|(treated, held_out)| held_out - treated);
    AbandonmentReduction {
        treatment,
        holdout,
        rate: shares
            .filter(|(_, held_out)| *held_out > 0.0)
            .map(|(treated, held_out)| 1.0 - treated / held_out),
        rate_interval: reduction_interval(treatment, holdout),
        difference,
        prevented_count: difference.map(|difference| treatment.times(difference)),
    }
}

/// DOMAIN 4.5.
pub(super) fn revenue(view: &View<'_>, currency: Option<Currency>) -> RecoveredRevenue {
    let sample = |arm| {
        let persons = view.persons.iter().filter(move |person| person.arm == arm);
        Sample::of(persons.map(|person| {
            let orders = view
                .purchases
                .within(person.who, person.since, view.question.horizon);
            total(orders, currency)
        }))
    };
    let (treatment, holdout) = (sample(Arm::Treatment), sample(Arm::Holdout));
    let gain = incremental(treatment, holdout).filter(|_| currency.is_some());
    let credited = total(engaged_orders(view), currency);
    let amount = |sum| currency.map(|currency| money(sum, currency));
    RecoveredRevenue {
        treatment_n: treatment.n(),
        holdout_n: holdout.n(),
        treatment_revenue: amount(treatment.sum()),
        holdout_revenue: amount(holdout.sum()),
        incremental_minor_units: gain.map(|gain| gain.minor_units),
        incremental_interval: gain.and_then(|gain| gain.interval),
        credited_revenue: amount(credited),
    }
}

/// Every amount that the figures of this module are made of.
pub(super) fn amounts(view: &View<'_>) -> impl Iterator<Item = Money> {
    let of_persons = view.persons.iter().flat_map(|person| {
        view.purchases
            .within(person.who, person.since, view.question.horizon)
    });
    let values: Vec<Money> = of_persons
        .chain(engaged_orders(view))
        .map(Purchase::value)
        .collect();
    values.into_iter()
}

pub(super) fn ordered(view: &View<'_>, person: &Person) -> bool {
    view.purchases
        .any_within(person.who, person.since, view.question.horizon)
}

/// Orders of engaged persons within the horizon of the agent's first message, each once.
fn engaged_orders<'v>(view: &'v View<'_>) -> impl Iterator<Item = &'v Purchase> {
    let engaged = view.engaged_persons().into_iter();
    engaged.flat_map(|case| {
        let began = case.steps.talk_began();
        began.into_iter().flat_map(|began| {
            view.purchases
                .within(case.who, began, view.question.horizon)
        })
    })
}

/// The sum in one currency; orders in others are left out, as the report says.
fn total<'p>(orders: impl Iterator<Item = &'p Purchase>, currency: Option<Currency>) -> i128 {
    orders
        .map(Purchase::value)
        .filter(|value| Some(value.currency()) == currency)
        .map(|value| i128::from(value.minor_units()))
        .sum()
}
