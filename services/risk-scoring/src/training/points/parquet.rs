//! Decision points from Parquet, column by column: whole numbers may be of any width, and text may stand for a number that
//! names something.

use bytes::Bytes;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader};
use parquet::file::serialized_reader::SerializedFileReader;

use super::table::Row;

/// Why bytes are no Parquet file of decision points.
#[derive(Debug, thiserror::Error)]
pub enum ParquetFault {
    #[error("the file cannot be read as Parquet")]
    File(#[from] ParquetError),
    #[error("there must be a column `{0}`")]
    Absent(&'static str),
    #[error("`{column}` must hold {expected}")]
    Column {
        column: &'static str,
        expected: &'static str,
    },
}

/// Reads all rows, in their order.
pub(super) fn rows(bytes: Vec<u8>) -> Result<Vec<Row>, ParquetFault> {
    let file = SerializedFileReader::new(Bytes::from(bytes))?;
    let mut rows = Vec::new();
    for group in 0..file.num_row_groups() {
        rows.extend(group_rows(&*file.get_row_group(group)?)?);
    }
    Ok(rows)
}

fn group_rows(group: &dyn RowGroupReader) -> Result<Vec<Row>, ParquetFault> {
    let texts = |name| Column::read(group, name)?.texts(name);
    let counts = |name| Column::read(group, name)?.counts::<u32>(name);
    let small = |name| Column::read(group, name)?.counts::<u8>(name);
    let reals = |name| Column::read(group, name)?.reals(name);
    let mut session_key = texts("session_key")?.into_iter();
    let mut visitorid = texts("visitorid")?.into_iter();
    let mut cutoff_k = counts("cutoff_k")?.into_iter();
    let mut view_count = counts("view_count")?.into_iter();
    let mut addtocart_count = counts("addtocart_count")?.into_iter();
    let mut unique_items_count = counts("unique_items_count")?.into_iter();
    let first = "seconds_since_first_event";
    let mut since_first = known(first, reals(first)?)?.into_iter();
    let last_cart = "seconds_since_last_cart";
    let mut since_last_cart = known(last_cart, reals(last_cart)?)?.into_iter();
    let mut since_previous = reals("seconds_since_previous_event")?.into_iter();
    let mut repeated_views = counts("repeated_views_of_cart_items")?.into_iter();
    let mut hour_of_day = small("hour_of_day")?.into_iter();
    let mut abandoned = small("abandoned")?.into_iter();
    let mut visitor_session_index = counts("visitor_session_index")?.into_iter();
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

/// The values of a column by what kind they are; `None` where there is none.
#[derive(Debug)]
enum Column {
    Whole(Vec<Option<i64>>),
    Real(Vec<Option<f64>>),
    Text(Vec<Option<ByteArray>>),
    /// A type that no column of decision points has.
    Other,
}

impl Column {
    fn read(group: &dyn RowGroupReader, name: &'static str) -> Result<Self, ParquetFault> {
        let columns = group.metadata().columns();
        let named = columns
            .iter()
            .position(|column| column.column_path().string() == name);
        let at = named.ok_or(ParquetFault::Absent(name))?;
        Ok(match group.get_column_reader(at)? {
            ColumnReader::Int32ColumnReader(reader) => {
                let values = values(reader, group, name)?;
                Self::Whole(
                    values
                        .into_iter()
                        .map(|value| value.map(i64::from))
                        .collect(),
                )
            }
            ColumnReader::Int64ColumnReader(reader) => Self::Whole(values(reader, group, name)?),
            ColumnReader::FloatColumnReader(reader) => {
                let values = values(reader, group, name)?;
                Self::Real(
                    values
                        .into_iter()
                        .map(|value| value.map(f64::from))
                        .collect(),
                )
            }
            ColumnReader::DoubleColumnReader(reader) => Self::Real(values(reader, group, name)?),
            ColumnReader::ByteArrayColumnReader(reader) => Self::Text(values(reader, group, name)?),
            ColumnReader::BoolColumnReader(_)
            | ColumnReader::Int96ColumnReader(_)
            | ColumnReader::FixedLenByteArrayColumnReader(_) => Self::Other,
        })
    }

    fn texts(self, column: &'static str) -> Result<Vec<String>, ParquetFault> {
        let text = |bytes: &ByteArray| bytes.as_utf8().ok().map(str::to_owned);
        let texts: Option<Vec<String>> = match self {
            Self::Text(values) => values.iter().map(|value| text(value.as_ref()?)).collect(),
            Self::Whole(values) => values
                .iter()
                .map(|value| value.map(|number| number.to_string()))
                .collect(),
            Self::Real(_) | Self::Other => None,
        };
        let expected = "text or whole numbers";
        texts.ok_or(ParquetFault::Column { column, expected })
    }

    fn counts<N: TryFrom<i64>>(self, column: &'static str) -> Result<Vec<N>, ParquetFault> {
        let count = |value: Option<i64>| N::try_from(value?).ok();
        let counts: Option<Vec<N>> = match self {
            Self::Whole(values) => values.into_iter().map(count).collect(),
            Self::Real(_) | Self::Text(_) | Self::Other => None,
        };
        let expected = "whole numbers from 0";
        counts.ok_or(ParquetFault::Column { column, expected })
    }

    /// Numbers with gaps. Some writers put NaN into them.
    fn reals(self, column: &'static str) -> Result<Vec<Option<f64>>, ParquetFault> {
        match self {
            Self::Real(values) => Ok(values
                .into_iter()
                .map(|value| value.filter(|number| !number.is_nan()))
                .collect()),
            Self::Whole(_) | Self::Text(_) | Self::Other => Err(ParquetFault::Column {
                column,
                expected: "floating-point numbers",
            }),
        }
    }
}

fn known(column: &'static str, values: Vec<Option<f64>>) -> Result<Vec<f64>, ParquetFault> {
    let known: Option<Vec<f64>> = values.into_iter().collect();
    known.ok_or(ParquetFault::Column {
        column,
        expected: "a number in each row",
    })
}

/// The values of a flat column. Definition levels tell where one is missing.
fn values<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    group: &dyn RowGroupReader,
    column: &'static str,
) -> Result<Vec<Option<T::T>>, ParquetFault> {
    let flat = ParquetFault::Column {
        column,
        expected: "one value a row",
    };
    let descriptor = group
        .metadata()
        .columns()
        .iter()
        .find(|chunk| chunk.column_path().string() == column)
        .ok_or(ParquetFault::Absent(column))?
        .column_descr();
    if descriptor.max_rep_level() > 0 {
        return Err(flat);
    }
    let present = descriptor.max_def_level();
    let rows = usize::try_from(group.metadata().num_rows()).unwrap_or_default();
    let (mut levels, mut found) = (Vec::new(), Vec::new());
    let (read, _, _) = reader.read_records(rows, Some(&mut levels), None, &mut found)?;
    if read != rows {
        return Err(flat);
    }
    let mut found = found.into_iter();
    if present == 0 {
        return Ok(found.map(Some).collect());
    }
    let value = |level: &i16| {
        if *level == present {
            found.next()
        } else {
            None
        }
    };
    Ok(levels.iter().map(value).collect())
}
