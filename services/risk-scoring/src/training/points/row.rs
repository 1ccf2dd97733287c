//! A row of decision points as it stands in a file, and what is wrong with one: told by its column and the line, or row, that
//! it stands in, without what stands there.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use parquet::errors::ParquetError;
use serde::Serialize;

const HOURS_PER_DAY: u8 = 24;

/// Why a file holds no decision points.
#[derive(Debug, thiserror::Error)]
pub enum PointsError {
    #[error("`{}` cannot be read", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the file is not CSV of one table")]
    Csv(#[from] csv::Error),
    #[error("the file is not Parquet")]
    Parquet(#[from] ParquetError),
    #[error("there must be one column `{column}` of {expected}")]
    Column {
        column: &'static str,
        expected: &'static str,
    },
    #[error("{place}: `{column}` {expected}")]
    Value {
        place: Place,
        column: &'static str,
        expected: &'static str,
    },
    #[error("there are no rows, or all of them ended alike")]
    OneOutcome,
}

/// Where in a file a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Line of a text, from 1; the header is the first.
    Line(usize),
    /// Row of a table that has no lines, from 1.
    Row(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(out, "line {line}"),
            Self::Row(row) => write!(out, "row {row}"),
        }
    }
}

/// A row. Columns that no feature is made of are not read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) session_key: String,
    pub(crate) visitorid: String,
    pub(crate) cutoff_k: u32,
    pub(crate) view_count: u32,
    pub(crate) addtocart_count: u32,
    pub(crate) unique_items_count: u32,
    pub(crate) seconds_since_first_event: f64,
    pub(crate) seconds_since_last_cart: f64,
    pub(crate) seconds_since_previous_event: Option<f64>,
    pub(crate) repeated_views_of_cart_items: u32,
    pub(crate) hour_of_day: u8,
    pub(crate) abandoned: u8,
    pub(crate) visitor_session_index: u32,
}

impl Row {
    /// Refuses what no recording can hold. A missing value was refused before, but where the catalogue lets it be missing.
    pub(super) fn check(&self, place: Place) -> Result<(), PointsError> {
        let hold = |holds: bool, column, expected| {
            holds.then_some(()).ok_or(PointsError::Value {
                place,
                column,
                expected,
            })
        };
        let named = "must name something";
        hold(!self.session_key.is_empty(), "session_key", named)?;
        hold(!self.visitorid.is_empty(), "visitorid", named)?;
        let previous = self.seconds_since_previous_event.unwrap_or_default();
        for (column, seconds) in [
            ("seconds_since_first_event", self.seconds_since_first_event),
            ("seconds_since_last_cart", self.seconds_since_last_cart),
            ("seconds_since_previous_event", previous),
        ] {
            let usable = Duration::try_from_secs_f64(seconds).is_ok();
            hold(usable, column, "must be a number of seconds, 0 or more")?;
        }
        let hour = self.hour_of_day < HOURS_PER_DAY;
        hold(hour, "hour_of_day", "must be 0 to 23")?;
        hold(self.abandoned <= 1, "abandoned", "must be 0 or 1")?;
        let least = "must be 1 or more";
        hold(self.addtocart_count > 0, "addtocart_count", least)?;
        let index = self.visitor_session_index;
        hold(index > 0, "visitor_session_index", least)
    }
}
