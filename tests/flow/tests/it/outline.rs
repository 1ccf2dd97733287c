//! What a message says once everything is left out that is another in each run: ids, times, tokens, and the order of lists.
//! Two shops that did the same things have the same outlines.

use std::collections::BTreeSet;

use prost_reflect::{DynamicMessage, Kind, ReflectMessage, Value};

/// The message without ids and times.
pub(crate) fn outline(message: &DynamicMessage) -> String {
    let kind = message.descriptor();
    let fields = kind.fields().filter_map(|field| {
        let value = message
            .has_field(&field)
            .then(|| message.get_field(&field))?;
        let is_time =
            matches!(field.kind(), Kind::Message(kind) if kind.package_name() == "google.protobuf");
        let said = if is_time {
            "at".to_owned()
        } else {
            said(&value)
        };
        Some(format!("{}: {said}", field.name()))
    });
    let fields: Vec<String> = fields.collect();
    format!("{{{}}}", fields.join(", "))
}

fn said(value: &Value) -> String {
    match value {
        Value::Message(message) => outline(message),
        Value::List(items) => {
            let mut items: Vec<String> = items.iter().map(said).collect();
            items.sort();
            format!("{items:?}")
        }
        Value::String(text) if is_made(text) => "made".to_owned(),
        // Scores depend on the hour of the day.
        Value::F64(_) => "number".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Whether a text is an id, a token or another one that a service makes anew each time.
fn is_made(text: &str) -> bool {
    let made_of = |extra: &[char]| {
        text.chars()
            .all(|c| c.is_ascii_hexdigit() || extra.contains(&c))
    };
    uuid_in(text).is_some() || text.len() > 64 || (text.len() >= 6 && made_of(&['-']))
}

/// Every id in a message.
pub(crate) fn ids(message: &DynamicMessage) -> BTreeSet<String> {
    let text = format!("{message:?}");
    text.split('"')
        .filter_map(uuid_in)
        .map(str::to_owned)
        .collect()
}

/// The UUID at the end of a text, whatever kind of id it makes.
fn uuid_in(text: &str) -> Option<&str> {
    let start = text.len().checked_sub(36)?;
    let tail = text.get(start..)?;
    uuid::Uuid::try_parse(tail).is_ok().then_some(tail)
}
