//! The curve of a day: how many sessions begin at which hour, as a share of the busiest one. Pure.

use std::time::Duration;

/// Cart sessions of `RetailRocket` by the hour (UTC) of their first cart: 28,361 of them, in 2015. Only the curve is used.
const BY_HOUR: [f64; 24] = [
    1_498.0, 1_438.0, 1_376.0, 1_450.0, 1_396.0, 1_193.0, 785.0, 399.0, 223.0, 156.0, 143.0, 167.0,
    283.0, 486.0, 787.0, 1_376.0, 1_802.0, 2_005.0, 1_938.0, 2_024.0, 2_049.0, 2_011.0, 1_822.0,
    1_554.0,
];
const BUSIEST: f64 = 2_049.0;
const HOUR: f64 = 3_600.0;

/// The time of day, so long after midnight, in hours.
pub(super) fn hour(since_midnight: Duration) -> f64 {
    since_midnight.as_secs_f64() / HOUR % 24.0
}

/// The rate at a time, as a share of that of the busiest hour: straight from the middle of each hour to that of the next.
pub(super) fn share(since_midnight: Duration) -> f64 {
    // From the middle of the hour before.
    let place = (hour(since_midnight) + 23.5) % 24.0;
    let hours = BY_HOUR.iter().chain(BY_HOUR.first());
    let pairs = (0..).map(f64::from).zip(hours.clone().zip(hours.skip(1)));
    let before = pairs.take_while(|(from, _)| *from <= place).last();
    before.map_or(0.0, |(from, (this, next))| {
        (this + (next - this) * (place - from)) / BUSIEST
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: f64) -> f64 {
        share(Duration::from_secs_f64(hours * HOUR))
    }

    #[test]
    fn the_middle_of_an_hour_has_its_rate() {
        assert!((at(20.5) - 1.0).abs() < 1e-9);
        assert!((at(10.5) - 143.0 / BUSIEST).abs() < 1e-9);
        assert!((at(34.5) - at(10.5)).abs() < 1e-9);
    }

    #[test]
    fn between_two_hours_the_rate_lies_between_theirs() {
        assert!((at(11.0) - 155.0 / BUSIEST).abs() < 1e-9);
        assert!((at(0.0) - 1_526.0 / BUSIEST).abs() < 1e-9, "{}", at(0.0));
        assert!((at(23.999_999) - at(0.0)).abs() < 1e-3);
    }

    #[test]
    fn no_time_is_busier_than_the_busiest_hour() {
        let minutes = (0..24 * 60).map(|minute| at(f64::from(minute) / 60.0));
        assert!(minutes.clone().all(|share| share > 0.0 && share <= 1.0));
        assert!(minutes.sum::<f64>() / 1_440.0 > 0.5);
    }
}
