//! Short free text from outside: bounded, trimmed, without control characters and without card numbers.
//!
//! What a text says is never read here; it is carried, shown to an agent and stored.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::card::contains_card_number;

/// Why a text is not accepted; never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing is left after trimming.
    #[error("must not be empty")]
    Empty,
    /// The text is too long.
    #[error("must be at most {max} bytes of utf-8")]
    TooLong {
        /// Longest text in bytes.
        max: usize,
    },
    /// The text holds a control character, a line break included.
    #[error("must not hold control characters")]
    ControlCharacter,
    /// The text holds what looks like a payment card number.
    #[error("must not hold a payment card number")]
    CardNumber,
}

/// A text of 1 to `MAX` bytes of UTF-8, without white space around it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(Box<str>);

impl<const MAX: usize> Text<MAX> {
    /// Trims and checks the text.
    ///
    /// # Errors
    ///
    /// [`InvalidText`]. The length counts after trimming.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidText::Empty);
        }
        if text.len() > MAX {
            return Err(InvalidText::TooLong { max: MAX });
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidText::ControlCharacter);
        }
        if contains_card_number(text) {
            return Err(InvalidText::CardNumber);
        }
        Ok(Self(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl<const MAX: usize> FromStr for Text<MAX> {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        Self::parse(text)
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        Self::parse(&text)
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> Self {
        text.0.into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn white_space_around_a_text_is_no_part_of_it() {
        let text = Text::<5>::parse("  año  ").expect("a text");
        assert_eq!(text.as_str(), "año");
    }

    #[test]
    fn texts_that_are_not_accepted_say_why() {
        for (text, error) in [
            ("", InvalidText::Empty),
            (" \t ", InvalidText::Empty),
            ("años y años", InvalidText::TooLong { max: 10 }),
            ("a\nb", InvalidText::ControlCharacter),
            ("a\u{0}b", InvalidText::ControlCharacter),
        ] {
            assert_eq!(Text::<10>::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_card_number_is_refused_and_not_echoed() {
        let number = "my card: 4111 1111 1111 1111";
        assert_eq!(Text::<64>::parse(number), Err(InvalidText::CardNumber));
        let error =
            serde_json::from_str::<Text<64>>(&format!("\"{number}\"")).expect_err("refused");
        assert!(!error.to_string().contains("4111"));
    }

    proptest! {
        #[test]
        fn an_accepted_text_is_accepted_again(text in "\\PC{0,40}") {
            if let Ok(accepted) = Text::<32>::parse(&text) {
                prop_assert!(accepted.as_str().len() <= 32);
                prop_assert_eq!(Text::<32>::parse(accepted.as_str()), Ok(accepted));
            }
        }
    }
}
