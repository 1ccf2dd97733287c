//! Decision points from CSV: columns in any order, one row a line.

use std::io::Read;
use std::str::FromStr;

use csv::StringRecord;

use super::row::{Place, PointsError, Row};

const TEXT: &str = "text";
const COUNT: &str = "whole numbers from 0";
const REAL: &str = "numbers";

/// The columns that are read, and what each holds.
const COLUMNS: [(&str, &str); 13] = [
    ("session_key", TEXT),
    ("visitorid", TEXT),
    ("cutoff_k", COUNT),
    ("view_count", COUNT),
    ("addtocart_count", COUNT),
    ("unique_items_count", COUNT),
    ("seconds_since_first_event", REAL),
    ("seconds_since_last_cart", REAL),
    ("seconds_since_previous_event", REAL),
    ("repeated_views_of_cart_items", COUNT),
    ("hour_of_day", COUNT),
    ("abandoned", COUNT),
    ("visitor_session_index", COUNT),
];

/// Reads all rows, in their order.
pub(super) fn rows(text: impl Read) -> Result<Vec<(Place, Row)>, PointsError> {
    let mut reader = csv::Reader::from_reader(text);
    let header = reader.headers()?.clone();
    for (column, expected) in COLUMNS {
        if header.iter().filter(|name| *name == column).count() != 1 {
            return Err(PointsError::Column { column, expected });
        }
    }
    let mut rows = Vec::new();
    let mut record = StringRecord::new();
    while reader.read_record(&mut record)? {
        // A reader counts a line when it has met its end, and that of a carriage return with a line feed one too late.
        let told = record.position().map_or(0, csv::Position::line);
        let line = usize::try_from(told).unwrap_or_default();
        let cells = Cells {
            header: &header,
            record: &record,
            place: Place::Line(line.max(rows.len() + 2)),
        };
        rows.push((cells.place, cells.row()?));
    }
    Ok(rows)
}

/// One line.
struct Cells<'a> {
    header: &'a StringRecord,
    record: &'a StringRecord,
    place: Place,
}

impl Cells<'_> {
    fn row(&self) -> Result<Row, PointsError> {
        Ok(Row {
            session_key: self.text("session_key").to_owned(),
            visitorid: self.text("visitorid").to_owned(),
            cutoff_k: self.count("cutoff_k")?,
            view_count: self.count("view_count")?,
            addtocart_count: self.count("addtocart_count")?,
            unique_items_count: self.count("unique_items_count")?,
            seconds_since_first_event: self.real("seconds_since_first_event")?,
            seconds_since_last_cart: self.real("seconds_since_last_cart")?,
            seconds_since_previous_event: self.if_known("seconds_since_previous_event")?,
            repeated_views_of_cart_items: self.count("repeated_views_of_cart_items")?,
            hour_of_day: self.count("hour_of_day")?,
            abandoned: self.count("abandoned")?,
            visitor_session_index: self.count("visitor_session_index")?,
        })
    }

    /// What stands in a column, which is there.
    fn text(&self, column: &str) -> &str {
        let mut cells = self.header.iter().zip(self.record);
        let cell = cells.find(|(name, _)| *name == column);
        cell.map_or("", |(_, text)| text)
    }

    fn count<N: FromStr>(&self, column: &'static str) -> Result<N, PointsError> {
        self.number(
            column,
            "must be a whole number from 0 that is not too large",
        )
    }

    fn real(&self, column: &'static str) -> Result<f64, PointsError> {
        self.number(column, "must be a number")
    }

    fn if_known(&self, column: &'static str) -> Result<Option<f64>, PointsError> {
        if self.text(column).is_empty() {
            return Ok(None);
        }
        self.real(column).map(Some)
    }

    fn number<N: FromStr>(
        &self,
        column: &'static str,
        expected: &'static str,
    ) -> Result<N, PointsError> {
        let number = self.text(column).parse();
        number.map_err(|_| PointsError::Value {
            place: self.place,
            column,
            expected,
        })
    }
}
