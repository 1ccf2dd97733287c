//! Instants and spans. Both carry whole milliseconds: what is finer is cut off on the way in, and never sent.

use std::time::Duration;

use domain::time::{Timestamp, from_millis, to_millis};

use crate::error::v1::ErrorReason;
use crate::field::{FieldFault, InvalidField, required};

const NANOS_PER_MILLI: i32 = 1_000_000;
const MILLIS_PER_SECOND: i64 = 1_000;

/// Longest span of the wire in seconds: 10000 years, as `google.protobuf.Duration` says.
const MAX_SPAN_SECONDS: u64 = 315_576_000_000;

/// A wire value that is no instant or no span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeFault {
    /// The instant is outside the years that the wire knows, or its parts are out of their ranges.
    #[error("must be an instant with nanos from 0 to 999999999")]
    Instant,
    /// The span is negative or too long, or its parts are out of their ranges.
    #[error("must be a span of 0 to 315576000000 seconds with nanos from 0 to 999999999")]
    Span,
}

impl FieldFault for TimeFault {
    fn reason(&self) -> ErrorReason {
        ErrorReason::OutOfRange
    }

    fn description(&self) -> String {
        self.to_string()
    }
}

/// Reads an instant; cut down to the whole millisecond.
pub fn timestamp(wire: &prost_types::Timestamp) -> Result<Timestamp, TimeFault> {
    let prost_types::Timestamp { seconds, nanos } = *wire;
    if !(0..1_000_000_000).contains(&nanos) {
        return Err(TimeFault::Instant);
    }
    seconds
        .checked_mul(MILLIS_PER_SECOND)
        .and_then(|millis| millis.checked_add(i64::from(nanos / NANOS_PER_MILLI)))
        .and_then(|millis| from_millis(millis).ok())
        .ok_or(TimeFault::Instant)
}

/// Reads the instant of a field that must be present.
pub fn required_timestamp(
    field: &str,
    wire: Option<prost_types::Timestamp>,
) -> Result<Timestamp, InvalidField> {
    timestamp(&required(field, wire)?).map_err(InvalidField::at(field))
}

/// Reads the instant of a field that may be absent.
pub fn optional_timestamp(
    field: &str,
    wire: Option<prost_types::Timestamp>,
) -> Result<Option<Timestamp>, InvalidField> {
    wire.map(|wire| timestamp(&wire).map_err(InvalidField::at(field)))
        .transpose()
}

/// Writes an instant; rounded down to the whole millisecond.
pub fn wire_timestamp(instant: Timestamp) -> prost_types::Timestamp {
    let millis = to_millis(instant);
    let milli_of_second = i32::try_from(millis.rem_euclid(MILLIS_PER_SECOND)).unwrap_or_default();
    prost_types::Timestamp {
        seconds: millis.div_euclid(MILLIS_PER_SECOND),
        nanos: milli_of_second * NANOS_PER_MILLI,
    }
}

/// Reads a span; cut down to whole milliseconds.
pub fn duration(wire: &prost_types::Duration) -> Result<Duration, TimeFault> {
    let prost_types::Duration { seconds, nanos } = *wire;
    let seconds = u64::try_from(seconds).map_err(|_| TimeFault::Span)?;
    let nanos = u32::try_from(nanos).map_err(|_| TimeFault::Span)?;
    if seconds > MAX_SPAN_SECONDS || nanos >= 1_000_000_000 {
        return Err(TimeFault::Span);
    }
    Ok(Duration::new(seconds, nanos - nanos % 1_000_000))
}

/// Reads the span of a field that must be present.
pub fn required_duration(
    field: &str,
    wire: Option<prost_types::Duration>,
) -> Result<Duration, InvalidField> {
    duration(&required(field, wire)?).map_err(InvalidField::at(field))
}

/// Writes a span; cut down to whole milliseconds, and to 10000 years.
pub fn wire_duration(span: Duration) -> prost_types::Duration {
    let span = span.min(Duration::from_secs(MAX_SPAN_SECONDS));
    prost_types::Duration {
        seconds: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(span.subsec_millis()).unwrap_or_default() * NANOS_PER_MILLI,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wire(seconds: i64, nanos: i32) -> prost_types::Timestamp {
        prost_types::Timestamp { seconds, nanos }
    }

    fn wire_span(seconds: i64, nanos: i32) -> prost_types::Duration {
        prost_types::Duration { seconds, nanos }
    }

    proptest! {
        #[test]
        fn instants_come_back_to_the_millisecond(millis in -100_000_000_000_000_i64..100_000_000_000_000) {
            let instant = from_millis(millis).unwrap();

            prop_assert_eq!(timestamp(&wire_timestamp(instant)), Ok(instant));
        }

        #[test]
        fn spans_come_back_to_the_millisecond(millis in 0_u64..1_000_000_000_000) {
            let span = Duration::from_millis(millis);

            prop_assert_eq!(duration(&wire_duration(span)), Ok(span));
        }

        #[test]
        fn no_wire_value_panics(seconds: i64, nanos: i32) {
            let _ = timestamp(&wire(seconds, nanos));
            let _ = duration(&wire_span(seconds, nanos));
        }
    }

    #[test]
    fn what_is_finer_than_a_millisecond_is_cut_off() {
        assert_eq!(
            timestamp(&wire(1, 2_999_999)),
            Ok(from_millis(1_002).unwrap())
        );
        assert_eq!(
            timestamp(&wire(-1, 2_999_999)),
            Ok(from_millis(-998).unwrap())
        );
        assert_eq!(
            duration(&wire_span(1, 2_999_999)),
            Ok(Duration::from_millis(1_002))
        );
    }

    #[test]
    fn instants_out_of_range_are_refused() {
        for (seconds, nanos) in [(0, -1), (0, 1_000_000_000), (i64::MAX, 0), (i64::MIN, 0)] {
            assert_eq!(timestamp(&wire(seconds, nanos)), Err(TimeFault::Instant));
        }
    }

    #[test]
    fn negative_and_endless_spans_are_refused() {
        for (seconds, nanos) in [(-1, 0), (0, -1), (0, 1_000_000_000), (315_576_000_001, 0)] {
            assert_eq!(duration(&wire_span(seconds, nanos)), Err(TimeFault::Span));
        }
    }

    #[test]
    fn an_absent_instant_is_named() {
        let fault = required_timestamp("occurred_at", None).unwrap_err();

        assert_eq!(fault.field, "occurred_at");
        assert_eq!(fault.reason, ErrorReason::Required);
    }
}
