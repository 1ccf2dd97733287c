//! The figures of a window, computed from the episodes. Definition version 1; `README.md` says what each one means.
//!
//! A report is a pure function of the episodes and the question. Everything is counted and added in integers; floats
//! come from `formulas`, last.

mod arms;
mod contacts;
mod experiment;
mod figures;
mod funnel;
mod offers;
mod question;
mod view;

use domain::money::{Currency, MAX_MINOR_UNITS, Money};
use serde::Serialize;

use crate::episodes::Episodes;
use crate::formulas::Ratio;

pub(crate) use arms::{AbandonmentReduction, RecoveredRevenue};
pub(crate) use contacts::{FirstContactResolution, NetTransactionScore};
pub(crate) use experiment::{ExperimentReading, experiment_reading_window, read_experiment};
pub(crate) use figures::differing_figures;
pub(crate) use funnel::{BlockCount, Funnel, Latency};
pub(crate) use offers::OfferFigures;
pub(crate) use question::{Question, Window};

use view::View;

/// Version of the definitions below. A change of meaning is a new version.
pub(crate) const DEFINITION_VERSION: &str = "1";

/// The figures of a window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct KpiReport {
    pub(crate) currency: Option<Currency>,
    pub(crate) mature: Ratio,
    pub(crate) proactive_chat_conversion_rate: Ratio,
    pub(crate) abandonment_reduction: AbandonmentReduction,
    pub(crate) first_contact_resolution: FirstContactResolution,
    pub(crate) net_transaction_score: NetTransactionScore,
    pub(crate) recovered_revenue: RecoveredRevenue,
    pub(crate) funnel: Funnel,
    pub(crate) block_reasons: Vec<BlockCount>,
    pub(crate) offers: OfferFigures,
    pub(crate) pointless_contacts: Ratio,
    pub(crate) undesirable_follow_ups: Ratio,
}

/// The facts hold amounts in several currencies, and the question names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must name a currency, since the amounts are in several")]
pub(crate) struct AmbiguousCurrency;

/// Computes all figures.
pub(crate) fn assemble(
    episodes: &Episodes,
    question: &Question,
) -> Result<KpiReport, AmbiguousCurrency> {
    let view = View::of(episodes, question);
    let currency = currency(&view)?;
    Ok(KpiReport {
        currency,
        mature: mature(&view),
        proactive_chat_conversion_rate: contacts::conversion(&view),
        abandonment_reduction: arms::abandonment(&view),
        first_contact_resolution: contacts::resolution(&view),
        net_transaction_score: contacts::score(&view),
        recovered_revenue: arms::revenue(&view, currency),
        funnel: funnel::funnel(&view),
        block_reasons: funnel::block_reasons(&view),
        offers: offers::figures(&view, currency),
        pointless_contacts: contacts::pointless(&view),
        undesirable_follow_ups: contacts::undesirable(&view),
    })
}

/// Eligible persons older than the horizon ÷ eligible persons. A partner's are its engaged ones.
fn mature(view: &View<'_>) -> Ratio {
    let question = view.question;
    let is_mature = |since| domain::time::later(since, question.horizon) <= question.as_of;
    if question.partner.is_some() {
        let engaged = view.engaged_persons().into_iter();
        return Ratio::of(
            engaged
                .filter_map(|case| case.steps.talk_began())
                .map(is_mature),
        );
    }
    Ratio::of(view.persons.iter().map(|person| is_mature(person.since)))
}

fn currency(view: &View<'_>) -> Result<Option<Currency>, AmbiguousCurrency> {
    if view.question.currency.is_some() {
        return Ok(view.question.currency);
    }
    let mut found = arms::amounts(view)
        .chain(offers::amounts(view))
        .map(Money::currency);
    let first = found.next();
    if found.any(|other| Some(other) != first) {
        return Err(AmbiguousCurrency);
    }
    Ok(first)
}

/// A sum as money; stops at the largest amount there is, 10^15 minor units.
fn money(minor_units: i128, currency: Currency) -> Money {
    let bounded = minor_units.clamp(0, i128::from(MAX_MINOR_UNITS));
    i64::try_from(bounded)
        .ok()
        .and_then(|minor_units| Money::new(minor_units, currency).ok())
        .unwrap_or(Money::zero(currency))
}

#[cfg(test)]
mod tests;
