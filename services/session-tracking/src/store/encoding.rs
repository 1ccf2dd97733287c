//! How events lie in the log, and places in a session's row.

use std::sync::Arc;

use domain::id::SessionId;
use domain::time::{from_millis, to_millis};
use prost::Message;
use prost::encoding::{decode_varint, encode_varint};
use proto::session::v1 as pb;
use storage::StoreError;
use storage::column::Row;

use super::entities::event_batch;
use crate::event::{Event, wire};
use crate::session::LogPlace;

/// A batch of the log. INVARIANT: fields are only ever added, as in any contract: logs are read for years.
#[derive(Clone, PartialEq, Message)]
struct Batch {
    #[prost(message, repeated, tag = "1")]
    sections: Vec<Section>,
}

/// The events of one session in a batch.
#[derive(Clone, PartialEq, Message)]
struct Section {
    /// The bare UUID.
    #[prost(bytes = "vec", tag = "1")]
    session: Vec<u8>,
    #[prost(message, repeated, tag = "2")]
    entries: Vec<Entry>,
}

#[derive(Clone, PartialEq, Message)]
struct Entry {
    #[prost(int64, tag = "1")]
    received_at_ms: i64,
    #[prost(message, optional, tag = "2")]
    event: Option<pb::Event>,
}

/// Writes the events of some sessions as one batch.
pub(super) fn batch(sections: &[(SessionId, Vec<Arc<Event>>)]) -> Vec<u8> {
    let sections = sections
        .iter()
        .map(|(session, events)| Section {
            session: session.uuid().into_bytes().to_vec(),
            entries: events.iter().map(|event| entry(event)).collect(),
        })
        .collect();
    Batch { sections }.encode_to_vec()
}

fn entry(event: &Event) -> Entry {
    Entry {
        received_at_ms: to_millis(event.received_at),
        event: Some(wire::render(event.clone())),
    }
}

/// Reads the events of one session.
pub(super) fn events_of(
    batch: &event_batch::Model,
    session: SessionId,
) -> Result<Vec<Event>, StoreError> {
    let id = batch.sequence.to_string();
    let row = Row::of("event_batches", &id);
    let decoded = row.valid("payload", Batch::decode(batch.payload.as_slice()))?;
    decoded
        .sections
        .into_iter()
        .filter(|section| section.session == session.uuid().as_bytes())
        .flat_map(|section| section.entries)
        .map(|entry| {
            let received_at = row.valid("payload", from_millis(entry.received_at_ms))?;
            let event = entry.event.ok_or_else(|| row.corrupt("payload"))?;
            row.valid("payload", wire::parse(event, received_at))
        })
        .collect()
}

/// The batch without what it holds of these sessions.
pub(super) fn without(
    batch: &event_batch::Model,
    sessions: &[SessionId],
) -> Result<Vec<u8>, StoreError> {
    let id = batch.sequence.to_string();
    let row = Row::of("event_batches", &id);
    let mut decoded = row.valid("payload", Batch::decode(batch.payload.as_slice()))?;
    decoded.sections.retain(|section| {
        !sessions
            .iter()
            .any(|session| section.session == session.uuid().as_bytes())
    });
    Ok(decoded.encode_to_vec())
}

/// Places as pairs of varints, a few bytes each.
pub(super) fn places(places: &[LogPlace]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(places.len() * 5);
    for place in places {
        encode_varint(u64::from(place.partition), &mut bytes);
        encode_varint(place.sequence, &mut bytes);
    }
    bytes
}

pub(super) fn read_places(row: &Row<'_>, mut bytes: &[u8]) -> Result<Vec<LogPlace>, StoreError> {
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
        let places_given =
            [(0, 1), (3, 300), (u16::MAX, u64::MAX)].map(|(partition, sequence)| LogPlace {
                partition,
                sequence,
            });

        let bytes = places(&places_given);

        let row = Row::of("sessions", "s");
        assert_eq!(read_places(&row, &bytes).unwrap(), places_given);
    }

    #[test]
    fn half_a_place_is_corrupt() {
        let row = Row::of("sessions", "s");

        assert!(read_places(&row, &[1]).is_err());
        assert!(read_places(&row, &[0x80]).is_err());
    }
}
