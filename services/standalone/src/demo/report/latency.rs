//! How fast the suite is, from three sides: its own decisions, the shopper's page, and the facts of the kpi service.

use std::time::Duration;

use proto::convert::time::duration;
use serde::Serialize;

use crate::demo::shopper::Lived;
use crate::demo::source::Source;

/// Quantiles of a time, in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::demo) struct Latency {
    pub(in crate::demo) what: &'static str,
    pub(in crate::demo) n: usize,
    pub(in crate::demo) p50_ms: u128,
    pub(in crate::demo) p95_ms: u128,
    pub(in crate::demo) p99_ms: u128,
}

pub(super) fn latencies(source: &Source<'_>) -> Vec<Latency> {
    let lived: Vec<&Lived> = source
        .taken
        .scenes
        .iter()
        .filter_map(|take| take.lived.as_ref().ok())
        .collect();
    let invited = lived.iter().filter_map(|lived| lived.invited_after);
    let reserved = source
        .taken
        .scenes
        .iter()
        .filter_map(|take| take.reserved_after);
    let mut lines = vec![
        quantiles(
            "event to decision, all qualified shoppers",
            source.reading.decided_after.clone(),
        ),
        quantiles("event to invitation on the page", invited.collect()),
        quantiles("shopper's yes to agent reserved", reserved.collect()),
    ];
    lines.extend(of_facts(source));
    lines
}

/// The figure of the kpi service, in which the shopper's own time to answer is included.
fn of_facts(source: &Source<'_>) -> Option<Latency> {
    let figure = source.reading.kpis.funnel?.event_to_reservation?;
    let millis = |span: Option<prost_types::Duration>| {
        span.and_then(|span| duration(&span).ok())
            .map_or(0, |span| span.as_millis())
    };
    Some(Latency {
        what: "event to agent reserved, with the shopper's time",
        n: usize::try_from(figure.n).unwrap_or(usize::MAX),
        p50_ms: millis(figure.p50),
        p95_ms: millis(figure.p95),
        p99_ms: millis(figure.p99),
    })
}

/// Quantiles by nearest rank: always a time that was observed.
fn quantiles(what: &'static str, mut times: Vec<Duration>) -> Latency {
    times.sort_unstable();
    let at = |percent: usize| {
        let rank = (times.len() * percent).div_ceil(100).max(1);
        times.get(rank - 1).map_or(0, Duration::as_millis)
    };
    Latency {
        what,
        n: times.len(),
        p50_ms: at(50),
        p95_ms: at(95),
        p99_ms: at(99),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_observed_times() {
        let times = (1..=20).rev().map(Duration::from_millis).collect();

        let told = quantiles("", times);

        assert_eq!(
            (told.n, told.p50_ms, told.p95_ms, told.p99_ms),
            (20, 10, 19, 20)
        );
    }

    #[test]
    fn nothing_observed_is_nothing() {
        assert_eq!(quantiles("", Vec::new()).n, 0);
    }
}
