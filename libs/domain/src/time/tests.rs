//! What times promise: whole milliseconds, spans that never fail, hours by the clock on the wall.

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn zone(name: &str) -> Zone {
    Zone::parse(name).expect("a zone")
}

fn hours(from: u8, until: u8) -> LocalHours {
    LocalHours::new(from, until).expect("a window")
}

fn instants() -> impl Strategy<Value = Timestamp> {
    (-2_000_000_000_i64..4_000_000_000, 0..1_000_000_000_i32)
        .prop_map(|(second, nanosecond)| Timestamp::new(second, nanosecond).expect("an instant"))
}

#[test]
fn a_window_holds_its_first_hour_and_not_its_last() {
    let (madrid, day) = (zone("Europe/Madrid"), hours(8, 20));
    assert!(!day.contains(&madrid, at("2026-01-15T06:59:59.999Z")));
    assert!(day.contains(&madrid, at("2026-01-15T07:00:00Z")));
    assert!(day.contains(&madrid, at("2026-01-15T18:59:59.999Z")));
    assert!(!day.contains(&madrid, at("2026-01-15T19:00:00Z")));
}

#[test]
fn a_window_may_wrap_midnight() {
    let (utc, night) = (zone("UTC"), hours(20, 8));
    for (time, inside) in [
        ("19:59", false),
        ("20:00", true),
        ("23:59", true),
        ("00:00", true),
        ("07:59", true),
        ("08:00", false),
    ] {
        assert_eq!(
            night.contains(&utc, at(&format!("2026-03-01T{time}:00Z"))),
            inside,
            "{time}"
        );
    }
}

#[test]
fn a_window_may_end_with_the_day() {
    let evening = hours(18, 24);
    assert!(evening.contains(&zone("UTC"), at("2026-03-01T23:59:59Z")));
    assert!(!evening.contains(&zone("UTC"), at("2026-03-02T00:00:00Z")));
}

#[test]
fn a_skipped_hour_is_never_inside() {
    // New York, 8 March 2026: 01:59:59 EST is followed by 03:00:00 EDT.
    let (new_york, skipped) = (zone("America/New_York"), hours(2, 3));
    assert!(!skipped.contains(&new_york, at("2026-03-08T06:59:59.999Z")));
    assert!(!skipped.contains(&new_york, at("2026-03-08T07:00:00Z")));
    assert!(hours(3, 4).contains(&new_york, at("2026-03-08T07:00:00Z")));
    assert!(
        skipped.contains(&new_york, at("2026-03-09T06:00:00Z")),
        "the day after"
    );
}

#[test]
fn a_repeated_hour_is_inside_both_times() {
    // New York, 1 November 2026: 01:00 to 02:00 happens in EDT, then in EST.
    let (new_york, repeated) = (zone("America/New_York"), hours(1, 2));
    for (instant, inside) in [
        ("2026-11-01T04:59:59Z", false),
        ("2026-11-01T05:00:00Z", true),
        ("2026-11-01T06:00:00Z", true),
        ("2026-11-01T06:59:59Z", true),
        ("2026-11-01T07:00:00Z", false),
    ] {
        assert_eq!(
            repeated.contains(&new_york, at(instant)),
            inside,
            "{instant}"
        );
    }
}

#[test]
fn the_end_of_quiet_hours_follows_daylight_saving() {
    let (new_york, day) = (zone("America/New_York"), hours(8, 20));
    assert!(
        !day.contains(&new_york, at("2026-03-07T12:00:00Z")),
        "07:00 EST"
    );
    assert!(
        day.contains(&new_york, at("2026-03-08T12:00:00Z")),
        "08:00 EDT"
    );
}

#[test]
fn offsets_of_half_hours_count() {
    let (kolkata, day) = (zone("Asia/Kolkata"), hours(8, 20));
    assert!(!day.contains(&kolkata, at("2026-01-15T02:29:59Z")));
    assert!(day.contains(&kolkata, at("2026-01-15T02:30:00Z")));
}

