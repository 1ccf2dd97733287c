//! Places in a session's row, as pairs of varints, a few bytes each. Their form never changes, so that a session of an
//! older version can be found in the log and folded again.

use prost::encoding::{decode_varint, encode_varint};
use storage::StoreError;
use storage::column::Row;

use crate::session::LogPlace;

pub(super) fn bytes(places: &[LogPlace]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(places.len() * 5);
    for place in places {
        encode_varint(u64::from(place.partition), &mut bytes);
        encode_varint(place.sequence, &mut bytes);
    }
    bytes
}

pub(super) fn read(row: &Row<'_>, mut bytes: &[u8]) -> Result<Vec<LogPlace>, StoreError> {
    let mut places = Vec::new();
    while !bytes.is_empty() {
        let partition = row.valid("places", decode_varint(&mut bytes))?;
        let sequence = row.valid("places", decode_varint(&mut bytes))?;
        let partition = row.valid("places", u16::try_from(partition))?;
        places.push(LogPlace {
            partition,
            sequence,
        });
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back() {
        let given = [(0, 1), (3, 300), (u16::MAX, u64::MAX)];
        let given = given.map(|(partition, sequence)| LogPlace {
            partition,
            sequence,
        });

        let written = bytes(&given);

        assert_eq!(read(&Row::of("sessions", "s"), &written).unwrap(), given);
    }

    #[test]
    fn half_a_place_is_corrupt() {
        let row = Row::of("sessions", "s");

        assert!(read(&row, &[1]).is_err());
        assert!(read(&row, &[0x80]).is_err());
    }
}
