//! Decision points from Parquet, column by column: whole numbers may be of any width, and text may stand for a number that
//! names something.

use bytes::Bytes;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::file::reader::{FileReader, RowGroupReader};
use parquet::file::serialized_reader::SerializedFileReader;

use super::row::{Place, PointsError, Row};

/// Reads all rows, in their order.
pub(super) fn rows(bytes: Vec<u8>) -> Result<Vec<(Place, Row)>, PointsError> {
    let file = SerializedFileReader::new(Bytes::from(bytes))?;
    let mut rows = Vec::new();
    for number in 0..file.num_row_groups() {
        let group = Group {
            reader: &*file.get_row_group(number)?,
            before: rows.len(),
        };
        for row in group.rows()? {
            rows.push((Place::Row(rows.len() + 1), row));
        }
    }
    Ok(rows)
}

/// Part of the rows of a file.
struct Group<'a> {
    reader: &'a dyn RowGroupReader,
    /// Rows of the groups before it.
    before: usize,
}

impl Group<'_> {
    fn rows(&self) -> Result<Vec<Row>, PointsError> {
        let mut session_key = self.texts("session_key")?.into_iter();
        let mut visitorid = self.texts("visitorid")?.into_iter();
        let mut cutoff_k = self.counts("cutoff_k")?.into_iter();
        let mut view_count = self.counts("view_count")?.into_iter();
        let mut addtocart_count = self.counts("addtocart_count")?.into_iter();
        let mut unique_items_count = self.counts("unique_items_count")?.into_iter();
        let mut since_first = self.known("seconds_since_first_event")?.into_iter();
        let mut since_last_cart = self.known("seconds_since_last_cart")?.into_iter();
        let mut since_previous = self.reals("seconds_since_previous_event")?.into_iter();
        let mut repeated_views = self.counts("repeated_views_of_cart_items")?.into_iter();
        let mut hour_of_day = self.counts("hour_of_day")?.into_iter();
        let mut abandoned = self.counts("abandoned")?.into_iter();
        let mut visitor_session_index = self.counts("visitor_session_index")?.into_iter();
        // INVARIANT: the columns of a row group are of one length, so that all of them end together.
        let next = || {
            Some(Row {
                session_key: session_key.next()?,
                visitorid: visitorid.next()?,
                cutoff_k: cutoff_k.next()?,
                view_count: view_count.next()?,
                addtocart_count: addtocart_count.next()?,
                unique_items_count: unique_items_count.next()?,
                seconds_since_first_event: since_first.next()?,
                seconds_since_last_cart: since_last_cart.next()?,
                seconds_since_previous_event: since_previous.next()?,
                repeated_views_of_cart_items: repeated_views.next()?,
                hour_of_day: hour_of_day.next()?,
                abandoned: abandoned.next()?,
                visitor_session_index: visitor_session_index.next()?,
            })
        };
        Ok(std::iter::from_fn(next).collect())
    }

    fn texts(&self, column: &'static str) -> Result<Vec<String>, PointsError> {
        let expected = "text or whole numbers";
        let texts: Vec<Option<String>> = match self.column(column, expected)? {
            Column::Text(values) => values
                .into_iter()
                .map(|value| Some(value?.as_utf8().ok()?.to_owned()))
                .collect(),
            Column::Whole(values) => values
                .into_iter()
                .map(|value| Some(value?.to_string()))
                .collect(),
            Column::Real(_) | Column::Other => {
                return Err(PointsError::Column { column, expected });
            }
        };
        self.all(column, "must be text", texts)
    }

    fn counts<N: TryFrom<i64>>(&self, column: &'static str) -> Result<Vec<N>, PointsError> {
        let expected = "whole numbers from 0";
        let Column::Whole(values) = self.column(column, expected)? else {
            return Err(PointsError::Column { column, expected });
        };
        let count = |value: Option<i64>| N::try_from(value?).ok();
        let expected = "must be a whole number from 0 that is not too large";
        self.all(column, expected, values.into_iter().map(count).collect())
    }

    /// Numbers with gaps. Some writers put NaN into them.
    fn reals(&self, column: &'static str) -> Result<Vec<Option<f64>>, PointsError> {
        let expected = "floating-point numbers";
        let Column::Real(values) = self.column(column, expected)? else {
            return Err(PointsError::Column { column, expected });
        };
        let gap = |value: Option<f64>| value.filter(|number| !number.is_nan());
        Ok(values.into_iter().map(gap).collect())
    }

    /// Numbers without gaps.
    fn known(&self, column: &'static str) -> Result<Vec<f64>, PointsError> {
        self.all(column, "must be a number", self.reals(column)?)
    }

    /// All values, or the first row without one.
    fn all<T>(
        &self,
        column: &'static str,
        expected: &'static str,
        values: Vec<Option<T>>,
    ) -> Result<Vec<T>, PointsError> {
        let rows = self.before + 1..;
        let known = values.into_iter().zip(rows).map(|(value, row)| {
            value.ok_or(PointsError::Value {
                place: Place::Row(row),
                column,
                expected,
            })
        });
        known.collect()
    }

    fn column(&self, name: &'static str, expected: &'static str) -> Result<Column, PointsError> {
        let refused = || PointsError::Column {
            column: name,
            expected,
        };
        let columns = self.reader.metadata().columns();
        let mut named = (0..columns.len()).zip(columns);
        let named = named.find(|(_, column)| column.column_path().string() == name);
        let (at, chunk) = named.ok_or_else(refused)?;
        let descriptor = chunk.column_descr();
        if descriptor.max_rep_level() > 0 {
            return Err(refused());
        }
        let flat = Flat {
            rows: usize::try_from(self.reader.metadata().num_rows()).unwrap_or_default(),
            present: descriptor.max_def_level(),
        };
        let column = match self.reader.get_column_reader(at)? {
            ColumnReader::Int32ColumnReader(reader) => {
                flat.values(reader, i64::from)?.map(Column::Whole)
            }
            ColumnReader::Int64ColumnReader(reader) => {
                flat.values(reader, |value| value)?.map(Column::Whole)
            }
            ColumnReader::FloatColumnReader(reader) => {
                flat.values(reader, f64::from)?.map(Column::Real)
            }
            ColumnReader::DoubleColumnReader(reader) => {
                flat.values(reader, |value| value)?.map(Column::Real)
            }
            ColumnReader::ByteArrayColumnReader(reader) => {
                flat.values(reader, |value| value)?.map(Column::Text)
            }
            ColumnReader::BoolColumnReader(_)
            | ColumnReader::Int96ColumnReader(_)
            | ColumnReader::FixedLenByteArrayColumnReader(_) => Some(Column::Other),
        };
        column.ok_or_else(refused)
    }
}

