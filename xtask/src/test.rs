//! `cargo xtask test`: everything that must hold before a change is merged, cheap checks first, stopping at the first
//! that fails.

mod contracts;
mod steps;
mod storefront;

use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::say;
use crate::setup::{self, Tools};
use crate::workspace::Root;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Leave out what is slow and seldom fails: documentation, its examples, licences.
    #[arg(long)]
    quick: bool,
    /// Passed on to `cargo nextest run`: a filter, `--no-capture`, …
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    nextest: Vec<String>,
}

/// What a step works with.
#[derive(Debug)]
struct Run<'a> {
    root: &'a Root,
    tools: Tools,
    nextest: &'a [String],
}

#[derive(Debug)]
struct Step {
    name: &'static str,
    pace: Pace,
    run: fn(&Run<'_>) -> Result<Outcome, Failure>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// Part of every run.
    Always,
    /// Left out by `--quick`.
    Thorough,
}

#[derive(Debug)]
enum Outcome {
    Passed,
    /// Nothing to check; says why.
    Skipped(&'static str),
    Failed,
}

/// A line of the summary.
#[derive(Debug)]
struct Report {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

pub(crate) fn run(root: &Root, options: &Options) -> Result<(), Failure> {
    say::heading("setup");
    let run = Run {
        root,
        tools: setup::run(root)?,
        nextest: &options.nextest,
    };
    let mut reports = Vec::new();
    let result = steps::ALL
        .iter()
        .try_for_each(|step| take(step, &run, options, &mut reports));
    summarise(&reports);
    result
}

fn take(
    step: &Step,
    run: &Run<'_>,
    options: &Options,
    reports: &mut Vec<Report>,
) -> Result<(), Failure> {
    say::heading(step.name);
    let started = Instant::now();
    let result = if options.quick && step.pace == Pace::Thorough {
        Ok(Outcome::Skipped("left out by --quick"))
    } else {
        (step.run)(run)
    };
    let (outcome, result) = match result {
        Ok(outcome) => (outcome, Ok(())),
        Err(failure) => (Outcome::Failed, Err(failure)),
    };
    if let Outcome::Skipped(why) = outcome {
        say::line(&format!("SKIPPED: {why}"));
    }
    reports.push(Report {
        name: step.name,
        outcome,
        took: started.elapsed(),
    });
    result
}

fn summarise(reports: &[Report]) {
    say::heading("summary");
    for report in reports {
        say::line(&summary_line(report));
    }
    let left = steps::ALL.len().saturating_sub(reports.len());
    if left > 0 {
        say::line(&format!("        {left} more steps did not run"));
    }
}

fn summary_line(report: &Report) -> String {
    let (word, note) = match report.outcome {
        Outcome::Passed => ("ok", String::new()),
        Outcome::Skipped(why) => ("skipped", format!("  {why}")),
        Outcome::Failed => ("FAILED", String::new()),
    };
    let seconds = report.took.as_secs_f64();
    format!("{word:<7} {:<32} {seconds:>7.1} s{note}", report.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skipped_step_says_why_in_the_summary() {
        let report = Report {
            name: "buf breaking",
            outcome: Outcome::Skipped("nothing to compare with"),
            took: Duration::from_millis(250),
        };
        let line = summary_line(&report);
        assert!(line.starts_with("skipped buf breaking"), "{line}");
        assert!(line.ends_with("nothing to compare with"), "{line}");
    }

    #[test]
    fn a_failed_step_stands_out() {
        let report = Report {
            name: "clippy",
            outcome: Outcome::Failed,
            took: Duration::ZERO,
        };
        assert!(summary_line(&report).starts_with("FAILED  clippy"));
    }
}
