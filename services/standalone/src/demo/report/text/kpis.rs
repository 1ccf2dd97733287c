//! The KPIs in words: value, what it is made of, and its interval.

use std::fmt::Write;

use super::columns::{Align, columns, wrapped};
use super::{heading, money};
use crate::demo::report::Figures;
use crate::demo::report::figures::Share;

/// What is to be said of a reduction that may be none.
const CHANCE: &str = "Both arms of the recording were left alone, so they differ by chance: the interval of the reduction \
                      contains 0, as it should.";

/// Answers below which a Net Transaction Score is not shown.
const ANSWERS: u64 = 30;

pub(super) fn kpis(figures: &Figures) -> String {
    let about = format!(
        "definitions {}, {}, horizon 7 days, {} of episodes mature",
        figures.definition_version,
        figures.currency,
        percent(figures.mature_share),
    );
    let mut text = heading("KPIs", &about);
    let rows = [
        conversion(figures),
        abandonment(figures),
        resolution(figures),
        score(figures),
        revenue(figures),
        credited(figures),
        share("pointless contacts", &figures.pointless_contacts),
        share("undesirable follow-ups", &figures.undesirable_follow_ups),
    ];
    text.push_str(&columns(
        &["", "value", "95 % interval", "made of"],
        &[Align::Left, Align::Right, Align::Left, Align::Left],
        rows.into_iter(),
    ));
    let p = figures
        .split_p_value
        .map_or("none".to_owned(), |p| format!("{p:.3}"));
    let _ = writeln!(
        text,
        "  sample ratio: p = {p} (below 0.001 the split is not to be trusted)"
    );
    if let Some((low, high)) = figures.abandonment_reduction_rate.interval
        && (low..=high).contains(&0.0)
    {
        text.push_str(&wrapped("  ", CHANCE));
    }
    text
}

fn conversion(figures: &Figures) -> Vec<String> {
    share(
        "Proactive Chat Conversion Rate",
        &figures.proactive_chat_conversion_rate,
    )
}

fn abandonment(figures: &Figures) -> Vec<String> {
    let reduction = &figures.abandonment_reduction_rate;
    vec![
        "Abandonment Reduction Rate".to_owned(),
        percent(reduction.rate),
        between(reduction.interval),
        format!(
            "left: {} treated, {} held out",
            of(&reduction.treatment),
            of(&reduction.holdout)
        ),
    ]
}

fn resolution(figures: &Figures) -> Vec<String> {
    let resolution = &figures.first_contact_resolution;
    vec![
        "First Contact Resolution".to_owned(),
        percent(resolution.observed.value),
        between(resolution.observed.interval),
        format!(
            "{} old enough; declared {}, confirmed {}",
            of(&resolution.observed),
            of(&resolution.declared),
            of(&resolution.confirmed)
        ),
    ]
}

fn score(figures: &Figures) -> Vec<String> {
    let score = &figures.net_transaction_score;
    let value = match score.value {
        Some(value) => format!("{value:+.0}"),
        None => format!("n < {ANSWERS}"),
    };
    let answers: Vec<String> = (1..)
        .zip(&score.answers)
        .filter(|(_, count)| **count > 0)
        .map(|(score, count)| format!("{count}x {score}"))
        .collect();
    let interval = score.interval.map_or("-".to_owned(), |(low, high)| {
        format!("{low:+.0} to {high:+.0}")
    });
    vec![
        "Net Transaction Score".to_owned(),
        value,
        interval,
        format!(
            "answers: {}; {} answered",
            answers.join(", "),
            of(&score.response_rate)
        ),
    ]
}

fn revenue(figures: &Figures) -> Vec<String> {
    let revenue = &figures.recovered_revenue;
    let dollars = |minor_units: f64| format!("{:+.0} USD", minor_units / 100.0);
    vec![
        "Recovered revenue, incremental".to_owned(),
        revenue.incremental.map_or("-".to_owned(), dollars),
        revenue.interval.map_or("-".to_owned(), |(low, high)| {
            format!("{} to {}", dollars(low), dollars(high))
        }),
        format!(
            "{} treated, {} held out",
            revenue.treatment_persons, revenue.holdout_persons
        ),
    ]
}

fn credited(figures: &Figures) -> Vec<String> {
    vec![
        "Recovered revenue, credited".to_owned(),
        money(figures.recovered_revenue.credited),
        "-".to_owned(),
        "orders after contact; weak".to_owned(),
    ]
}

fn share(name: &str, share: &Share) -> Vec<String> {
    vec![
        name.to_owned(),
        percent(share.value),
        between(share.interval),
        of(share),
    ]
}

fn of(share: &Share) -> String {
    format!("{} of {}", share.numerator, share.denominator)
}

fn percent(share: Option<f64>) -> String {
    share.map_or("-".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

fn between(interval: Option<(f64, f64)>) -> String {
    interval.map_or("-".to_owned(), |(low, high)| {
        format!("{:.1} to {:.1} %", low * 100.0, high * 100.0)
    })
}
