//! Two reports, compared digit by digit.

use std::collections::BTreeMap;

use serde_json::Value;

use super::KpiReport;

/// Names of the figures that differ, such as `funnel.shown`, in alphabetical order.
///
/// Floats are compared as their shortest text that reads back to the same float, so a difference in the last bit shows.
pub(crate) fn differing_figures(
    one: &KpiReport,
    other: &KpiReport,
) -> Result<Vec<String>, serde_json::Error> {
    let (one, other) = (figures(one)?, figures(other)?);
    let names = one
        .keys()
        .chain(other.keys().filter(|name| !one.contains_key(*name)));
    let mut differing: Vec<String> = names
        .filter(|name| one.get(*name) != other.get(*name))
        .cloned()
        .collect();
    differing.sort_unstable();
    Ok(differing)
}

fn figures(report: &KpiReport) -> Result<BTreeMap<String, String>, serde_json::Error> {
    let mut leaves = BTreeMap::new();
    collect("", &serde_json::to_value(report)?, &mut leaves);
    Ok(leaves)
}

fn collect(name: &str, value: &Value, leaves: &mut BTreeMap<String, String>) {
    let below = |part: &str| {
        if name.is_empty() {
            part.to_owned()
        } else {
            format!("{name}.{part}")
        }
    };
    match value {
        Value::Object(parts) => {
            for (part, value) in parts {
                collect(&below(part), value, leaves);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                collect(&below(&index.to_string()), value, leaves);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            leaves.insert(name.to_owned(), value.to_string());
        }
    }
}
