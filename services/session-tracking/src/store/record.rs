//! A record of the event log: what one transaction took of one tenant.
//!
//! A record is the event log's own word on what happened: the events as they came, and when they were decided on. Together with
//! the records before it, it makes the same sessions again. A table of its sections stands in front, so that one session
//! is read without the others.

use domain::id::{SessionId, TenantId};
use domain::moment::VisitHistory;
use domain::time::Timestamp;
use prost::Message as _;
use proto::session::v1 as pb;
use storage::StoreError;
use storage::column::Row;
use thiserror::Error;

use crate::event::{Event, wire};
use crate::session::LogPlace;

mod form;

use form::BadBytes;

/// INVARIANT: a log is read for as long as it is kept. A new form gets a new number and is read beside the old one.
const FORMAT: u8 = 1;

/// What is appended to the log of one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) place: LogPlace,
    pub(crate) tenant: TenantId,
    /// When it was decided on.
    pub(crate) now: Timestamp,
    pub(crate) sections: Vec<Section>,
}

/// The part of one session: what was taken of it, or only that it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) session: SessionId,
    /// The number of the change.
    pub(crate) change: u64,
    /// What the visitor had done, for a session that begins here.
    pub(crate) began: Option<VisitHistory>,
    /// What the person had done, when it turns out here who that is.
    pub(crate) met: Option<VisitHistory>,
    pub(crate) entries: Entries,
}

/// Events as they lie in the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Entries(Vec<u8>);

/// Where a section is within its record.
struct Head {
    session: SessionId,
    change: u64,
    began: Option<VisitHistory>,
    met: Option<VisitHistory>,
    length: usize,
}

