//! The macro that turns a table of fields into both conversions of a message.
//!
//! A plain function cannot name fields. The table is easier to proofread than the two functions that it replaces, and
//! cannot let them drift apart.

/// `record! { wire::Message => ours::Struct { field_on_the_wire: field_of_ours, … } }`, then optionally `checked by` a
/// function that refuses or completes the whole.
///
/// Both sides are taken apart without `..`: a field that is missing from the table does not compile.
macro_rules! record {
    ($wire:path => $ours:path { $( $field:ident: $name:ident ),+ $(,)? }) => {
        record! { $wire => $ours { $( $field: $name ),+ } checked by Ok }
    };
    ($wire:path => $ours:path { $( $field:ident: $name:ident ),+ $(,)? } checked by $check:path) => {
        impl TryFrom<$wire> for $ours {
            type Error = crate::field::InvalidField;

            fn try_from(wire: $wire) -> Result<Self, Self::Error> {
                let $wire { $( $field ),+ } = wire;
                $check(Self { $( $name: crate::field::read(stringify!($field), $field)? ),+ })
            }
        }

        impl From<$ours> for $wire {
            fn from(ours: $ours) -> Self {
                let $ours { $( $name ),+ } = ours;
                Self { $( $field: crate::field::WireField::into_wire($name) ),+ }
            }
        }
    };
}

pub(super) use record;
