//! Tables of this service, private to the store. A row is read as strictly as a request.

pub(super) mod arm;
pub(super) mod contact;
pub(super) mod cool_down;
pub(super) mod decision;
pub(super) mod intervention;
pub(super) mod invitation;
pub(super) mod play;
pub(super) mod reservation;
pub(super) mod task;

use domain::id::SkillId;
use domain::language::Language;
use sea_orm::ActiveValue::{self, Set};
use storage::StoreError;
use storage::column::Row;

use crate::intervention::AssignedAgent;
use crate::task::Brief;

/// A word of a closed set, or another text that is stored as it is.
fn word(text: &str) -> ActiveValue<String> {
    Set(text.to_owned())
}

/// The words of some states, to filter by.
pub(super) fn words<T: Copy>(states: &[T], as_str: fn(T) -> &'static str) -> Vec<&'static str> {
    states.iter().copied().map(as_str).collect()
}

/// Versions count from 0 and reach the end of `i64` never; should one come from outside, it stays there.
pub(super) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// What an agent needs to know and to speak for a task, in columns of their own, to be counted by.
fn asked(brief: &Brief) -> (ActiveValue<Option<String>>, ActiveValue<Option<String>>) {
    let skill = brief.skill.as_ref().map(SkillId::to_string);
    let language = brief.language.as_ref().map(Language::to_string);
    (Set(skill), Set(language))
}

/// What can be read of rows that a timer or a dispatcher goes through. One that cannot is reported and left out, or all
/// others, of every tenant, would wait for it.
pub(super) fn legible<M, T>(rows: &[M], read: fn(&M) -> Result<T, StoreError>) -> Vec<T> {
    let mut legible = Vec::with_capacity(rows.len());
    for row in rows {
        match read(row) {
            Ok(one) => legible.push(one),
            Err(error) => tracing::error!(%error, "a row is left out"),
        }
    }
    legible
}

/// An agent, of whom both columns are there or none.
fn assigned(
    row: &Row<'_>,
    columns: (Option<&str>, Option<&str>),
) -> Result<Option<AssignedAgent>, StoreError> {
    match columns {
        (Some(partner), Some(agent)) => Ok(Some(AssignedAgent {
            partner: row.parse("partner_id", partner)?,
            agent: row.parse("agent_id", agent)?,
        })),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => Err(row.corrupt("agent_id")),
    }
}
