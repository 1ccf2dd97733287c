//! A version of a tenant's policy as it is stored: the lines and the Cedar text that its author sent.

use domain::text::Text;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::compiled::{CompiledPolicy, PolicyFault};
use super::lines::Grant;

/// Longest Cedar text of a version, in bytes.
pub(crate) const MAX_TEXT: usize = 32 * 1024;

const STARTER: &str = include_str!("starter.cedar");
const STARTER_PURPOSE: &str = "Starter policy: agents cut shipping or give a small discount, team leaders half as much \
                               again, supervisors twice as much and more remedies, two supervisors together \
                               twice that.";

/// What a policy is for, in its author's words.
pub(crate) type Purpose = Text<256>;

/// A version of a tenant's policy. Version 0 is the one that everybody starts with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Policy {
    pub(crate) version: u32,
    pub(crate) purpose: Purpose,
    pub(crate) grants: Vec<Grant>,
    /// Policies in Cedar, beside the lines.
    #[serde(default)]
    pub(crate) cedar: String,
    pub(crate) created_at: Timestamp,
}

impl Policy {
    /// Makes it ready to decide.
    ///
    /// # Errors
    /// It is no policy: see [`PolicyFault`].
    pub(crate) fn compile(&self) -> Result<CompiledPolicy, PolicyFault> {
        CompiledPolicy::new(self.version, &self.grants, &self.cedar)
    }
}

/// Version 0 of every tenant's policy: data, compiled in, read once at start.
///
/// # Errors
/// Never: a test reads it.
pub(crate) fn starter_policy() -> Result<Policy, PolicyFault> {
    let purpose = Purpose::parse(STARTER_PURPOSE);
    Ok(Policy {
        version: 0,
        purpose: purpose.map_err(|_| PolicyFault::Empty)?,
        grants: Vec::new(),
        cedar: STARTER.to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
    })
}
