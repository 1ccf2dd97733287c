//! Lines of authority: the short form of a policy. Each becomes one `permit` in Cedar, and is decided by as such.

use std::fmt::Write;

use domain::cause::Cause;
use domain::id::PartnerId;
use domain::money::{BasisPoints, Money};
use domain::remedy::RemedyKind;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::question::{BOTH, GrantorRole};
use crate::case::CaseAgent;

/// Whom a line of authority is for, within its role.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reach {
    /// All partners.
    Everyone,
    /// All of one partner.
    Partner(PartnerId),
    /// One person of a partner.
    Person(CaseAgent),
}

/// One line of authority.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant {
    pub(crate) role: GrantorRole,
    pub(crate) reach: Reach,
    pub(crate) remedy: RemedyKind,
    /// Empty for the causes that money helps.
    pub(crate) causes: Vec<Cause>,
    /// Most that one offer may cost.
    pub(crate) max_amount: Money,
    /// Most that one offer may cost, as a share of the cart value.
    pub(crate) max_share: BasisPoints,
    /// The first instant at which the line grants no more.
    pub(crate) expires_at: Option<Timestamp>,
    /// Above this it takes two supervisors. Absent when one is enough.
    #[serde(default)]
    pub(crate) second_approval_above: Option<Money>,
}

/// The lines in Cedar. The policy of the first line is named `line-1`.
pub(crate) fn in_cedar(lines: &[Grant]) -> String {
    let policies = lines.iter().zip(1_u32..).map(|(line, number)| {
        let head = format!(
            "@id(\"line-{number}\")\npermit ({}, action == Action::\"{}\", resource)",
            principal(line),
            line.remedy,
        );
        format!("{head}\nwhen {{ {} }};\n", conditions(line))
    });
    policies.collect()
}

fn conditions(line: &Grant) -> String {
    let mut conditions = format!(
        "context.currency == \"{}\" && context.total <= {} && context.total_bps <= {}",
        line.max_amount.currency(),
        line.max_amount.minor_units(),
        line.max_share.get(),
    );
    conditions.push_str(&causes(line));
    // A `String` takes whatever is written to it.
    if let Some(alone) = line.second_approval_above {
        let alone = alone.minor_units();
        let _ = write!(
            conditions,
            " && (context.total <= {alone} || context.approvals >= {BOTH})"
        );
    }
    if let Some(end) = line.expires_at {
        let _ = write!(conditions, " && context.now < datetime(\"{end:.3}\")");
    }
    conditions
}

/// The entity type of a role.
pub(super) fn entity_type(role: GrantorRole) -> &'static str {
    match role {
        GrantorRole::Agent => "Agent",
        GrantorRole::Supervisor => "Supervisor",
    }
}

fn principal(line: &Grant) -> String {
    let kind = entity_type(line.role);
    match &line.reach {
        Reach::Everyone => format!("principal is {kind}"),
        Reach::Partner(partner) => format!("principal is {kind} in Partner::\"{partner}\""),
        Reach::Person(person) => format!("principal == {kind}::\"{person}\""),
    }
}

/// Money is for a money cause, unless the line names another one.
fn causes(line: &Grant) -> String {
    if line.causes.is_empty() {
        return " && context.money_cause".to_owned();
    }
    let words: Vec<String> = line
        .causes
        .iter()
        .map(|cause| format!("\"{cause}\""))
        .collect();
    format!(" && [{}].contains(context.cause)", words.join(", "))
}
