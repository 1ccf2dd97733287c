//! References made by a shop's own systems: we keep them as they are, and never read meaning into them.

use std::fmt;

use super::{InvalidId, text_form};
use crate::card::contains_card_number;

/// Longest reference, in characters.
const MAX_LENGTH: usize = 64;

fn check(text: &str) -> Result<(), InvalidId> {
    if text.is_empty()
        || text.len() > MAX_LENGTH
        || !text.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Err(InvalidId::Reference);
    }
    if contains_card_number(text) {
        return Err(InvalidId::CardNumber);
    }
    Ok(())
}

macro_rules! references {
    ($( $(#[$meta:meta])* $name:ident; )+) => { $(
        $(#[$meta])*
        ///
        /// 1 to 64 visible ASCII characters.
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
            /// [`InvalidId::Reference`] or [`InvalidId::CardNumber`].
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

references! {
    /// An order, as the shop numbers it.
    OrderId;
    /// An article, as the shop numbers it.
    Sku;
}
