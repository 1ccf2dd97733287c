//! The scorecard that every tenant has: a file of the source tree, compiled in and checked at start.

use super::{Scorecard, ScorecardParts};

/// `models/README.md` is its card.
const BUILT_IN: &str = include_str!("../../models/scorecard.toml");

/// Why the table that was compiled in cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It is no TOML of the right shape.
    #[error("the table cannot be read")]
    Syntax(#[from] toml::de::Error),
    /// It breaks a rule.
    #[error("the table breaks a rule: {0}")]
    Rule(String),
}

/// Reads the built-in scorecard.
///
/// # Errors
/// The file was changed into something that is no scorecard; a test tells before a release does.
pub(crate) fn built_in() -> Result<Scorecard, TableError> {
    let parts: ScorecardParts = toml::from_str(BUILT_IN)?;
    Scorecard::new(parts).map_err(|fault| TableError::Rule(fault.to_string()))
}
