//! Cross-validation by visitor: whoever is learned from is never judged.

/// The fold of a visitor, below `folds`, by a hash of the name: the same for the same seed, whoever else is in the file.
///
/// FNV-1a (Fowler, Noll, Vo) with the seed in front, mixed by the finaliser of `SplitMix64` (Steele, Lea, Flood 2014) so that
/// low bits depend on all.
pub(super) fn fold(visitor: &str, seed: u64, folds: u64) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in seed.to_le_bytes().iter().chain(visitor.as_bytes()) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (hash ^ (hash >> 31)).checked_rem(folds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_of_like_size_and_change_with_the_seed() {
        let mut sizes = [0_u32; 5];
        let mut moved = 0;
        for visitor in 0..10_000 {
            let name = visitor.to_string();
            let here = fold(&name, 1, 5);
            sizes[usize::try_from(here).unwrap()] += 1;
            moved += u32::from(fold(&name, 2, 5) != here);
        }
        assert!(
            sizes.iter().all(|size| (1_850..2_150).contains(size)),
            "{sizes:?}"
        );
        assert!((7_500..8_500).contains(&moved), "{moved}");
    }
}
