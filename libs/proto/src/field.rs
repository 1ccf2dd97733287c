//! What a request got wrong, by field, and the readers that find it.
//!
//! An [`InvalidField`] names the field by its path from the request and a reason from the one enum of reasons. It never
//! holds the value that was sent: values may be personal or secret, and errors are logged.

mod faults;
mod shapes;

pub use shapes::{
    MAX_ITEMS, distinct, enumerated, enumerations, message, messages, parse, required, within_count,
};

use crate::error::v1::ErrorReason;

/// The first field at fault in a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {description}")]
pub struct InvalidField {
    /// Path from the request, e.g. `cart.lines[3].sku`.
    pub field: String,
    /// The reason that `ErrorInfo` carries.
    pub reason: ErrorReason,
    /// What is allowed instead, for people. Holds no value that was sent.
    pub description: String,
}

/// A refusal of a value that knows its reason; lets `domain` errors, which know none, become an [`InvalidField`].
pub trait FieldFault {
    /// The reason that `ErrorInfo` carries.
    fn reason(&self) -> ErrorReason;

    /// What is allowed instead, in a few words and without the value.
    fn description(&self) -> String;
}

/// A value of `domain` that stands as a field of wire type `W` in messages. Implemented for all shared types, for their
/// absence (`Option`) and, where messages repeat them, for `Vec`.
pub trait WireField<W>: Sized {
    /// Reads the field that the message calls `field`.
    fn from_wire(field: &str, wire: W) -> Result<Self, InvalidField>;

    /// Writes the field.
    fn into_wire(self) -> W;
}

/// Reads one field of a message; the wanted type is that of the place it is read for.
pub fn read<W, T: WireField<W>>(field: &str, wire: W) -> Result<T, InvalidField> {
    T::from_wire(field, wire)
}

/// An enum at its zero value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be set")]
pub struct Unspecified;

impl InvalidField {
    /// A fault found by the caller itself.
    pub fn new(
        field: impl Into<String>,
        reason: ErrorReason,
        description: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            reason,
            description: description.into(),
        }
    }

    /// Turns the refusal of a value into a fault of `field`; for `map_err`.
    pub fn at<E: FieldFault>(field: &str) -> impl FnOnce(E) -> Self {
        move |fault| Self::new(field, fault.reason(), fault.description())
    }

    /// A required field that is absent.
    pub fn absent(field: &str) -> Self {
        Self::at(field)(Unspecified)
    }

    /// The same fault, seen from the message that holds `parent`.
    #[must_use]
    pub fn within(self, parent: &str) -> Self {
        let field = if self.field.is_empty() {
            parent.to_owned()
        } else {
            format!("{parent}.{}", self.field)
        };
        Self { field, ..self }
    }

    /// The same fault, seen from the message that holds the repeated field `parent`; `index` counts from 0.
    #[must_use]
    pub fn within_index(self, parent: &str, index: usize) -> Self {
        self.within(&format!("{parent}[{index}]"))
    }
}

impl FieldFault for Unspecified {
    fn reason(&self) -> ErrorReason {
        ErrorReason::Required
    }

    fn description(&self) -> String {
        self.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault() -> InvalidField {
        InvalidField::new("sku", ErrorReason::TooLong, "must be shorter")
    }

    #[test]
    fn a_path_grows_from_the_inside_out() {
        let seen = fault().within_index("lines", 3).within("cart");

        assert_eq!(seen.field, "cart.lines[3].sku");
        assert_eq!(seen.reason, ErrorReason::TooLong);
    }

    #[test]
    fn an_item_that_is_no_message_is_named_by_its_index() {
        let seen = InvalidField::absent("").within_index("evidence", 0);

        assert_eq!(seen.field, "evidence[0]");
    }

    #[test]
    fn the_text_names_the_field_and_what_is_allowed() {
        assert_eq!(fault().to_string(), "`sku`: must be shorter");
    }
}
