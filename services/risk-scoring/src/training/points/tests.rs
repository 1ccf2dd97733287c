//! What is read, and how files at fault are told.

use std::sync::Arc;

use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;

use super::*;
use crate::features::Feature;
use crate::training::tests::{UTC_OFFSET_HOURS, folder};

const HEADER: &str = "session_key,visitorid,cutoff_k,view_count,addtocart_count,unique_items_count,seconds_since_first_event,\
    seconds_since_last_cart,seconds_since_previous_event,repeated_views_of_cart_items,hour_of_day,abandoned,visitor_session_index";
/// Two sessions of one visitor, the second of which ended in an order.
const FIRST: &str = "1_1,1,0,2,1,2,60,0,30,1,3,1,1";
const SECOND: &str = "1_2,1,0,2,1,2,60,0,,1,3,0,3";

fn read(name: &str, bytes: &[u8]) -> Result<Points, PointsError> {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join(name);
    std::fs::write(&file, bytes).unwrap();
    Points::read(&file, UTC_OFFSET_HOURS)
}

fn read_lines(lines: &[&str]) -> Result<Points, PointsError> {
    read("points.csv", lines.join("\n").as_bytes())
}

fn refused(lines: &[&str]) -> String {
    platform::status::chain(&read_lines(lines).unwrap_err())
}

#[test]
fn what_may_be_missing_is_and_history_is_that_of_earlier_sessions() {
    let points = read_lines(&[HEADER, FIRST, SECOND]).unwrap();
    let features = |at: usize, feature| points.all[at].features.get(feature);
    assert_eq!(features(0, Feature::MinutesSinceShoppingEvent), Some(0.5));
    assert_eq!(features(1, Feature::MinutesSinceShoppingEvent), None);
    assert_eq!(
        features(0, Feature::LocalHour),
        Some(21.0),
        "3 UTC is 21 the day before"
    );
    assert_eq!(
        features(0, Feature::EarlierAbandonments),
        Some(0.0),
        "not its own outcome"
    );
    assert_eq!(features(1, Feature::EarlierAbandonments), Some(1.0));
    assert_eq!(features(1, Feature::EarlierSessions), Some(2.0));
}

#[test]
fn columns_may_stand_in_any_order_and_others_beside_them() {
    let turned = |line: &str, more: &str| -> String {
        let cells: Vec<&str> = line.split(',').rev().chain([more]).collect();
        cells.join(",")
    };
    let lines = [
        turned(HEADER, "note"),
        turned(FIRST, "x"),
        turned(SECOND, ""),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let (turned, plain) = (
        read_lines(&lines).unwrap(),
        read_lines(&[HEADER, FIRST, SECOND]).unwrap(),
    );
    assert_eq!(turned.sha256, plain.sha256);
}

#[test]
fn a_value_at_fault_is_told_by_its_line_and_column_and_not_repeated() {
    for (column, value) in [
        ("session_key", ""),
        ("visitorid", ""),
        ("cutoff_k", "-7"),
        ("view_count", ""),
        ("addtocart_count", "0"),
        ("addtocart_count", "4294967296"),
        ("unique_items_count", "2.5"),
        ("seconds_since_first_event", ""),
        ("seconds_since_first_event", "NaN"),
        ("seconds_since_first_event", "-7"),
        ("seconds_since_last_cart", "inf"),
        ("seconds_since_previous_event", "NaN"),
        ("seconds_since_previous_event", "early"),
        ("repeated_views_of_cart_items", "many"),
        ("hour_of_day", "24"),
        ("hour_of_day", "300"),
        ("abandoned", "2"),
        ("abandoned", ""),
        ("visitor_session_index", "0"),
    ] {
        let at = HEADER.split(',').position(|name| name == column).unwrap();
        let mut cells: Vec<&str> = SECOND.split(',').collect();
        cells[at] = value;
        let message = refused(&[HEADER, FIRST, &cells.join(",")]);
        let told = format!("line 3: `{column}` must ");
        assert!(message.starts_with(&told), "{message}");
        let repeated = value.len() > 3 && message.contains(value);
        assert!(!repeated, "{message} repeats what stands there");
    }
}

#[test]
fn lines_are_counted_as_an_editor_does() {
    let wrong = SECOND.replace(",3,0,3", ",24,0,3");
    let carriage = [HEADER, FIRST, &wrong].join("\r\n");
    let told = read("points.csv", carriage.as_bytes()).unwrap_err();
    assert!(told.to_string().starts_with("line 3: "), "{told}");
    let message = refused(&[HEADER, FIRST, "", "", &wrong]);
    assert!(message.starts_with("line "), "{message}");
}

#[test]
fn columns_that_are_absent_or_twice_are_named() {
    let absent = HEADER.replace("abandoned", "lost");
    assert!(refused(&[&absent, FIRST, SECOND]).contains("one column `abandoned`"));
    let twice = HEADER.replace("view_count", "cutoff_k");
    assert!(refused(&[&twice, FIRST, SECOND]).contains("one column `cutoff_k`"));
    assert!(refused(&[""]).contains("one column `session_key`"));
}

#[test]
fn a_line_with_more_or_fewer_cells_is_told() {
    let message = refused(&[HEADER, FIRST, "1_2,1"]);
    assert!(message.contains("line: 3"), "{message}");
}

#[test]
fn a_point_that_stands_there_twice_and_a_session_of_two_visitors_are_refused() {
    let message = refused(&[HEADER, FIRST, SECOND, FIRST]);
    assert!(message.starts_with("line 4: `cutoff_k`"), "{message}");
    let stranger = "1_2,2,1,3,1,2,70,10,10,1,3,0,3";
    let message = refused(&[HEADER, FIRST, SECOND, stranger]);
    assert!(message.starts_with("line 4: `visitorid`"), "{message}");
}

#[test]
fn a_file_without_both_outcomes_teaches_nothing() {
    for lines in [&[HEADER][..], &[HEADER, FIRST]] {
        assert!(matches!(read_lines(lines), Err(PointsError::OneOutcome)));
    }
}

#[test]
fn files_of_another_kind_are_refused() {
    let csv = std::fs::read(folder().join("points/points.csv")).unwrap();
    let told = |name, bytes: &[u8]| read(name, bytes).unwrap_err().to_string();
    assert!(told("points.parquet", &csv).contains("not Parquet"));
    assert!(told("points.csv.gz", &csv).contains("not CSV"));
    assert!(told("points.csv", &[0xff, 0xfe, b'\n', 0xff]).contains("not CSV"));
    assert!(matches!(
        Points::read(&folder().join("nowhere.csv"), 0),
        Err(PointsError::Open { .. })
    ));
}

/// The columns of a Parquet file, by what they hold.
const SCHEMA: &str = "message points { required binary session_key (UTF8); required int64 visitorid;
    required int64 cutoff_k; required int64 view_count; required int64 addtocart_count; required int64 unique_items_count;
    required double seconds_since_first_event; required double seconds_since_last_cart;
    optional double seconds_since_previous_event; required int64 repeated_views_of_cart_items;
    required int64 hour_of_day; required int64 abandoned; required int64 visitor_session_index; }";

