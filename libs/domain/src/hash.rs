//! Hashes by which things are told apart for ever: the same on every host and in every release.
//!
//! Both are part of contracts: changing one would move people between the arms of running experiments, and visitors between
//! the folds of committed models. Deliberately absent: any defence against whoever chooses the bytes.

/// FNV-1a, 64 bit (Fowler, Noll and Vo). Its low bits alone are no good: ids of one millisecond differ in few bits, and it
/// spreads those badly. [`mix`] mends that.
pub fn fnv_1a(bytes: impl IntoIterator<Item = u8>) -> u64 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.into_iter().fold(OFFSET_BASIS, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    })
}

/// The finaliser of `SplitMix64` (Steele, Lea and Flood 2014, in Stafford's variant 13): a bijection in which every bit
/// of the input flips each bit of the output with a chance close to one half.
pub const fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn fnv_1a_gives_the_published_values() {
        assert_eq!(fnv_1a(*b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv_1a(*b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv_1a(*b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn the_finaliser_loses_nothing() {
        let mixed: HashSet<u64> = (0..100_000).map(mix).collect();
        assert_eq!(mixed.len(), 100_000);
    }

    #[test]
    fn the_finaliser_gives_the_published_values() {
        // The first numbers of `SplitMix64` from state 0, which is finalised after each step by the golden ratio.
        let step = 0x9e37_79b9_7f4a_7c15_u64;
        assert_eq!(mix(step), 0xe220_a839_7b1d_cdaf);
        assert_eq!(mix(step.wrapping_mul(2)), 0x6e78_9e6a_a1b9_65f4);
    }
}
