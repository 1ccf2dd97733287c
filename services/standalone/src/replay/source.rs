//! Recordings: CSV files of two well-known data sets, read whole and put in order of time.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::id::{SessionId, VisitorId};
use domain::money::{Currency, Money};
use domain::time::Timestamp;
use flate2::read::MultiGzDecoder;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use thiserror::Error;
use uuid::Uuid;

use super::{Action, Recorded};

/// Timelines hold no prices; every line costs this much, in minor units.
const UNPRICED: i64 = 2_500;
/// Timelines hold no absolute times; sessions begin this far apart.
const SESSION_GAP: Duration = Duration::from_secs(1);

/// Why a recording cannot be read.
#[derive(Debug, Error)]
pub(crate) enum SourceError {
    #[error("`{}` cannot be opened", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the file is not readable as csv")]
    Csv(#[from] csv::Error),
    #[error("the header must be that of the rees46 stream or of retailrocket timelines")]
    Header,
    #[error("row {row}: `{column}` {expected}")]
    Row {
        row: u64,
        column: &'static str,
        expected: &'static str,
    },
}

#[derive(Debug, Deserialize)]
struct Rees46 {
    #[serde(deserialize_with = "utc")]
    event_time: Timestamp,
    event_type: String,
    product_id: String,
    price: String,
    user_id: String,
    user_session: Uuid,
}

#[derive(Debug, Deserialize)]
struct Timeline {
    session_key: String,
    offset_ms: u64,
    event: String,
}

/// Reads a recording, gzip by its first two bytes.
pub(crate) fn read(path: &Path) -> Result<Vec<Recorded>, SourceError> {
    let refused = |source| SourceError::Open {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| BufReader::new(file).read_to_end(&mut bytes))
        .map_err(refused)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return read_gzip(&bytes);
    }
    parse(bytes.as_slice())
}

/// Reads a recording from gzip in memory.
pub(crate) fn read_gzip(bytes: &[u8]) -> Result<Vec<Recorded>, SourceError> {
    parse(MultiGzDecoder::new(bytes))
}

fn parse(input: impl Read) -> Result<Vec<Recorded>, SourceError> {
    let mut reader = csv::Reader::from_reader(input);
    let headers = reader.headers()?.clone();
    let has = |column| headers.iter().any(|header| header == column);
    let mut recording = if has("user_session") {
        rees46(&mut reader, &headers)?
    } else if has("session_key") {
        timelines(&mut reader, &headers)?
    } else {
        return Err(SourceError::Header);
    };
    recording.sort_by_key(|event| (event.offset, event.row));
    Ok(recording)
}

fn rees46<R: Read>(
    reader: &mut csv::Reader<R>,
    headers: &csv::StringRecord,
) -> Result<Vec<Recorded>, SourceError> {
    let mut rows = Vec::new();
    for record in reader.records() {
        rows.push(record?.deserialize::<Rees46>(Some(headers))?);
    }
    let start = rows.iter().map(|row| row.event_time).min();
    let mut recording = Vec::with_capacity(rows.len());
    for (number, row) in (0_u64..).zip(rows) {
        let offset = domain::time::elapsed(start.unwrap_or(row.event_time), row.event_time);
        recording.push(Recorded {
            row: number,
            offset,
            session: SessionId::from_uuid(row.user_session),
            visitor: VisitorId::from_uuid(name_uuid(&row.user_id)),
            action: rees46_action(number, &row)?,
        });
    }
    Ok(recording)
}

fn rees46_action(row: u64, read: &Rees46) -> Result<Action, SourceError> {
    let price = cents(&read.price).ok_or(SourceError::Row {
        row,
        column: "price",
        expected: "must be an amount such as 35.79",
    })?;
    let sku = read.product_id.clone();
    match read.event_type.as_str() {
        "view" => Ok(Action::View {
            sku,
            price: Some(price),
        }),
        "cart" => Ok(Action::Cart { sku, price }),
        "purchase" => Ok(Action::Purchase { price }),
        _ => Err(SourceError::Row {
            row,
            column: "event_type",
            expected: "must be view, cart or purchase",
        }),
    }
}