/// A Parquet file of two sessions, one of which ended in an order, each in a row group of its own.
fn parquet_file(hours: [i64; 2], first: f64) -> Vec<u8> {
    let schema = parse_message_type(SCHEMA).unwrap();
    let mut bytes = Vec::new();
    let writer = SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::default());
    let mut writer = writer.unwrap();
    for (hour, abandoned) in hours.into_iter().zip(0..) {
        let mut group = writer.next_row_group().unwrap();
        let mut rest = [1, 0, 2, 1, 2, 1, hour, abandoned, 1].into_iter();
        for column in SCHEMA.split(';').filter(|column| {
            column.contains("64") || column.contains("binary") || column.contains("double")
        }) {
            let mut next = group.next_column().unwrap().unwrap();
            if column.contains("binary") {
                let name = [ByteArray::from(format!("s{abandoned}").as_str())];
                let written = next.typed::<ByteArrayType>().write_batch(&name, None, None);
                written.unwrap();
            } else if column.contains("optional") {
                let written = next
                    .typed::<DoubleType>()
                    .write_batch(&[], Some(&[0]), None);
                written.unwrap();
            } else if column.contains("double") {
                let written = next.typed::<DoubleType>().write_batch(&[first], None, None);
                written.unwrap();
            } else {
                let whole = [rest.next().unwrap()];
                let written = next.typed::<Int64Type>().write_batch(&whole, None, None);
                written.unwrap();
            }
            next.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
    bytes
}

#[test]
fn a_parquet_value_at_fault_is_told_by_its_row_and_column() {
    let read = |hours, first| read("points.parquet", &parquet_file(hours, first));
    assert_eq!(read([3, 4], 0.0).unwrap().len(), 2);
    for (hours, first, told) in [
        ([3, 24], 0.0, "row 2: `hour_of_day` must be 0 to 23"),
        ([3, -1], 0.0, "row 2: `hour_of_day` must be a whole number"),
        (
            [3, 4],
            f64::NAN,
            "row 1: `seconds_since_first_event` must be a number",
        ),
    ] {
        let message = read(hours, first).unwrap_err().to_string();
        assert!(message.starts_with(told), "{message}");
    }
}
