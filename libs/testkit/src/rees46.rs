//! The stream of a large shop as REES46 published it: a slice lies in this repository, a larger part where somebody has it.
//! Source of the data: REES46 Marketing Platform, <https://rees46.com>.

use std::io::Read;

use csv::StringRecord;
use domain::time::Timestamp;
use flate2::read::MultiGzDecoder;

/// The slice of this repository: 4,782 events of 1,176 sessions, in order of time.
pub const SLICE: &[u8] = include_bytes!("../../../tests/data/rees46/events.csv.gz");

/// A row of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub at: Timestamp,
    /// As the shop names it.
    pub session: String,
    pub act: Act,
    /// Product.
    pub sku: String,
    /// In cents.
    pub price: i64,
}

/// What a shopper did with a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    View,
    Cart,
    Purchase,
}

/// Reads a compressed stream.
pub fn rows(compressed: impl Read) -> impl Iterator<Item = Row> {
    let records = csv::Reader::from_reader(MultiGzDecoder::new(compressed)).into_records();
    records.map(|record| row(&record.expect("the stream is readable as csv")))
}

/// Columns: `event_time, event_type, product_id, category_id, category_code, brand, price, user_id, user_session`.
fn row(record: &StringRecord) -> Row {
    Row {
        at: record[0].parse().expect("an instant"),
        session: record[8].to_owned(),
        act: match &record[1] {
            "view" => Act::View,
            "cart" => Act::Cart,
            "purchase" => Act::Purchase,
            other => panic!("an event of kind {other}"),
        },
        sku: record[2].to_owned(),
        price: cents(&record[6]).expect("an amount"),
    }
}

/// Cents of an amount such as `35.79`.
fn cents(amount: &str) -> Option<i64> {
    let (whole, places) = amount.split_once('.').unwrap_or((amount, ""));
    format!("{whole}{places:0<2}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slice_is_read_whole_and_in_order_of_time() {
        let rows: Vec<Row> = rows(SLICE).collect();

        assert_eq!(rows.len(), 4_782);
        assert!(rows.is_sorted_by_key(|row| row.at));
        assert_eq!((rows[0].act, rows[0].price), (Act::View, 3_320));
    }

    #[test]
    fn amounts_are_read_to_the_cent() {
        assert_eq!(
            ["35.79", "33.2", "33"].map(cents),
            [Some(3_579), Some(3_320), Some(3_300)]
        );
    }
}
