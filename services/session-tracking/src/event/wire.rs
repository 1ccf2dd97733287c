//! Events on the wire and in the log. The log keeps the wire form, so that there is one form to keep readable for
//! years, and one reader for both.

use domain::time::{Timestamp, truncate_to_millis};
use domain::{cart, language, text, time};
use proto::error::v1::ErrorReason;
#[cfg(test)]
use proto::field::WireField;
use proto::field::{self, FieldFault, InvalidField, read};
use proto::session::v1 as pb;

use super::Event;

mod payload;
#[cfg(test)]
mod render;
mod words;

/// Reads one event that came, or had come, at `received_at`. Whether its times are believable is another question:
/// [`TimeBounds`](super::limits::TimeBounds).
pub(crate) fn parse(wire: pb::Event, received_at: Timestamp) -> Result<Event, InvalidField> {
    let pb::Event {
        event_id,
        session_id,
        visitor_id,
        shopper_id,
        occurred_at,
        page,
        time_zone,
        language,
        payload,
    } = wire;
    Ok(Event {
        id: read("event_id", event_id)?,
        session: read("session_id", session_id)?,
        visitor: read("visitor_id", visitor_id)?,
        shopper: read("shopper_id", shopper_id)?,
        occurred_at: read("occurred_at", occurred_at)?,
        // As the log keeps it.
        received_at: truncate_to_millis(received_at),
        page: page_path(&page)?,
        zone: unless_empty("time_zone", &time_zone, time::Zone::parse)?,
        language: unless_empty("language", &language, language::Language::parse)?,
        payload: payload::parse(field::required("payload", payload)?)?,
    })
}

/// Writes an event; when it came is not part of it.
#[cfg(test)]
pub(crate) fn render(event: Event) -> pb::Event {
    let Event {
        id,
        session,
        visitor,
        shopper,
        occurred_at,
        received_at: _,
        page,
        zone,
        language,
        payload,
    } = event;
    pb::Event {
        event_id: id.to_string(),
        session_id: session.to_string(),
        visitor_id: visitor.to_string(),
        shopper_id: shopper.map(|shopper| shopper.to_string()),
        occurred_at: occurred_at.into_wire(),
        page: page.map(String::from).unwrap_or_default(),
        time_zone: zone.map(String::from).unwrap_or_default(),
        language: language
            .map(|code| code.as_str().to_owned())
            .unwrap_or_default(),
        payload: Some(render::payload(payload)),
    }
}

/// A path alone: what follows it on a shop's own links may name the shopper.
fn page_path(page: &str) -> Result<Option<domain::moment::Page>, InvalidField> {
    if page.contains(['?', '#']) {
        let rule = "must be a path without query and fragment";
        return Err(InvalidField::new("page", ErrorReason::InvalidField, rule));
    }
    unless_empty("page", page, text::Text::parse)
}

/// A text for which empty means that it is not known.
fn unless_empty<T, E: FieldFault>(
    field: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, InvalidField> {
    if text.is_empty() {
        return Ok(None);
    }
    field::parse(field, text, parse).map(Some)
}

/// A line that could stand in a cart by itself: one currency, and no margin above the price.
fn valid_line(line: cart::CartLine) -> Result<cart::CartLine, InvalidField> {
    cart::Cart::empty(line.unit_price.currency())
        .add(line.clone())
        .map_err(InvalidField::at("line"))?;
    Ok(line)
}

#[cfg(test)]
mod tests;
