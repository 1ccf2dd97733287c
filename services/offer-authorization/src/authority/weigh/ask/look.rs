//! What is looked at, as bytes to find an answer by.

use std::collections::BTreeSet;

/// Bytes of which each part can be told from the next.
#[derive(Clone, Default)]
pub(super) struct Look(Vec<u8>);

impl Look {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn number(&mut self, value: i64) {
        self.0.extend(value.to_le_bytes());
    }

    pub(super) fn text(&mut self, value: &str) {
        self.number(i64::try_from(value.len()).unwrap_or(i64::MAX));
        self.0.extend(value.as_bytes());
    }

    pub(super) fn texts<'v>(&mut self, values: impl Iterator<Item = &'v str>) {
        let values: BTreeSet<&str> = values.collect();
        self.number(i64::try_from(values.len()).unwrap_or(i64::MAX));
        for value in values {
            self.text(value);
        }
    }
}
