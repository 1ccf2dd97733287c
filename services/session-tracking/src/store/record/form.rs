//! The bytes of the log. They are written down here and nowhere else, because they are read for as long as a log is
//! kept, while the compact form of sessions changes with the service.
//!
//! Numbers are varints as protobuf has them, an instant is the zigzag of its milliseconds, an id its sixteen bytes.

use domain::id::SessionId;
use domain::moment::VisitHistory;
use domain::time::{Timestamp, from_millis, to_millis};
use prost::encoding::{decode_varint, encode_varint};
use thiserror::Error;
use uuid::Uuid;

/// Why bytes are none of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum BadBytes {
    #[error("the bytes end too soon")]
    Short,
    #[error("the bytes hold no valid {0}")]
    Invalid(&'static str),
}

pub(super) fn put_number(number: u64, out: &mut Vec<u8>) {
    encode_varint(number, out);
}

pub(super) fn number(bytes: &mut &[u8]) -> Result<u64, BadBytes> {
    decode_varint(bytes).map_err(|_| BadBytes::Invalid("number"))
}

/// A number of bytes or things, of which no more than memory holds.
pub(super) fn put_length(length: usize, out: &mut Vec<u8>) {
    put_number(u64::try_from(length).unwrap_or(u64::MAX), out);
}

pub(super) fn length(bytes: &mut &[u8]) -> Result<usize, BadBytes> {
    usize::try_from(number(bytes)?).map_err(|_| BadBytes::Short)
}

pub(super) fn put_instant(instant: Timestamp, out: &mut Vec<u8>) {
    let millis = to_millis(instant);
    put_number(((millis << 1) ^ (millis >> 63)).cast_unsigned(), out);
}

pub(super) fn instant(bytes: &mut &[u8]) -> Result<Timestamp, BadBytes> {
    let zigzag = number(bytes)?;
    let millis = (zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed();
    from_millis(millis).map_err(|_| BadBytes::Invalid("instant"))
}

pub(super) fn put_session(session: SessionId, out: &mut Vec<u8>) {
    out.extend_from_slice(session.uuid().as_bytes());
}

pub(super) fn session(bytes: &mut &[u8]) -> Result<SessionId, BadBytes> {
    let (id, rest) = bytes.split_first_chunk().ok_or(BadBytes::Short)?;
    *bytes = rest;
    Ok(SessionId::from_uuid(Uuid::from_bytes(*id)))
}

/// A history that may be absent: 0, or 1 and its counts.
pub(super) fn put_history(history: Option<VisitHistory>, out: &mut Vec<u8>) {
    let Some(history) = history else {
        return out.push(0);
    };
    let VisitHistory {
        earlier_sessions,
        earlier_carts,
        earlier_orders,
        earlier_abandonments,
    } = history;
    out.push(1);
    for count in [
        earlier_sessions,
        earlier_carts,
        earlier_orders,
        earlier_abandonments,
    ] {
        put_number(u64::from(count), out);
    }
}

pub(super) fn history(bytes: &mut &[u8]) -> Result<Option<VisitHistory>, BadBytes> {
    match bytes.split_off_first().ok_or(BadBytes::Short)? {
        0 => return Ok(None),
        1 => {}
        _ => return Err(BadBytes::Invalid("history")),
    }
    let mut count = || {
        let count = number(bytes)?;
        u32::try_from(count).map_err(|_| BadBytes::Invalid("count"))
    };
    Ok(Some(VisitHistory {
        earlier_sessions: count()?,
        earlier_carts: count()?,
        earlier_orders: count()?,
        earlier_abandonments: count()?,
    }))
}
