//! The report as a person reads it. It says nothing that the data do not hold.

mod columns;
mod kpis;

use std::fmt::Write;

use super::{Account, Booking, Latency, Report};
use crate::demo::checks::Check;
use crate::demo::script::CURRENCY;
use columns::{Align, columns, wrapped};

/// Columns of the report.
pub(super) const WIDTH: usize = 112;

const SEE_TRACE: &str = "To see a run in Jaeger: start one, add `--otlp http://127.0.0.1:4317`, and open \
                         http://127.0.0.1:16686/trace/ with the trace id behind it.";

/// Renders the whole report.
pub(in crate::demo) fn render(report: &Report) -> String {
    let parts = [
        title(report),
        models(report),
        scenes(report),
        funnel(report),
        causes(report),
        reasons(report),
        offers(report),
        kpis::kpis(&report.kpis),
        latency(&report.latency),
        recovery(report),
        checks(report),
    ];
    parts.join("\n")
}

fn title(report: &Report) -> String {
    let (about, replay) = (&report.about, &report.replay);
    let mut text = format!(
        "RESCATE DEMO\n{} recorded events of {} sessions and {} visitors in {:.1} s ({}x), {} scripted shoppers among them; \
         {:.1} s in all\n",
        replay.sent,
        about.recorded_sessions,
        about.recorded_visitors,
        replay.seconds,
        about.speed,
        about.scripted_shoppers,
        about.seconds,
    );
    for note in &about.notes {
        text.push_str(&wrapped("  - ", note));
    }
    text
}

fn models(report: &Report) -> String {
    let mut text = heading("Models", "which of them decided, and which only looked on");
    let rows = report.models.iter().map(|line| {
        vec![
            format!("{} v{}", line.model, line.version),
            line.kind.clone(),
            line.state.clone(),
            line.decided.to_string(),
        ]
    });
    text.push_str(&columns(
        &["model", "kind", "state", "moments decided"],
        &[Align::Left, Align::Left, Align::Left, Align::Right],
        rows,
    ));
    text
}

fn scenes(report: &Report) -> String {
    let mut text = heading(
        "Scripted shoppers",
        "what they went through, and what came of it",
    );
    let rows = report.scenes.iter().map(|scene| {
        let mark = if scene.as_expected {
            "ok"
        } else {
            "NOT AS EXPECTED"
        };
        vec![
            scene.name.to_owned(),
            scene.phase.to_owned(),
            scene.cause.to_owned(),
            scene.outcomes.join(", then "),
            mark.to_owned(),
        ]
    });
    text.push_str(&columns(
        &["shopper", "phase", "cause", "came of it", ""],
        &[Align::Left; 5],
        rows,
    ));
    text.push('\n');
    for scene in &report.scenes {
        text.push_str(&wrapped(&format!("  {:<17} ", scene.name), scene.about));
    }
    text
}

fn funnel(report: &Report) -> String {
    let mut text = heading("Funnel", "of all sessions, as the kpi service counts");
    let rows = report.funnel.iter().map(|line| {
        let recorded = line.all.saturating_sub(line.scripted);
        vec![
            line.step.to_owned(),
            line.all.to_string(),
            recorded.to_string(),
            line.scripted.to_string(),
        ]
    });
    text.push_str(&columns(
        &["", "all", "recorded", "scripted"],
        &[Align::Left, Align::Right, Align::Right, Align::Right],
        rows,
    ));
    text
}

fn causes(report: &Report) -> String {
    let mut text = heading(
        "Causes",
        "why they hesitate, by the signals of their moment",
    );
    let rows = report.causes.iter().map(|line| {
        vec![
            line.cause.to_owned(),
            line.phase.to_owned(),
            line.assessed.to_string(),
            line.qualified.to_string(),
            line.scripted.to_string(),
        ]
    });
    text.push_str(&columns(
        &["cause", "phase", "moments", "qualified", "scripted"],
        &[
            Align::Left,
            Align::Left,
            Align::Right,
            Align::Right,
            Align::Right,
        ],
        rows,
    ));
    text
}

fn reasons(report: &Report) -> String {
    let mut text = heading(
        "Reasons",
        "why a qualified shopper was not helped: one counts, others are noted",
    );
    let rows = report.block_reasons.iter().map(|line| {
        vec![
            line.reason.to_owned(),
            line.primary.to_string(),
            line.beside_another.to_string(),
        ]
    });
    text.push_str(&columns(
        &["reason", "counts", "noted beside"],
        &[Align::Left, Align::Right, Align::Right],
        rows,
    ));
    text
}

