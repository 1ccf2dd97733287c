//! The values that a policy compares with: where its answer may turn, and whom it names.

use std::collections::BTreeSet;

use domain::id::{AgentId, PartnerId};
use domain::money::Currency;
use domain::time::Timestamp;
use serde_json::Value;

/// What the policies of a slice compare with.
#[derive(Debug, Default)]
pub(in crate::authority) struct Literals {
    /// Instants at which an answer may turn.
    pub(in crate::authority) instants: BTreeSet<Timestamp>,
    pub(in crate::authority) currencies: BTreeSet<Currency>,
    /// The entities of persons who are named.
    pub(in crate::authority) persons: BTreeSet<String>,
    /// Whether it matters how many have approved.
    pub(in crate::authority) counts_approvals: bool,
}

/// Why it cannot be told when the answer of a policy turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unclear {
    /// An instant is written with an offset. Its place on the clock would depend on who reads it.
    OutsideUtc,
    /// An instant is reckoned from others, so that an offer might outlast the authority for it.
    Reckoned,
    /// Somebody is named as nobody can be called.
    Nobody,
}

/// What a policy asks when it counts approvals.
const APPROVALS: &str = "approvals";

/// Functions of Cedar that make instants and times of day of others.
const RECKONING: [&str; 5] = ["offset", "toDate", "toTime", "durationSince", "duration"];

impl Literals {
    /// Adds those of a policy, as its JSON form shows them.
    pub(super) fn take(&mut self, form: &Value) -> Result<(), Unclear> {
        self.walk(form)
    }

    /// Adds those of another policy.
    pub(super) fn join(&mut self, other: &Self) {
        self.instants.extend(&other.instants);
        self.currencies.extend(&other.currencies);
        self.persons.extend(other.persons.iter().cloned());
        self.counts_approvals |= other.counts_approvals;
    }

    /// Who is named must be somebody: a slip would otherwise make a policy that is about nobody.
    fn entity(&mut self, kind: &str, id: &str) -> Result<(), Unclear> {
        let is_partner = |name: &str| PartnerId::parse(name).is_ok();
        match kind {
            "Agent" | "Supervisor" => {
                let (partner, name) = id.split_once('/').ok_or(Unclear::Nobody)?;
                if !is_partner(partner) || AgentId::parse(name).is_err() {
                    return Err(Unclear::Nobody);
                }
                self.persons.insert(id.to_owned());
                Ok(())
            }
            "Partner" if !is_partner(id) => Err(Unclear::Nobody),
            _ => Ok(()),
        }
    }

    fn walk(&mut self, form: &Value) -> Result<(), Unclear> {
        match form {
            Value::Array(items) => items.iter().try_for_each(|item| self.walk(item)),
            Value::Object(fields) => {
                if let (Some(Value::String(kind)), Some(Value::String(id))) =
                    (fields.get("type"), fields.get("id"))
                {
                    self.entity(kind, id)?;
                }
                let calls = |function: &str| fields.get(function).is_some_and(Value::is_array);
                if RECKONING.into_iter().any(calls) {
                    return Err(Unclear::Reckoned);
                }
                if let Some(text) = fields.get("datetime").and_then(argument) {
                    self.instants
                        .insert(instant(text).ok_or(Unclear::OutsideUtc)?);
                }
                self.counts_approvals |= fields.get("attr").is_some_and(|attr| attr == APPROVALS);
                if let Some(Value::String(text)) = fields.get("Value") {
                    self.currencies.extend(Currency::parse(text));
                }
                fields.values().try_for_each(|field| self.walk(field))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }
}

/// The one argument of a call, if it is a text.
fn argument(arguments: &Value) -> Option<&str> {
    let [argument] = arguments.as_array()?.as_slice() else {
        return None;
    };
    argument.get("Value")?.as_str()
}

/// An instant as Cedar writes it: a date, or a date and a time that ends in `Z`.
fn instant(text: &str) -> Option<Timestamp> {
    if text.ends_with('Z') {
        return text.parse().ok();
    }
    let date = text.len() == "2026-03-01".len();
    date.then(|| format!("{text}T00:00:00Z").parse().ok())
        .flatten()
}
