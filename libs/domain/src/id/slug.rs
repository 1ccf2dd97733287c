//! Ids that an operator chooses: short names that read well in a log, a metric label and a config file.

use std::fmt;

use super::{InvalidId, text_form};
use crate::card::contains_card_number;

/// Longest slug, in characters.
const MAX_LENGTH: usize = 64;

fn check(text: &str) -> Result<(), InvalidId> {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    if text.is_empty() || text.len() > MAX_LENGTH || !text.bytes().all(allowed) {
        return Err(InvalidId::Slug);
    }
    if contains_card_number(text) {
        return Err(InvalidId::CardNumber);
    }
    Ok(())
}

macro_rules! slugs {
    ($( $(#[$meta:meta])* $name:ident; )+) => { $(
        $(#[$meta])*
        ///
        /// 1 to 64 characters of `a-z`, `0-9`, `.`, `_` and `-`.
        #[derive(
            Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks and takes the text.
            ///
            /// # Errors
            ///
            /// [`InvalidId::Slug`] or [`InvalidId::CardNumber`].
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                check(text)?;
                Ok(Self(text.into()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }

        text_form!($name);
    )+ };
}

slugs! {
    /// A shop, whose data no other shop may see.
    TenantId;
    /// A partner: a company that lends us agents.
    PartnerId;
    /// A person who helps shoppers, as the token of the desk names them.
    AgentId;
    /// A queue of tasks that the same agents may take.
    QueueId;
    /// A skill that a task may need of an agent.
    SkillId;
    /// A play: which trigger and cause lead to which contact.
    PlayId;
    /// An offer programme: rules and budget that offers draw on.
    ProgrammeId;
    /// A risk model.
    ModelId;
    /// An experiment; part of the hash that assigns its arms.
    ExperimentId;
    /// What a contact was about, as the desk codes it; two contacts on one issue share it.
    IssueCode;
}