fn timelines<R: Read>(
    reader: &mut csv::Reader<R>,
    headers: &csv::StringRecord,
) -> Result<Vec<Recorded>, SourceError> {
    let unpriced = Money::new(UNPRICED, dollars()).ok();
    let mut recording: Vec<Recorded> = Vec::new();
    let (mut last, mut start) = (String::new(), Duration::ZERO);
    for (number, record) in (0_u64..).zip(reader.records()) {
        let row: Timeline = record?.deserialize(Some(headers))?;
        if row.session_key != last {
            start = start.saturating_add(SESSION_GAP);
            last.clone_from(&row.session_key);
        }
        let visitor = row.session_key.split('_').next().unwrap_or_default();
        let sku = "unknown".to_owned();
        let action = match (row.event.as_str(), unpriced) {
            ("view", _) => Action::View { sku, price: None },
            ("addtocart", Some(price)) => Action::Cart { sku, price },
            ("transaction", Some(price)) => Action::Purchase { price },
            _ => {
                return Err(SourceError::Row {
                    row: number,
                    column: "event",
                    expected: "must be view, addtocart or transaction",
                });
            }
        };
        recording.push(Recorded {
            row: number,
            offset: start.saturating_add(Duration::from_millis(row.offset_ms)),
            session: SessionId::from_uuid(name_uuid(&row.session_key)),
            visitor: VisitorId::from_uuid(name_uuid(visitor)),
            action,
        });
    }
    Ok(recording)
}

/// The same name gives the same UUID, on every machine (version 5).
pub(crate) fn name_uuid(name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
}

const fn dollars() -> Currency {
    Currency::USD
}

/// Reads an instant; the published files write `2019-10-01 00:00:00 UTC`, ours RFC 3339.
fn utc<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    let instant = match text.strip_suffix(" UTC") {
        Some(civil) => format!("{civil}Z").parse(),
        None => text.parse(),
    };
    instant.map_err(D::Error::custom)
}

/// Minor units of an amount in dollars with at most two places behind the point.
fn cents(text: &str) -> Option<Money> {
    let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(places) {
        return None;
    }
    let places = match places.len() {
        1 => format!("{places}0"),
        2 => places.to_owned(),
        _ => return None,
    };
    let whole: i64 = whole.parse().ok()?;
    let places: i64 = places.parse().ok()?;
    let minor_units = whole.checked_mul(100)?.checked_add(places)?;
    Money::new(minor_units, dollars()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "\
event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session
2019-10-01T00:00:04.000000Z,cart,7,1,,,33.2,5,9333dfbd-b87a-4708-9857-6336556b0fcc
2019-10-01T00:00:00.000000Z,view,7,1,,,33.20,5,9333dfbd-b87a-4708-9857-6336556b0fcc
";

    #[test]
    fn a_stream_is_put_in_order_of_time() {
        let recording = parse(STREAM.as_bytes()).unwrap();

        let offsets: Vec<u64> = recording
            .iter()
            .map(|event| event.offset.as_secs())
            .collect();
        assert_eq!(offsets, [0, 4]);
        assert_eq!(recording[0].row, 1);
        assert_eq!(
            recording[1].action,
            Action::Cart {
                sku: "7".to_owned(),
                price: Money::new(3_320, dollars()).unwrap()
            }
        );
    }

    #[test]
    fn instants_are_read_as_the_source_publishes_them() {
        let published = STREAM.replace('T', " ").replace(".000000Z", " UTC");

        let recording = parse(published.as_bytes()).unwrap();

        assert_eq!(recording, parse(STREAM.as_bytes()).unwrap());
    }

    #[test]
    fn timelines_begin_one_after_the_other() {
        let text = "session_key,seq,offset_ms,event\n6_1,0,0,addtocart\n150_1,0,500,view\n";

        let recording = parse(text.as_bytes()).unwrap();

        let offsets: Vec<u128> = recording
            .iter()
            .map(|event| event.offset.as_millis())
            .collect();
        assert_eq!(offsets, [1_000, 2_500]);
    }

    #[test]
    fn an_unknown_event_names_its_row_and_column() {
        let text = "session_key,seq,offset_ms,event\n6_1,0,0,dance\n";

        let refused = parse(text.as_bytes()).unwrap_err();

        assert!(refused.to_string().starts_with("row 0: `event` must be"));
    }

    #[test]
    fn amounts_are_read_to_the_cent() {
        for (text, minor_units) in [("33.2", 3_320), ("33.02", 3_302), ("33", 3_300)] {
            assert_eq!(cents(text).unwrap().minor_units(), minor_units, "{text}");
        }
        for text in ["", "1.234", "-1.00", "-0.50", "1.+5", "one"] {
            assert!(cents(text).is_none(), "{text}");
        }
    }
}
