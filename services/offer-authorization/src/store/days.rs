//! Days as columns: the number of the day.

use storage::StoreError;
use storage::column::Row;

use crate::day::Day;

/// Reads a day that may be absent.
pub(super) fn optional(
    row: &Row<'_>,
    column: &'static str,
    number: Option<i64>,
) -> Result<Option<Day>, StoreError> {
    let day = number.map(|number| row.valid(column, Day::from_number(number)));
    day.transpose()
}
