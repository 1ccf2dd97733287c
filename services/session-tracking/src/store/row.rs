//! Rows, read as strictly as a request.

use domain::id::SessionId;
use domain::time::Timestamp;
use storage::StoreError;
use storage::column;

use super::entities::{event_batch, session};
use super::record::{Section, decode};
use crate::packed;
use crate::session::{LogPlace, Session};

/// What stands in the row of a session: by which settings it was folded, and its compact form.
pub(super) fn packed(session: &Session, settings: u64) -> Vec<u8> {
    let mut bytes = settings.to_le_bytes().to_vec();
    bytes.append(&mut packed::pack(session));
    bytes
}

/// The session of a row, and whether it is as it would be had it been folded now. `None` for one in the form of another
/// version, or in none.
pub(super) fn session(model: &session::Model, settings: u64) -> Option<(Session, Folded)> {
    let (by, bytes) = model.packed.split_first_chunk()?;
    match packed::unpack(bytes) {
        Ok(session) if u64::from_le_bytes(*by) == settings => Some((session, Folded::Alike)),
        Ok(session) => Some((session, Folded::Otherwise)),
        Err(unreadable) => {
            // The log has it all.
            tracing::info!(session = model.session_id, %unreadable, "a session is made again");
            None
        }
    }
}

/// By which settings a stored session was folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folded {
    /// By those of today.
    Alike,
    Otherwise,
}

/// The sections of a record that are wanted, with its place and when it was decided on.
pub(super) fn record(
    model: &event_batch::Model,
    is_wanted: impl Fn(SessionId) -> bool,
) -> Result<(LogPlace, Timestamp, Vec<Section>), StoreError> {
    let id = model.sequence.to_string();
    let row = column::Row::of("event_batches", &id);
    let place = LogPlace {
        partition: row.valid("partition", u16::try_from(model.partition))?,
        sequence: row.count("sequence", model.sequence)?,
    };
    let (now, sections) = decode(&row, &model.payload, is_wanted)?;
    Ok((place, now, sections))
}
