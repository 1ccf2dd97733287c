//! Reading rows as strictly as requests: a value that its type refuses is a [`StoreError::CorruptRow`], which names the
//! table, the row and the column, and never the value.

use domain::money::{Currency, Money};
use domain::time::{self, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;

/// The row that is being read, for the error that may come of it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    table: &'static str,
    id: &'a str,
}

impl<'a> Row<'a> {
    /// Starts reading the row `id` of `table`.
    pub fn of(table: &'static str, id: &'a str) -> Self {
        Self { table, id }
    }

    /// The error for a column that breaks an invariant.
    pub fn corrupt(&self, column: &'static str) -> StoreError {
        StoreError::CorruptRow {
            table: self.table,
            id: self.id.to_owned(),
            column,
        }
    }

    /// Takes what a parser made of a column: `row.valid("tenant", TenantId::parse(&model.tenant))?`.
    pub fn valid<T, E>(&self, column: &'static str, parsed: Result<T, E>) -> Result<T, StoreError> {
        parsed.map_err(|_| self.corrupt(column))
    }

    /// Parses text by `FromStr`: an id, a slug, an enum.
    pub fn parse<T: std::str::FromStr>(
        &self,
        column: &'static str,
        text: &str,
    ) -> Result<T, StoreError> {
        self.valid(column, text.parse())
    }

    /// Parses text that may be absent.
    pub fn parse_optional<T: std::str::FromStr>(
        &self,
        column: &'static str,
        text: Option<&str>,
    ) -> Result<Option<T>, StoreError> {
        text.map(|text| self.parse(column, text)).transpose()
    }

    /// Reads an instant.
    pub fn instant(&self, column: &'static str, millis: i64) -> Result<Timestamp, StoreError> {
        self.valid(column, time::from_millis(millis))
    }

    /// Reads an instant that may be absent.
    pub fn instant_optional(
        &self,
        column: &'static str,
        millis: Option<i64>,
    ) -> Result<Option<Timestamp>, StoreError> {
        millis
            .map(|millis| self.instant(column, millis))
            .transpose()
    }

    /// Reads a count into the type that bounds it: `u32`, `u64`.
    pub fn count<T: TryFrom<i64>>(&self, column: &'static str, n: i64) -> Result<T, StoreError> {
        self.valid(column, T::try_from(n))
    }

    /// Reads an amount from its two columns.
    pub fn money(
        &self,
        column: &'static str,
        minor_units: i64,
        currency: &str,
    ) -> Result<Money, StoreError> {
        let currency = self.valid(column, Currency::parse(currency))?;
        self.valid(column, Money::new(minor_units, currency))
    }

    /// Reads an amount that may be absent; half an amount is corrupt.
    pub fn money_optional(
        &self,
        column: &'static str,
        minor_units: Option<i64>,
        currency: Option<&str>,
    ) -> Result<Option<Money>, StoreError> {
        match (minor_units, currency) {
            (Some(minor_units), Some(currency)) => {
                self.money(column, minor_units, currency).map(Some)
            }
            (None, None) => Ok(None),
            (Some(_), None) | (None, Some(_)) => Err(self.corrupt(column)),
        }
    }

    /// Reads a value that was stored whole by [`json`].
    pub fn json<T: DeserializeOwned>(
        &self,
        column: &'static str,
        text: &str,
    ) -> Result<T, StoreError> {
        self.valid(column, serde_json::from_str(text))
    }
}

/// An instant as it is stored, in milliseconds.
pub fn millis(instant: Timestamp) -> i64 {
    time::to_millis(instant)
}

/// A value as it is stored whole.
///
/// # Errors
/// The value has no JSON form, such as a map whose keys are no text.
pub fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::Answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_come_back_from_json_to_the_last_bit() {
        let row = Row::of("scores", "1");
        for n in 1..10_000_u32 {
            let value = f64::from(n).sqrt() / 7.0;
            let stored = json(&value).unwrap();
            assert_eq!(
                row.json::<f64>("value", &stored).unwrap().to_bits(),
                value.to_bits()
            );
        }
    }
}
