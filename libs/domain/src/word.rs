//! Closed sets of words: enums whose text form is part of the contract (database, JSON, metrics).
//!
//! `closed_enum!` gives every such enum the same surface, so that a reader who knows one knows all. The words are
//! written out beside the variants: renaming a variant must not rename what is already stored.

use std::fmt;

/// The text names no member of a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownWord {
    accepted: &'static [&'static str],
}

impl UnknownWord {
    /// An error that lists the words which would have been right.
    pub const fn new(accepted: &'static [&'static str]) -> Self {
        Self { accepted }
    }

    /// The words which would have been right.
    pub const fn accepted(&self) -> &'static [&'static str] {
        self.accepted
    }
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("must be one of ")?;
        for (position, word) in self.accepted.iter().enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            write!(formatter, "{separator}`{word}`")?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownWord {}

/// Declares a closed enum with `ALL`, `as_str`, `parse`, `FromStr`, `Display` and serde as its word.
///
/// Serde is not derived from the variants, because its own error text would echo the refused value.
#[macro_export]
macro_rules! closed_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $word:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )+
        }

        impl $name {
            /// Every member, in order of declaration.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )+];

            /// The stable text form, in `snake_case`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                }
            }

            /// Reads the stable text form.
            ///
            /// # Errors
            ///
            /// [`UnknownWord`](crate::word::UnknownWord) when the text is no member.
            pub fn parse(text: &str) -> Result<Self, $crate::word::UnknownWord> {
                match text {
                    $( $word => Ok(Self::$variant), )+
                    _ => Err($crate::word::UnknownWord::new(&[$( $word, )+])),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::word::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::word::UnknownWord;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for &'static str {
            fn from(value: $name) -> Self {
                value.as_str()
            }
        }
    };
}

pub use closed_enum;

#[cfg(test)]
mod tests;
