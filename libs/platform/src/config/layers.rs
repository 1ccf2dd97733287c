//! One layer of settings over another, judged by the defaults: what they do not hold does not exist.

use toml::{Table, Value};

use super::Faults;

const SEPARATOR: &str = "__";

/// Environment variables of one prefix as paths of keys.
pub(super) fn settings(
    prefix: &str,
    environment: impl Iterator<Item = (String, String)>,
) -> Vec<(Vec<String>, String)> {
    let prefix = format!("{prefix}{SEPARATOR}");
    let mut found: Vec<_> = environment
        .filter_map(|(name, value)| {
            let path = name.strip_prefix(&prefix)?.to_ascii_lowercase();
            Some((path.split(SEPARATOR).map(str::to_owned).collect(), value))
        })
        .collect();
    found.sort();
    found
}

/// Lays a file over the settings. An empty table in the defaults is open: its keys are names, such as destinations.
pub(super) fn merge_file(settings: &mut Table, layer: Table, schema: &Table, faults: &mut Faults) {
    let open = schema.is_empty();
    for (key, value) in layer {
        let (current, known) = (settings.get_mut(&key), schema.get(&key));
        match (current, known, value) {
            (Some(Value::Table(current)), Some(Value::Table(known)), Value::Table(layer)) => {
                faults.prefix.push(key);
                merge_file(current, layer, known, faults);
                faults.prefix.pop();
            }
            (Some(current), Some(known), value) if same_type(known, &value) => *current = value,
            (_, Some(known), _) => faults.add(&key, &format!("must be {}", type_name(known))),
            (_, None, value) if open => {
                settings.insert(key, value);
            }
            (_, None, _) => faults.add(&key, "is unknown"),
        }
    }
}

/// Lays one environment variable over the settings, read as the type that the defaults have.
pub(super) fn merge_variable(
    settings: &mut Table,
    schema: &Table,
    path: &[String],
    text: &str,
    faults: &mut Faults,
) {
    let [key, rest @ ..] = path else { return };
    match (settings.get_mut(key), schema.get(key), rest) {
        (Some(Value::Table(section)), Some(Value::Table(known)), [_, ..]) => {
            faults.prefix.push(key.clone());
            merge_variable(section, known, rest, text, faults);
            faults.prefix.pop();
        }
        (Some(current), Some(known), []) if !known.is_table() => match read_as(known, text) {
            Some(value) => *current = value,
            None => faults.add(key, &format!("must be {}", type_name(known))),
        },
        (_, None, []) if schema.is_empty() => {
            settings.insert(key.clone(), Value::String(text.to_owned()));
        }
        (_, _, _) => faults.add(&path.join("."), "is unknown"),
    }
}

fn same_type(known: &Value, value: &Value) -> bool {
    std::mem::discriminant(known) == std::mem::discriminant(value)
}

fn read_as(known: &Value, text: &str) -> Option<Value> {
    match known {
        Value::String(_) => Some(Value::String(text.to_owned())),
        Value::Integer(_) => text.parse().ok().map(Value::Integer),
        Value::Float(_) => text.parse().ok().map(Value::Float),
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        Value::Datetime(_) => text.parse().ok().map(Value::Datetime),
        Value::Array(_) => Some(Value::Array(list(text))),
        Value::Table(_) => None,
    }
}

fn list(text: &str) -> Vec<Value> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(|item| Value::String(item.to_owned()))
        .collect()
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a section",
    }
}