impl Head {
    fn write(&self, out: &mut Vec<u8>) {
        let Self {
            session,
            change,
            began,
            met,
            length,
        } = self;
        form::put_session(*session, out);
        form::put_number(*change, out);
        form::put_history(*began, out);
        form::put_history(*met, out);
        form::put_length(*length, out);
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, BadBytes> {
        Ok(Self {
            session: form::session(bytes)?,
            change: form::number(bytes)?,
            began: form::history(bytes)?,
            met: form::history(bytes)?,
            length: form::length(bytes)?,
        })
    }
}

/// Why a record cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
enum BadRecord {
    #[error("the record is in form {0}, which this version does not read")]
    Format(u8),
    #[error("bytes are left over after the record")]
    Trailing,
    #[error(transparent)]
    Bytes(#[from] BadBytes),
    #[error(transparent)]
    Event(#[from] prost::DecodeError),
    #[error(transparent)]
    Field(#[from] proto::field::InvalidField),
}

impl Entries {
    /// Appends an event as it came over the wire.
    pub(crate) fn push(&mut self, received_at: Timestamp, event: &[u8]) {
        form::put_instant(received_at, &mut self.0);
        form::put_length(event.len(), &mut self.0);
        self.0.extend_from_slice(event);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn events(&self) -> Result<Vec<Event>, BadRecord> {
        let mut bytes = self.0.as_slice();
        let mut events = Vec::new();
        while !bytes.is_empty() {
            let received_at = form::instant(&mut bytes)?;
            let length = form::length(&mut bytes)?;
            let event = bytes.split_off(..length).ok_or(BadBytes::Short)?;
            events.push(wire::parse(pb::Event::decode(event)?, received_at)?);
        }
        Ok(events)
    }
}

impl Section {
    /// The events of a section that was read from the log.
    pub(crate) fn events(&self, place: LogPlace) -> Result<Vec<Event>, StoreError> {
        let id = place.sequence.to_string();
        Row::of("event_batches", &id).valid("payload", self.entries.events())
    }
}

/// What stands in the column of a record.
pub(super) fn encode(now: Timestamp, sections: &[Section]) -> Vec<u8> {
    let bodies: usize = sections.iter().map(|section| section.entries.len()).sum();
    let mut bytes = Vec::with_capacity(bodies + 16 + 32 * sections.len());
    bytes.push(FORMAT);
    form::put_instant(now, &mut bytes);
    form::put_length(sections.len(), &mut bytes);
    for section in sections {
        let Section {
            session,
            change,
            began,
            met,
            entries,
        } = section;
        let head = Head {
            session: *session,
            change: *change,
            began: *began,
            met: *met,
            length: entries.len(),
        };
        head.write(&mut bytes);
    }
    for section in sections {
        bytes.extend_from_slice(&section.entries.0);
    }
    bytes
}

/// Reads the sections that are wanted, and when all were decided on.
pub(super) fn decode(
    row: &Row<'_>,
    bytes: &[u8],
    is_wanted: impl Fn(SessionId) -> bool,
) -> Result<(Timestamp, Vec<Section>), StoreError> {
    row.valid("payload", read(bytes, is_wanted))
}

fn read(
    mut bytes: &[u8],
    is_wanted: impl Fn(SessionId) -> bool,
) -> Result<(Timestamp, Vec<Section>), BadRecord> {
    match bytes.split_off_first() {
        None => return Err(BadBytes::Short.into()),
        Some(&FORMAT) => {}
        Some(&other) => return Err(BadRecord::Format(other)),
    }
    let now = form::instant(&mut bytes)?;
    let mut heads = Vec::new();
    for _ in 0..form::length(&mut bytes)? {
        heads.push(Head::read(&mut bytes)?);
    }
    let mut sections = Vec::new();
    for head in heads {
        let body = bytes.split_off(..head.length).ok_or(BadBytes::Short)?;
        if is_wanted(head.session) {
            sections.push(Section {
                session: head.session,
                change: head.change,
                began: head.began,
                met: head.met,
                entries: Entries(body.to_vec()),
            });
        }
    }
    if bytes.is_empty() {
        Ok((now, sections))
    } else {
        Err(BadRecord::Trailing)
    }
}

#[cfg(test)]
mod tests {
    use domain::time::from_millis;
    use testkit::ids::nth;

    use super::*;
    use crate::samples::{add, at, event, hex, search};

    fn section(n: u64, events: &[Event]) -> Section {
        let mut entries = Entries::default();
        for event in events {
            let bytes = wire::render(event.clone()).encode_to_vec();
            entries.push(event.received_at, &bytes);
        }
        Section {
            session: nth(n),
            change: 40 + n,
            began: (n == 1).then(VisitHistory::default),
            met: (n == 3).then(VisitHistory::default),
            entries,
        }
    }

    fn place() -> LogPlace {
        LogPlace {
            partition: 0,
            sequence: 7,
        }
    }

    #[test]
    fn sections_come_back_one_by_one() {
        let events = [event(1, at(0), add("shoe")), event(2, at(1), search())];
        let sections = [section(1, &events), section(2, &[]), section(3, &events)];
        let bytes = encode(at(9), &sections);
        let row = Row::of("event_batches", "7");

        let (now, all) = decode(&row, &bytes, |_| true).unwrap();
        let (_, one) = decode(&row, &bytes, |id| id == nth(3)).unwrap();

        assert_eq!((now, all.as_slice()), (at(9), sections.as_slice()));
        assert_eq!(one, sections[2..]);
        assert_eq!(one[0].events(place()).unwrap(), events);
        assert_eq!(all[1].events(place()).unwrap(), []);
    }

    /// These bytes are read for ever.
    #[test]
    fn the_form_is_pinned() {
        let mut entries = Entries::default();
        entries.push(from_millis(500).unwrap(), b"abc");
        let history = VisitHistory {
            earlier_sessions: 1,
            earlier_carts: 2,
            earlier_orders: 3,
            earlier_abandonments: 400,
        };
        let section = Section {
            session: nth(1),
            change: 300,
            began: Some(history),
            met: None,
            entries,
        };

        let bytes = encode(from_millis(1_000).unwrap(), std::slice::from_ref(&section));

        assert_eq!(
            hex(&bytes),
            "01d00f010192f0c1000070008000000000000001ac020101020390030006e80703616263"
        );
        let row = Row::of("event_batches", "7");
        let (now, sections) = decode(&row, &bytes, |_| true).unwrap();
        assert_eq!(now, from_millis(1_000).unwrap());
        assert_eq!(sections, [section]);
    }

    #[test]
    fn what_is_cut_or_of_another_form_is_corrupt() {
        let bytes = encode(at(9), &[section(1, &[event(1, at(0), search())])]);
        let row = Row::of("event_batches", "7");

        for end in 0..bytes.len() {
            assert!(decode(&row, &bytes[..end], |_| true).is_err(), "{end}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(decode(&row, &longer, |_| true).is_err());
        let mut other = bytes;
        other[0] = FORMAT + 1;
        assert!(decode(&row, &other, |_| true).is_err());
    }
}
