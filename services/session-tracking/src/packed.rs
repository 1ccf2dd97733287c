//! The compact form of what a session has come to, for the memory of the writer and for its checkpoints.
//!
//! One value has one form: equal values give equal bytes, and bytes in any other form are refused, so that two states can
//! be compared by their bytes. Not serde, because the shared values write themselves as texts there, at four times the
//! length. Deliberately absent: reading an older form. Whoever meets one folds the session again from its log.

use thiserror::Error;

mod plain;
mod shared;

/// Names the form. It rises with every change of what is packed, or of how.
pub(crate) const FORMAT: u8 = 3;

/// Bytes of most sessions.
const USUAL: usize = 512;

/// A value that can be written compactly and read again.
pub(crate) trait Pack: Sized {
    /// Appends the value.
    fn pack(&self, out: &mut Vec<u8>);

    /// Reads one value off the front.
    ///
    /// # Errors
    /// [`Unreadable`] for bytes that `pack` does not write. They are spent up to some point then.
    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable>;
}

/// Why bytes cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Unreadable {
    /// They were written by another version of the service.
    #[error("the bytes are in form {found} instead of {FORMAT}")]
    Format { found: u8 },
    #[error("the bytes end within a value")]
    Short,
    #[error("bytes are left over after the value")]
    Trailing,
    #[error("the bytes hold no valid {what}")]
    Invalid { what: &'static str },
}

/// A value alone: the name of the form, then its bytes.
pub(crate) fn pack<T: Pack>(value: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(USUAL);
    out.push(FORMAT);
    value.pack(&mut out);
    out
}

/// Reads what [`pack`] wrote, all of it.
///
/// # Errors
/// [`Unreadable`], also when bytes are left over.
pub(crate) fn unpack<T: Pack>(bytes: &[u8]) -> Result<T, Unreadable> {
    let mut bytes = after_form(bytes)?;
    let value = T::unpack(&mut bytes)?;
    if bytes.is_empty() {
        Ok(value)
    } else {
        Err(Unreadable::Trailing)
    }
}

/// The bytes after the name of the form.
fn after_form(bytes: &[u8]) -> Result<&[u8], Unreadable> {
    match bytes.split_first() {
        None => Err(Unreadable::Short),
        Some((&FORMAT, rest)) => Ok(rest),
        Some((&found, _)) => Err(Unreadable::Format { found }),
    }
}

/// Reads the first field of what [`pack`] wrote, and nothing after it.
///
/// # Errors
/// [`Unreadable`].
pub(crate) fn first<T: Pack>(bytes: &[u8]) -> Result<T, Unreadable> {
    T::unpack(&mut after_form(bytes)?)
}

/// A short name for a value, the same in every process: FNV-1a over its bytes.
/// <http://www.isthe.com/chongo/tech/comp/fnv/>
pub(crate) fn fingerprint<T: Pack>(value: &T) -> u64 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    pack(value).into_iter().fold(OFFSET_BASIS, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    })
}

/// Packs structs field by field, in the order of the list. The list is a pattern, so that a new field fails to compile
/// until it stands here too.
macro_rules! pack_fields {
    ($( $name:ident { $( $field:ident ),+ $(,)? } )+) => { $(
        impl $crate::packed::Pack for $name {
            fn pack(&self, out: &mut Vec<u8>) {
                let Self { $( $field ),+ } = self;
                $( $crate::packed::Pack::pack($field, out); )+
            }

            fn unpack(bytes: &mut &[u8]) -> Result<Self, $crate::packed::Unreadable> {
                Ok(Self { $( $field: $crate::packed::Pack::unpack(bytes)? ),+ })
            }
        }
    )+ };
}

/// Packs enums without fields by their places in the list, which names every member and only grows at its end.
macro_rules! pack_members {
    ($( $name:ident { $( $member:ident ),+ $(,)? } )+) => { $(
        impl $crate::packed::Pack for $name {
            fn pack(&self, out: &mut Vec<u8>) {
                // A new member fails to compile here until it stands in the list.
                match self {
                    $( Self::$member )|+ => {
                        $crate::packed::pack_member(&[$( Self::$member ),+], self, out);
                    }
                }
            }

            fn unpack(bytes: &mut &[u8]) -> Result<Self, $crate::packed::Unreadable> {
                $crate::packed::unpack_member(&[$( Self::$member ),+], bytes)
            }
        }
    )+ };
}

pub(crate) use {pack_fields, pack_members};

/// Appends the place of a member in the list of all.
pub(crate) fn pack_member<T: PartialEq>(all: &[T], member: &T, out: &mut Vec<u8>) {
    let before = all.iter().take_while(|other| *other != member);
    plain::pack_count(before.count(), out);
}

/// Reads a member by its place in the list of all.
pub(crate) fn unpack_member<T: Copy>(all: &[T], bytes: &mut &[u8]) -> Result<T, Unreadable> {
    let place = usize::try_from(u64::unpack(bytes)?).ok();
    let member = place.and_then(|place| all.get(place));
    member.copied().ok_or(invalid("member of a closed set"))
}

fn invalid(what: &'static str) -> Unreadable {
    Unreadable::Invalid { what }
}

/// Takes so many bytes off the front.
fn take<'b>(bytes: &mut &'b [u8], length: usize) -> Result<&'b [u8], Unreadable> {
    bytes.split_off(..length).ok_or(Unreadable::Short)
}

/// Takes an array off the front.
fn take_array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Unreadable> {
    let (taken, rest) = bytes.split_first_chunk().ok_or(Unreadable::Short)?;
    *bytes = rest;
    Ok(*taken)
}

#[cfg(test)]
mod tests;
