//! Languages, by their two-letter ISO 639-1 code. A routing and template fact, not a free tag.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error as _};

/// All codes of ISO 639-1, sorted.
const CODES: [&str; 183] = [
    "aa", "ab", "ae", "af", "ak", "am", "an", "ar", "as", "av", "ay", "az", "ba", "be", "bg", "bi",
    "bm", "bn", "bo", "br", "bs", "ca", "ce", "ch", "co", "cr", "cs", "cu", "cv", "cy", "da", "de",
    "dv", "dz", "ee", "el", "en", "eo", "es", "et", "eu", "fa", "ff", "fi", "fj", "fo", "fr", "fy",
    "ga", "gd", "gl", "gn", "gu", "gv", "ha", "he", "hi", "ho", "hr", "ht", "hu", "hy", "hz", "ia",
    "id", "ie", "ig", "ii", "ik", "io", "is", "it", "iu", "ja", "jv", "ka", "kg", "ki", "kj", "kk",
    "kl", "km", "kn", "ko", "kr", "ks", "ku", "kv", "kw", "ky", "la", "lb", "lg", "li", "ln", "lo",
    "lt", "lu", "lv", "mg", "mh", "mi", "mk", "ml", "mn", "mr", "ms", "mt", "my", "na", "nb", "nd",
    "ne", "ng", "nl", "nn", "no", "nr", "nv", "ny", "oc", "oj", "om", "or", "os", "pa", "pi", "pl",
    "ps", "pt", "qu", "rm", "rn", "ro", "ru", "rw", "sa", "sc", "sd", "se", "sg", "si", "sk", "sl",
    "sm", "sn", "so", "sq", "sr", "ss", "st", "su", "sv", "sw", "ta", "te", "tg", "th", "ti", "tk",
    "tl", "tn", "to", "tr", "ts", "tt", "tw", "ty", "ug", "uk", "ur", "uz", "ve", "vi", "vo", "wa",
    "wo", "xh", "yi", "yo", "za", "zh", "zu",
];

/// The text is no ISO 639-1 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a two-letter iso 639-1 language code in lowercase, such as `es`")]
pub struct InvalidLanguage;

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "&'static str")]
pub struct Language(&'static str);

impl Language {
    /// English.
    pub const EN: Self = Self("en");
    /// Spanish.
    pub const ES: Self = Self("es");
    /// French.
    pub const FR: Self = Self("fr");

    /// Reads the code, in lowercase.
    ///
    /// # Errors
    ///
    /// [`InvalidLanguage`] for anything that ISO 639-1 does not list.
    pub fn parse(code: &str) -> Result<Self, InvalidLanguage> {
        CODES
            .binary_search(&code)
            .ok()
            .and_then(|position| CODES.get(position))
            .map(|code| Self(code))
            .ok_or(InvalidLanguage)
    }

    /// The code.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.0)
    }
}

impl FromStr for Language {
    type Err = InvalidLanguage;

    fn from_str(code: &str) -> Result<Self, InvalidLanguage> {
        Self::parse(code)
    }
}

// Not derived: the derived one would want to borrow the code from its input for ever.
impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::parse(&code).map_err(D::Error::custom)
    }
}

impl TryFrom<String> for Language {
    type Error = InvalidLanguage;

    fn try_from(code: String) -> Result<Self, InvalidLanguage> {
        Self::parse(&code)
    }
}

impl From<Language> for &'static str {
    fn from(language: Language) -> Self {
        language.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_sorted_for_the_search() {
        assert!(CODES.is_sorted());
        for code in CODES {
            assert_eq!(Language::parse(code).map(Language::as_str), Ok(code));
        }
    }

    #[test]
    fn only_codes_of_the_standard_are_languages() {
        for code in ["", "e", "ES", "es-MX", "spa", "xx", "4111"] {
            assert_eq!(Language::parse(code), Err(InvalidLanguage), "{code}");
        }
        assert_eq!(Language::parse("es"), Ok(Language::ES));
        assert_eq!(
            serde_json::from_str::<Language>("\"fr\"").ok(),
            Some(Language::FR)
        );
        assert!(serde_json::from_str::<Language>("\"zz\"").is_err());
    }
}
