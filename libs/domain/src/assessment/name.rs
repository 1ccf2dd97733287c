//! The name of a factor.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::text::{InvalidText, Text};

/// The name of a factor, as a person reads it in an explanation: 1 to 64 bytes of [`Text`].
///
/// Clones share it: a model names the same few factors in every assessment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FactorName(Arc<str>);

impl FactorName {
    /// Trims and checks a name.
    ///
    /// # Errors
    ///
    /// [`InvalidText`]. The length counts after trimming.
    pub fn parse(name: &str) -> Result<Self, InvalidText> {
        let name = Text::<64>::parse(name)?;
        Ok(Self(name.as_str().into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FactorName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl FromStr for FactorName {
    type Err = InvalidText;

    fn from_str(name: &str) -> Result<Self, InvalidText> {
        Self::parse(name)
    }
}

impl TryFrom<String> for FactorName {
    type Error = InvalidText;

    fn try_from(name: String) -> Result<Self, InvalidText> {
        Self::parse(&name)
    }
}

impl From<FactorName> for String {
    fn from(name: FactorName) -> Self {
        name.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_short_text() {
        let name = FactorName::parse(" shipping shock ").expect("a name");
        assert_eq!(name.as_str(), "shipping shock");
        let json = serde_json::to_string(&name).expect("json");
        assert_eq!(json, "\"shipping shock\"");
        assert_eq!(
            serde_json::from_str::<FactorName>(&json).expect("a name"),
            name
        );
        let long = InvalidText::TooLong { max: 64 };
        assert_eq!(FactorName::parse(&"a".repeat(65)), Err(long));
        assert!(serde_json::from_str::<FactorName>("\"\"").is_err());
    }
}