#[test]
fn windows_that_say_nothing_are_refused() {
    for (from, until) in [(0, 0), (8, 8), (24, 8), (8, 25), (8, 0), (255, 255)] {
        assert_eq!(
            LocalHours::new(from, until),
            Err(InvalidTime::Hours),
            "{from} to {until}"
        );
    }
    assert_eq!(LocalHours::new(0, 24), Ok(LocalHours::ALWAYS));
    assert!(serde_json::from_str::<LocalHours>(r#"{"from":8,"until":8}"#).is_err());
}

#[test]
fn zones_are_names_of_the_database() {
    assert_eq!(zone("europe/madrid").as_str(), "Europe/Madrid");
    assert_eq!(zone("Europe/Madrid"), zone("europe/madrid"));
    for name in [
        "",
        "Madrid",
        "CEST+1",
        "Europe/Nowhere",
        "../etc/passwd",
        "Etc/Unknown",
        "+01:00",
    ] {
        assert_eq!(Zone::parse(name), Err(InvalidTime::Zone), "{name}");
    }
    let json = serde_json::to_string(&zone("America/Toronto")).expect("json");
    assert_eq!(json, r#""America/Toronto""#);
    assert_eq!(
        serde_json::from_str::<Zone>(&json).expect("a zone"),
        zone("America/Toronto")
    );
}

#[test]
fn reversed_clocks_elapse_nothing() {
    let (early, late) = (at("2026-01-01T00:00:00Z"), at("2026-01-01T00:01:30Z"));
    assert_eq!(elapsed(early, late), Duration::from_secs(90));
    assert_eq!(elapsed(late, early), Duration::ZERO);
}

#[test]
fn time_stops_at_its_ends() {
    assert_eq!(
        later(Timestamp::MAX, Duration::from_secs(1)),
        Timestamp::MAX
    );
    assert_eq!(later(Timestamp::UNIX_EPOCH, Duration::MAX), Timestamp::MAX);
    assert_eq!(
        earlier(Timestamp::MIN, Duration::from_secs(1)),
        Timestamp::MIN
    );
    assert_eq!(
        earlier(Timestamp::UNIX_EPOCH, Duration::MAX),
        Timestamp::MIN
    );
}

#[test]
fn millis_out_of_range_are_refused() {
    for millis in [i64::MIN, i64::MAX, 253_402_300_800_000] {
        assert_eq!(from_millis(millis), Err(InvalidTime::Instant));
    }
    assert_eq!(truncate_to_millis(Timestamp::MIN), Timestamp::MIN);
}

proptest! {
    #[test]
    fn millis_round_down(instant in instants()) {
        let truncated = truncate_to_millis(instant);
        let lost = elapsed(truncated, instant);
        prop_assert!(truncated <= instant);
        prop_assert!(lost < Duration::from_millis(1));
        prop_assert_eq!(from_millis(to_millis(instant)), Ok(truncated));
        prop_assert_eq!(truncate_to_millis(truncated), truncated);
    }

    #[test]
    fn later_and_earlier_undo_each_other(instant in instants(), millis in 0..10_000_000_000_u64) {
        let span = Duration::from_millis(millis);
        prop_assert_eq!(elapsed(instant, later(instant, span)), span);
        prop_assert_eq!(earlier(later(instant, span), span), instant);
    }

    #[test]
    fn a_window_and_its_complement_share_no_instant(instant in instants(), from in 0..24_u8, until in 1..=24_u8) {
        prop_assume!(from != until && (from, until) != (0, 24));
        let (window, rest) = (hours(from, until), hours(until % 24, if from == 0 { 24 } else { from }));
        for name in ["Europe/Madrid", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"] {
            prop_assert_ne!(window.contains(&zone(name), instant), rest.contains(&zone(name), instant));
        }
        prop_assert!(LocalHours::ALWAYS.contains(&zone("America/Bogota"), instant));
    }
}
