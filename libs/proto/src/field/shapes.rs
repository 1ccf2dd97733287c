//! Readers by the shape of a field: each takes the name of the field and what the wire gave, and answers with a value
//! or the fault. Shared types are read with [`read`](super::read), which is made of these; a service needs them for
//! types of its own.

use std::collections::HashSet;
use std::hash::Hash;

use domain::card::contains_card_number;

use super::{FieldFault, InvalidField, Unspecified};
use crate::error::v1::ErrorReason;

/// Most items of a repeated field that states no bound of its own.
pub const MAX_ITEMS: usize = 200;

/// Most bytes of an identifier, prefix included.
const MAX_ID_BYTES: usize = 64;

/// A field that must be present.
pub fn required<T>(field: &str, value: Option<T>) -> Result<T, InvalidField> {
    value.ok_or_else(|| InvalidField::absent(field))
}

/// An identifier or other short word (at most 64 bytes) that must be present.
///
/// A refused text is looked at again for the reasons that matter more than its grammar: it is empty, holds a card
/// number, or is too long. Only a refused one, because a good UUID may look like a card number.
pub fn parse<T, E: FieldFault>(
    field: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, InvalidField> {
    parse(text).map_err(|fault| {
        if text.is_empty() {
            InvalidField::absent(field)
        } else if contains_card_number(text) {
            InvalidField::new(
                field,
                ErrorReason::CardData,
                "must not hold a payment card number",
            )
        } else if text.len() > MAX_ID_BYTES {
            let limit = format!("must be at most {MAX_ID_BYTES} bytes");
            InvalidField::new(field, ErrorReason::TooLong, limit)
        } else {
            InvalidField::at(field)(fault)
        }
    })
}

/// A message that must be present.
pub fn message<W, T>(field: &str, value: Option<W>) -> Result<T, InvalidField>
where
    T: TryFrom<W, Error = InvalidField>,
{
    T::try_from(required(field, value)?).map_err(|fault| fault.within(field))
}

/// A repeated message of at most [`MAX_ITEMS`] items.
pub fn messages<W, T>(field: &str, values: Vec<W>) -> Result<Vec<T>, InvalidField>
where
    T: TryFrom<W, Error = InvalidField>,
{
    within_count(field, values.len(), MAX_ITEMS)?;
    values
        .into_iter()
        .enumerate()
        .map(|(index, value)| T::try_from(value).map_err(|fault| fault.within_index(field, index)))
        .collect()
}

/// Refuses more items than `limit`.
pub fn within_count(field: &str, count: usize, limit: usize) -> Result<(), InvalidField> {
    if count <= limit {
        return Ok(());
    }
    let description = format!("must have at most {limit} items");
    Err(InvalidField::new(
        field,
        ErrorReason::TooManyItems,
        description,
    ))
}

/// Refuses a key that comes twice; `index` of the fault is that of the second one.
pub fn distinct<K: Eq + Hash>(
    field: &str,
    keys: impl IntoIterator<Item = K>,
) -> Result<(), InvalidField> {
    let mut seen = HashSet::new();
    match keys.into_iter().position(|key| !seen.insert(key)) {
        None => Ok(()),
        Some(index) => {
            let description = "must not repeat an earlier item";
            let fault = InvalidField::new("", ErrorReason::DuplicateItem, description);
            Err(fault.within_index(field, index))
        }
    }
}

/// A word of the closed set `W` that must be present.
pub fn enumerated<W, T>(field: &str, number: i32) -> Result<T, InvalidField>
where
    W: TryFrom<i32>,
    T: TryFrom<W, Error = Unspecified>,
{
    let word = W::try_from(number).map_err(|_| {
        let description = "must be a value that this version knows";
        InvalidField::new(field, ErrorReason::UnknownEnum, description)
    })?;
    T::try_from(word).map_err(InvalidField::at(field))
}

/// At most [`MAX_ITEMS`] words of the closed set `W`.
pub fn enumerations<W, T>(field: &str, numbers: &[i32]) -> Result<Vec<T>, InvalidField>
where
    W: TryFrom<i32>,
    T: TryFrom<W, Error = Unspecified>,
{
    within_count(field, numbers.len(), MAX_ITEMS)?;
    numbers
        .iter()
        .enumerate()
        .map(|(index, number)| {
            enumerated::<W, T>("", *number).map_err(|fault| fault.within_index(field, index))
        })
        .collect()
}
