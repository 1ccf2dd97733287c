//! The reason of each refusal that `domain` knows. Its texts say what is allowed and never repeat a value, so they are
//! taken as they are.

use domain::assessment::InvalidScore;
use domain::block::NoBlockReason;
use domain::cart::{CartError, InvalidQuantity};
use domain::fact::InvalidSurveyScore;
use domain::id::InvalidId;
use domain::language::InvalidLanguage;
use domain::money::{InvalidCurrency, InvalidShare, MoneyError};
use domain::text::InvalidText;
use domain::time::InvalidTime;
use domain::word::UnknownWord;

use super::FieldFault;
use crate::error::v1::ErrorReason;

macro_rules! reasons {
    ($( $fault:ty: |$name:ident| $reason:expr; )+) => { $(
        impl FieldFault for $fault {
            fn reason(&self) -> ErrorReason {
                let $name = self;
                $reason
            }

            fn description(&self) -> String {
                self.to_string()
            }
        }
    )+ };
}

reasons! {
    InvalidCurrency: |_any| ErrorReason::UnknownCurrency;
    InvalidLanguage: |_any| ErrorReason::UnknownLanguage;
    InvalidQuantity: |_any| ErrorReason::OutOfRange;
    InvalidScore: |_any| ErrorReason::OutOfRange;
    InvalidShare: |_any| ErrorReason::OutOfRange;
    InvalidSurveyScore: |_any| ErrorReason::OutOfRange;
    NoBlockReason: |_any| ErrorReason::Required;
    UnknownWord: |_any| ErrorReason::UnknownEnum;

    CartError: |fault| match fault {
        CartError::TooManyLines => ErrorReason::TooManyItems,
        CartError::DuplicateSku => ErrorReason::DuplicateItem,
        CartError::NotInCart => ErrorReason::InvalidField,
        CartError::MarginAbovePrice => ErrorReason::OutOfRange,
        CartError::Quantity(quantity) => quantity.reason(),
        CartError::Money(money) => money.reason(),
    };
    InvalidId: |fault| match fault {
        InvalidId::CardNumber => ErrorReason::CardData,
        InvalidId::Prefix { .. }
        | InvalidId::Person
        | InvalidId::Uuid
        | InvalidId::Slug
        | InvalidId::Reference => ErrorReason::MalformedId,
    };
    InvalidText: |fault| match fault {
        InvalidText::Empty => ErrorReason::Required,
        InvalidText::TooLong { .. } => ErrorReason::TooLong,
        InvalidText::ControlCharacter => ErrorReason::InvalidField,
        InvalidText::CardNumber => ErrorReason::CardData,
    };
    InvalidTime: |fault| match fault {
        InvalidTime::Zone => ErrorReason::UnknownZone,
        InvalidTime::Instant | InvalidTime::Hours => ErrorReason::OutOfRange,
    };
    MoneyError: |fault| match fault {
        MoneyError::Negative => ErrorReason::NegativeMoney,
        MoneyError::Overflow => ErrorReason::MoneyOverflow,
        MoneyError::CurrencyMismatch => ErrorReason::CurrencyMismatch,
    };
}
