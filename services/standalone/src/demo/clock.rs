//! The time of the demo: a recorded day of a shop passes faster than the people at the desks, so whatever the suite
//! measures on shoppers is set faster by the same factor, through the documented settings of session-tracking.

use std::path::Path;
use std::time::Duration;

use platform::config::ServiceConfig;
use toml::{Table, Value};

use super::DemoError;
use crate::replay::Recorded;
use crate::suite::{Overrides, Ports, SERVICES, SuiteOptions};

/// How much faster than recorded the shop runs.
pub(super) const FACTOR: u32 = 75;

/// A silence of the whole shop is cut to this, in recorded time: nothing happens in it.
const LONGEST_SILENCE: Duration = Duration::from_secs(2);

/// Settings of the demo: free ports, a quick stop, and the timers of session-tracking at the speed of the shop.
pub(super) fn options(data: &Path) -> Result<SuiteOptions, DemoError> {
    let mut overrides = Overrides::default();
    for (service, _) in SERVICES {
        overrides.set(service, "server", "drain_accept_ms", 0);
        // A machine that builds at the same time is slow, not broken.
        overrides.set(service, "server", "default_deadline_ms", 20_000);
        // The folder is thrown away at the end, so it need not survive a power cut.
        overrides.set(service, "store", "durability", "relaxed");
    }
    for (key, value) in faster_signals()? {
        overrides.set(session_tracking::NAME, "signals", &key, value);
    }
    overrides.set(session_tracking::NAME, "ingest", "timer_tick_ms", 50);
    overrides.set(session_tracking::NAME, "moments", "min_gap_ms", 100);
    Ok(SuiteOptions {
        data: data.to_owned(),
        ports: Ports::Free,
        overrides,
    })
}

/// Every span of `[signals]` in the documented defaults, divided by the factor; but a session ends as late as ever, since
/// shoppers and agents talk in real time.
fn faster_signals() -> Result<Vec<(String, i64)>, DemoError> {
    let defaults: Table = <session_tracking::Config as ServiceConfig>::DEFAULTS
        .parse()
        .map_err(DemoError::Defaults)?;
    let signals = defaults.get("signals").and_then(Value::as_table);
    let faster = signals.into_iter().flatten().filter_map(|(key, value)| {
        let is_faster = key.ends_with("_ms") && !key.starts_with("session_");
        let millis = value.as_integer().filter(|_| is_faster)?;
        Some((key.clone(), (millis / i64::from(FACTOR)).max(1)))
    });
    Ok(faster.collect())
}

/// The recording without its long silences.
pub(super) fn without_silences(recording: Vec<Recorded>) -> Vec<Recorded> {
    let (mut before, mut offset) = (None, Duration::ZERO);
    let closer = recording.into_iter().map(|event| {
        let silence = before.map_or(Duration::ZERO, |before| event.offset.saturating_sub(before));
        before = Some(event.offset);
        offset = offset.saturating_add(silence.min(LONGEST_SILENCE));
        Recorded { offset, ..event }
    });
    closer.collect()
}

#[cfg(test)]
mod tests {
    use domain::id::{SessionId, VisitorId};
    use uuid::Uuid;

    use super::*;
    use crate::replay::Action;

    #[test]
    fn every_span_of_the_signals_is_faster_and_no_count_is() {
        let signals = faster_signals().unwrap();

        assert!(signals.contains(&("checkout_idle_ms".to_owned(), 1_200)));
        assert!(signals.iter().all(|(key, _)| key.ends_with("_ms")));
        assert!(signals.iter().all(|(key, _)| key != "session_idle_end_ms"));
        assert!(signals.len() >= 13);
    }

    #[test]
    fn silences_are_cut_and_nothing_else_moves() {
        let at = |seconds| Recorded {
            row: 0,
            offset: Duration::from_secs(seconds),
            session: SessionId::from_uuid(Uuid::nil()),
            visitor: VisitorId::from_uuid(Uuid::nil()),
            action: Action::View {
                sku: "1".to_owned(),
                price: None,
            },
        };

        let closer = without_silences(vec![at(5), at(6), at(100), at(101)]);

        let offsets: Vec<u64> = closer.iter().map(|event| event.offset.as_secs()).collect();
        assert_eq!(offsets, [0, 1, 3, 4]);
    }
}
