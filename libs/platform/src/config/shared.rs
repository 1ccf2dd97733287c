//! The sections that all services have, with their defaults.

use toml::{Table, Value};

/// Documented defaults of `[server]`, `[client]`, `[auth]` and `[telemetry]`. A service that names one of these
/// sections in its own defaults, even as an empty one, gets these below its own.
pub const SHARED_DEFAULTS: &str = include_str!("shared.toml");

pub(super) fn with_shared_defaults(defaults: Table) -> Table {
    // INVARIANT: the text is ours and a test reads it.
    let mut shared = SHARED_DEFAULTS.parse::<Table>().unwrap_or_default();
    let mut settings = Table::new();
    for (name, own) in defaults {
        let merged = match (shared.remove(&name), own) {
            (Some(Value::Table(below)), Value::Table(own)) => Value::Table(over(below, own)),
            (_, own) => own,
        };
        settings.insert(name, merged);
    }
    settings
}

fn over(mut below: Table, above: Table) -> Table {
    for (key, value) in above {
        let merged = match (below.remove(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => Value::Table(over(below, above)),
            (_, value) => value,
        };
        below.insert(key, merged);
    }
    below
}
