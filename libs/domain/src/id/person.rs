//! Whom we contact, cap and assign to an experiment: the shopper when known, else the visitor.

use std::fmt;

use super::{InvalidId, ShopperId, VisitorId, text_form};

/// One person, as well as we know them.
///
/// Its text form is that of the id inside (`shp_…` or `vis_…`).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub enum PersonId {
    /// A person the shop knows.
    Shopper(ShopperId),
    /// A visitor without a name, on one device.
    Visitor(VisitorId),
}

impl PersonId {
    /// Reads the text form.
    ///
    /// # Errors
    ///
    /// [`InvalidId::Person`] for another prefix, [`InvalidId::Uuid`] for a wrong UUID.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        match ShopperId::parse(text) {
            Ok(shopper) => return Ok(Self::Shopper(shopper)),
            Err(InvalidId::Prefix { .. }) => {}
            Err(invalid) => return Err(invalid),
        }
        match VisitorId::parse(text) {
            Ok(visitor) => Ok(Self::Visitor(visitor)),
            Err(InvalidId::Prefix { .. }) => Err(InvalidId::Person),
            Err(invalid) => Err(invalid),
        }
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shopper(shopper) => shopper.fmt(formatter),
            Self::Visitor(visitor) => visitor.fmt(formatter),
        }
    }
}

impl From<ShopperId> for PersonId {
    fn from(shopper: ShopperId) -> Self {
        Self::Shopper(shopper)
    }
}

impl From<VisitorId> for PersonId {
    fn from(visitor: VisitorId) -> Self {
        Self::Visitor(visitor)
    }
}

text_form!(PersonId);
