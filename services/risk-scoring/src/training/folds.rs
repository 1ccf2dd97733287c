//! Cross-validation by visitor: whoever is learned from is never judged.

use domain::hash::{fnv_1a, mix};

/// The fold of a visitor, below `folds`, by a hash of the name with the seed in front: the same for the same seed, whoever
/// else is in the file.
pub(super) fn fold(visitor: &str, seed: u64, folds: u64) -> u64 {
    let bytes = seed.to_le_bytes().into_iter().chain(visitor.bytes());
    mix(fnv_1a(bytes)).checked_rem(folds).unwrap_or_default()
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