fn offers(report: &Report) -> String {
    let offers = &report.offers;
    let mut text = heading(
        "Offers",
        "money that agents granted, and where it is booked",
    );
    let _ = writeln!(
        text,
        "  {} held, {} redeemed, {} refused: {}",
        offers.held,
        offers.redeemed,
        offers.refused,
        offers.refusals.join(", ")
    );
    let programmes = offers.programmes.iter().map(|line| ("programme", line));
    let purses = offers.purses.iter().map(|line| ("purse of today", line));
    text.push_str(&columns(
        &["", "limit", "held", "used", "left"],
        &[
            Align::Left,
            Align::Right,
            Align::Right,
            Align::Right,
            Align::Right,
        ],
        programmes.chain(purses).map(account),
    ));
    text.push('\n');
    text.push_str(&columns(
        &["ledger", "amount", "remedy", "programme", "granted by"],
        &[
            Align::Left,
            Align::Right,
            Align::Left,
            Align::Left,
            Align::Left,
        ],
        offers.ledger.iter().map(booking),
    ));
    text
}

fn account((kind, account): (&str, &Account)) -> Vec<String> {
    let left = account.limit - account.held - account.used;
    vec![
        format!("{kind} {}", account.name),
        money(account.limit),
        money(account.held),
        money(account.used),
        money(left),
    ]
}

fn booking(entry: &Booking) -> Vec<String> {
    vec![
        entry.kind.to_lowercase(),
        money(entry.amount),
        entry.remedy.to_owned(),
        entry.programme.clone(),
        entry.by.clone(),
    ]
}

fn latency(latencies: &[Latency]) -> String {
    let build = if cfg!(debug_assertions) {
        "while the recording ran; this is a debug build, several times slower than a release build"
    } else {
        "while the recording ran"
    };
    let mut text = heading("Latency", build);
    let rows = latencies.iter().map(|line| {
        vec![
            line.what.to_owned(),
            line.n.to_string(),
            format!("{} ms", line.p50_ms),
            format!("{} ms", line.p95_ms),
            format!("{} ms", line.p99_ms),
        ]
    });
    text.push_str(&columns(
        &["", "n", "p50", "p95", "p99"],
        &[
            Align::Left,
            Align::Right,
            Align::Right,
            Align::Right,
            Align::Right,
        ],
        rows,
    ));
    text
}

fn recovery(report: &Report) -> String {
    let story = &report.recovery;
    let mut text = heading(
        "One recovery",
        &format!("scripted {}, step by step", story.scene),
    );
    for step in &story.steps {
        let at = f64::from(i32::try_from(step.after_ms).unwrap_or(i32::MAX)) / 1_000.0;
        let lead = format!("  {at:>+7.3} s  {:<21}", step.by);
        text.push_str(&wrapped(&lead, &step.what));
    }
    let _ = writeln!(text, "\n  trace         {}", story.trace_id);
    let _ = writeln!(text, "  intervention  {}", story.intervention);
    text.push_str(&wrapped("  ", SEE_TRACE));
    text
}

fn checks(report: &Report) -> String {
    let broken = report.checks.iter().filter(|check| !check.held).count();
    let about = match broken {
        0 => format!("all {} hold", report.checks.len()),
        broken => format!("{broken} of {} DO NOT HOLD", report.checks.len()),
    };
    let mut text = heading("Checks", &about);
    let scenes: Vec<&Check> = report
        .checks
        .iter()
        .filter(|check| check.scene.is_some())
        .collect();
    let as_scripted = scenes.iter().filter(|check| check.held).count();
    let summary = Check {
        scene: None,
        what: "every scripted shopper is treated as scripted: cause, arm, outcome, money, page"
            .to_owned(),
        held: as_scripted == scenes.len(),
        detail: format!("{as_scripted} of {}", scenes.len()),
    };
    let promises = report.checks.iter().filter(|check| check.scene.is_none());
    let broken_scenes = scenes.into_iter().filter(|check| !check.held);
    for check in promises.chain([&summary]).chain(broken_scenes) {
        let mark = if check.held { "  ok    " } else { "  FAIL  " };
        text.push_str(&wrapped(
            mark,
            &format!("{} ({})", check.what, check.detail),
        ));
    }
    text
}

fn heading(name: &str, about: &str) -> String {
    let name = name.to_uppercase();
    format!("{name} - {about}\n")
}

/// Minor units of the one currency of the demo.
pub(super) fn money(minor_units: i64) -> String {
    let (major, minor) = (minor_units / 100, (minor_units % 100).abs());
    format!("{major}.{minor:02} {CURRENCY}")
}

#[cfg(test)]
mod tests;
