//! The rows of a file: CSV, plain or gzip, or Parquet. All three give the same rows, checked one by one and together.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::row::{Place, PointsError, Row};
use super::{parquet, text};

/// Reads a file by the ending of its name: `.parquet`, `.gz` for CSV under gzip, and CSV for any other.
pub(super) fn rows(path: &Path) -> Result<Vec<Row>, PointsError> {
    let open = |source| PointsError::Open {
        path: path.to_owned(),
        source,
    };
    let bytes = fs::read(path).map_err(open)?;
    let ending = path.extension().and_then(|ending| ending.to_str());
    let rows = match ending {
        Some("parquet") => parquet::rows(bytes),
        Some("gz") => text::rows(MultiGzDecoder::new(bytes.as_slice())),
        Some(_) | None => text::rows(bytes.as_slice()),
    }?;
    for (place, row) in &rows {
        row.check(*place)?;
    }
    check_sessions(&rows)?;
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// Refuses a decision point that stands there twice, which would count twice, and a session of two visitors, one of whom might
/// be learned from while the other is judged.
fn check_sessions(rows: &[(Place, Row)]) -> Result<(), PointsError> {
    let mut points = HashSet::with_capacity(rows.len());
    let mut visitors: HashMap<&str, &str> = HashMap::new();
    for (place, row) in rows {
        let (place, session) = (*place, row.session_key.as_str());
        let refused = |column, expected| PointsError::Value {
            place,
            column,
            expected,
        };
        if !points.insert((session, row.cutoff_k)) {
            let expected = "must not be that of an earlier row of the same session";
            return Err(refused("cutoff_k", expected));
        }
        if *visitors.entry(session).or_insert(&row.visitorid) != row.visitorid {
            let expected = "must be the same in all rows of a session";
            return Err(refused("visitorid", expected));
        }
    }
    Ok(())
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
