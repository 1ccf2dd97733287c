//! Rows of decision points as they stand in a file: CSV, plain or gzip, or Parquet. All three give the same rows.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::parquet::{self, ParquetFault};

/// Why a file holds no decision points.
#[derive(Debug, thiserror::Error)]
pub enum PointsError {
    #[error("`{}` cannot be read", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the file is not CSV with the columns of decision points")]
    Csv(#[from] csv::Error),
    #[error("the file is not Parquet with the columns of decision points")]
    Parquet(#[from] ParquetFault),
    #[error("row {row}: `{column}` {expected}")]
    Row {
        /// From 1, the header not counted.
        row: usize,
        column: &'static str,
        expected: &'static str,
    },
    #[error("there are no rows, or all of them ended alike")]
    OneOutcome,
}

/// A row as it stands in the file. Columns that no feature is made of are not read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

/// Reads a file by the ending of its name: `.parquet`, `.gz` for CSV under gzip, and CSV for any other.
pub(super) fn rows(path: &Path) -> Result<Vec<Row>, PointsError> {
    let open = |source| PointsError::Open {
        path: path.to_owned(),
        source,
    };
    let bytes = fs::read(path).map_err(open)?;
    let ending = path.extension().and_then(|ending| ending.to_str());
    match ending {
        Some("parquet") => Ok(parquet::rows(bytes)?),
        Some("gz") => csv_rows(MultiGzDecoder::new(bytes.as_slice())),
        Some(_) | None => csv_rows(bytes.as_slice()),
    }
}

fn csv_rows(text: impl Read) -> Result<Vec<Row>, PointsError> {
    let rows: Result<Vec<Row>, csv::Error> =
        csv::Reader::from_reader(text).into_deserialize().collect();
    Ok(rows?)
}

/// SHA-256 over the rows, written as CSV, in hexadecimal: it names the data and not the form they came in.
pub(super) fn digest(rows: &[Row]) -> Result<String, PointsError> {
    let mut text = csv::Writer::from_writer(Vec::new());
    for row in rows {
        text.serialize(row)?;
    }
    let bytes = text
        .into_inner()
        .map_err(|unwritten| csv::Error::from(unwritten.into_error()))?;
    Ok(format!("{:x}", Sha256::digest(&bytes)))
}
