//! The languages that an explanation is written in.

/// A language of explanations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tongue {
    English,
    Spanish,
}

impl Tongue {
    /// The language of this ISO 639-1 code, English for any other.
    pub(crate) fn of(code: &str) -> Self {
        match code {
            "es" => Self::Spanish,
            _ => Self::English,
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
