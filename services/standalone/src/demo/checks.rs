//! What must hold at the end, whatever happened: each scene as scripted, and the promises of the suite. Pure: checked on
//! what the services themselves said.

mod promises;
mod scene;

use serde::Serialize;

use super::source::Source;
pub(super) use scene::{check as scene, ending};

/// One thing that must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    /// The scripted shopper that it is about; `None` for a promise of the suite.
    pub(super) scene: Option<&'static str>,
    pub(super) what: String,
    pub(super) held: bool,
    /// What was seen.
    pub(super) detail: String,
}

impl Check {
    fn new(what: impl Into<String>, held: Held, detail: impl Into<String>) -> Self {
        Self {
            scene: None,
            what: what.into(),
            held: held.0,
            detail: detail.into(),
        }
    }

    /// The same check, about a scripted shopper.
    fn of(self, scene: &'static str) -> Self {
        Self {
            scene: Some(scene),
            ..self
        }
    }
}

/// Whether something held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held(bool);

/// All checks: the promises first, then the scenes.
pub(super) fn all(source: &Source<'_>) -> Vec<Check> {
    let mut checks = promises::all(source);
    checks.extend(
        source
            .taken
            .scenes
            .iter()
            .map(|take| scene(take, source.reading)),
    );
    checks
}
