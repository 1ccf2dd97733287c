//! Numbers, texts and collections. Numbers are varints in their shortest form; what has a length begins with it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use prost::encoding::{decode_varint, encode_varint, encoded_len_varint};

use super::{Pack, Unreadable, invalid, take, take_array};

impl Pack for u64 {
    fn pack(&self, out: &mut Vec<u8>) {
        encode_varint(*self, out);
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        let before = bytes.len();
        let number = decode_varint(bytes).map_err(|_| invalid("number"))?;
        if encoded_len_varint(number) == before.saturating_sub(bytes.len()) {
            Ok(number)
        } else {
            Err(invalid("number"))
        }
    }
}

macro_rules! narrow_numbers {
    ($( $number:ty ),+) => { $(
        impl Pack for $number {
            fn pack(&self, out: &mut Vec<u8>) {
                u64::from(*self).pack(out);
            }

            fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
                Self::try_from(u64::unpack(bytes)?).map_err(|_| invalid("number"))
            }
        }
    )+ };
}

narrow_numbers! { u8, u16, u32 }

impl Pack for usize {
    fn pack(&self, out: &mut Vec<u8>) {
        pack_count(*self, out);
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        Self::try_from(u64::unpack(bytes)?).map_err(|_| invalid("number"))
    }
}

/// Small numbers are short on both sides of zero.
impl Pack for i64 {
    fn pack(&self, out: &mut Vec<u8>) {
        ((self << 1) ^ (self >> 63)).cast_unsigned().pack(out);
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        let zigzag = u64::unpack(bytes)?;
        Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }
}

impl Pack for bool {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        match take_array(bytes)? {
            [0] => Ok(false),
            [1] => Ok(true),
            [_] => Err(invalid("yes or no")),
        }
    }
}

impl Pack for String {
    fn pack(&self, out: &mut Vec<u8>) {
        pack_text(self, out);
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        unpack_text(bytes).map(str::to_owned)
    }
}

impl<T: Pack> Pack for Option<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        self.is_some().pack(out);
        if let Some(value) = self {
            value.pack(out);
        }
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        bool::unpack(bytes)?.then(|| T::unpack(bytes)).transpose()
    }
}

impl<A: Pack, B: Pack> Pack for (A, B) {
    fn pack(&self, out: &mut Vec<u8>) {
        self.0.pack(out);
        self.1.pack(out);
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        Ok((A::unpack(bytes)?, B::unpack(bytes)?))
    }
}

impl<T: Pack> Pack for Vec<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        pack_all(self, out);
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        unpack_all(bytes)
    }
}

impl<T: Pack> Pack for VecDeque<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        pack_all(self, out);
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        unpack_all(bytes)
    }
}

impl<T: Pack + Ord> Pack for BTreeSet<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        pack_all(self, out);
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        let mut set = Self::new();
        for _ in 0..count(bytes)? {
            let entry = T::unpack(bytes)?;
            in_order(set.last(), &entry)?;
            set.insert(entry);
        }
        Ok(set)
    }
}

impl<K: Pack + Ord, V: Pack> Pack for BTreeMap<K, V> {
    fn pack(&self, out: &mut Vec<u8>) {
        pack_count(self.len(), out);
        for (key, value) in self {
            key.pack(out);
            value.pack(out);
        }
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        let mut map = Self::new();
        for _ in 0..count(bytes)? {
            let (key, value) = Pack::unpack(bytes)?;
            in_order(map.last_key_value().map(|(last, _)| last), &key)?;
            map.insert(key, value);
        }
        Ok(map)
    }
}

/// Entries stand in their order, each once; otherwise one set would have several forms.
fn in_order<K: Ord>(last: Option<&K>, next: &K) -> Result<(), Unreadable> {
    if last.is_none_or(|last| last < next) {
        Ok(())
    } else {
        Err(invalid("order of entries"))
    }
}

pub(super) fn pack_text(text: &str, out: &mut Vec<u8>) {
    pack_count(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

pub(super) fn unpack_text<'b>(bytes: &mut &'b [u8]) -> Result<&'b str, Unreadable> {
    let length = count(bytes)?;
    str::from_utf8(take(bytes, length)?).map_err(|_| invalid("text"))
}

pub(super) fn pack_count(count: usize, out: &mut Vec<u8>) {
    // Memory holds fewer things than a u64 counts.
    u64::try_from(count).unwrap_or(u64::MAX).pack(out);
}

/// A number of things that follow. Each of them takes a byte at least, so that no count asks for more memory than the
/// bytes are worth.
fn count(bytes: &mut &[u8]) -> Result<usize, Unreadable> {
    let count = usize::try_from(u64::unpack(bytes)?).map_err(|_| Unreadable::Short)?;
    if count <= bytes.len() {
        Ok(count)
    } else {
        Err(Unreadable::Short)
    }
}

fn pack_all<'v, T: Pack + 'v>(
    values: impl IntoIterator<Item = &'v T, IntoIter: ExactSizeIterator>,
    out: &mut Vec<u8>,
) {
    let values = values.into_iter();
    pack_count(values.len(), out);
    for value in values {
        value.pack(out);
    }
}

fn unpack_all<T: Pack, C: FromIterator<T>>(bytes: &mut &[u8]) -> Result<C, Unreadable> {
    (0..count(bytes)?).map(|_| T::unpack(bytes)).collect()
}
