//! The languages that an explanation is written in.

use domain::language::Language;

/// A language of explanations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tongue {
    English,
    Spanish,
}

impl Tongue {
    /// The tongue nearest to a language: English for any but Spanish, and for none.
    pub(crate) fn of(language: Option<Language>) -> Self {
        if language == Some(Language::ES) {
            Self::Spanish
        } else {
            Self::English
        }
    }

    /// Picks the text in this language.
    pub(crate) fn pick(self, english: &'static str, spanish: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::Spanish => spanish,
        }
    }
}