/// The values of a column by what kind they are; `None` where there is none.
#[derive(Debug)]
enum Column {
    Whole(Vec<Option<i64>>),
    Real(Vec<Option<f64>>),
    Text(Vec<Option<ByteArray>>),
    /// A type that no column of decision points has.
    Other,
}

/// How a column without lists is told.
#[derive(Debug, Clone, Copy)]
struct Flat {
    rows: usize,
    /// The definition level of a value that is there.
    present: i16,
}

impl Flat {
    /// The values; `None` unless there is one place for each row.
    fn values<T: DataType, V>(
        self,
        mut reader: ColumnReaderImpl<T>,
        value: impl Fn(T::T) -> V,
    ) -> Result<Option<Vec<Option<V>>>, PointsError> {
        let (mut levels, mut found) = (Vec::new(), Vec::new());
        let (read, _, _) = reader.read_records(self.rows, Some(&mut levels), None, &mut found)?;
        if read != self.rows {
            return Ok(None);
        }
        let mut found = found.into_iter().map(value);
        if self.present == 0 {
            return Ok(Some(found.map(Some).collect()));
        }
        let place = |level: &i16| {
            if *level == self.present {
                found.next()
            } else {
                None
            }
        };
        Ok(Some(levels.iter().map(place).collect()))
    }
}
