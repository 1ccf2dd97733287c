//! Counts and spans as figures.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// A count as a float.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "std has no other way; counts stay far below 2^53"
)]
pub(crate) const fn real(count: u64) -> f64 {
    count as f64
}

/// A size as a count.
pub(crate) fn count(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

/// Events a second.
pub(crate) fn rate(events: u64, time: Duration) -> f64 {
    ratio(real(events), time.as_secs_f64())
}

/// Microseconds an event.
pub(crate) fn micros_each(time: Duration, events: u64) -> f64 {
    ratio(time.as_secs_f64() * 1e6, real(events))
}

/// A quotient to four places; zero where nothing was measured to divide by.
pub(crate) fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 {
        (part / whole * 10_000.0).round() / 10_000.0
    } else {
        0.0
    }
}

/// The middle one; of an even number, the mean of the two in the middle. Zero of none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = values.get(middle).copied().unwrap_or_default();
    if values.len().is_multiple_of(2) {
        let lower = values.get(middle.wrapping_sub(1)).copied();
        return f64::midpoint(lower.unwrap_or_default(), upper);
    }
    upper
}

/// Latencies in whole microseconds, from 1 µs to 10 minutes, to three digits.
#[derive(Debug, Clone)]
pub(crate) struct Latencies(Option<Histogram<u64>>);

const LONGEST_MICROS: u64 = 600_000_000;

impl Latencies {
    pub(crate) fn new() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST_MICROS, 3).ok())
    }

    pub(crate) fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        if let Some(histogram) = &mut self.0 {
            histogram.saturating_record(micros);
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        if let (Some(all), Some(more)) = (&mut self.0, &other.0) {
            // Both have the same bounds.
            let _ = all.add(more);
        }
    }

    pub(crate) fn percentiles(&self) -> Percentiles {
        let at = |quantile| {
            let micros = self.0.as_ref().map(|all| all.value_at_quantile(quantile));
            real(micros.unwrap_or_default()) / 1_000.0
        };
        Percentiles {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: at(1.0),
            count: self.0.as_ref().map_or(0, Histogram::len),
        }
    }
}

/// Latencies in milliseconds, and how many were measured.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
    pub(crate) count: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!(median([4.0, 1.0, 3.0]).to_bits(), 3.0_f64.to_bits());
        assert_eq!(median([4.0, 1.0, 3.0, 2.0]).to_bits(), 2.5_f64.to_bits());
        assert_eq!(median([]).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn percentiles_are_in_milliseconds() {
        let mut latencies = Latencies::new();
        for micros in [1_000, 2_000, 3_000, 50_000] {
            latencies.record(Duration::from_micros(micros));
        }

        let all = latencies.percentiles();

        assert_eq!(all.count, 4);
        assert!((all.p50 - 2.0).abs() < 0.01, "{all:?}");
        assert!((all.max - 50.0).abs() < 0.1, "{all:?}");
    }
}
