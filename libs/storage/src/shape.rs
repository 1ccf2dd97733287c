//! Statements of few shapes. A connection keeps a statement prepared by its text, and to prepare one of hundreds of rows
//! takes as long as to run it. So rows and names come in numbers that recur: powers of two.

/// Most rows, or names, of one statement. Rows of sixteen values stay far below the 32,766 values that SQLite takes, and
/// PostgreSQL's 65,535.
pub const MOST: usize = 256;

/// Divides rows among statements.
pub fn rows<T>(all: &[T]) -> impl Iterator<Item = &[T]> {
    let mut left = all;
    lengths(all.len()).map_while(move |count| {
        let (taken, rest) = left.split_at_checked(count)?;
        left = rest;
        Some(taken)
    })
}

/// How many of so many rows go into each statement.
pub(crate) fn lengths(all: usize) -> impl Iterator<Item = usize> {
    let mut left = all;
    std::iter::from_fn(move || {
        let count = largest_power_of_two(left).min(MOST);
        left -= count;
        (count > 0).then_some(count)
    })
}

/// Divides the names of a list, as of an `IN (..)`, among statements. The last name of one is repeated, which changes
/// nothing.
pub fn names<T: Clone>(all: &[T]) -> impl Iterator<Item = Vec<T>> {
    all.chunks(MOST).map(one_list)
}

/// The names of a list that has to be whole, as of a `NOT IN (..)`. The last name is repeated.
pub fn one_list<T: Clone>(all: &[T]) -> Vec<T> {
    let missing = all.len().next_power_of_two() - all.len();
    let repeated = all.last().into_iter().cycle().take(missing);
    all.iter().chain(repeated).cloned().collect()
}

/// The largest power of two up to `limit`, and 0 up to 0.
fn largest_power_of_two(limit: usize) -> usize {
    limit.checked_ilog2().map_or(0, |log| 1 << log)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn rows_come_once_in_their_order() {
        for count in 0..1_000_usize {
            let all: Vec<usize> = (0..count).collect();
            assert_eq!(rows(&all).flatten().copied().collect::<Vec<_>>(), all);
        }
    }

    #[test]
    fn names_are_all_there_and_no_others() {
        for count in 0..1_000_usize {
            let all: Vec<usize> = (0..count).collect();
            let named: BTreeSet<usize> = names(&all).flatten().collect();
            assert_eq!(named.into_iter().collect::<Vec<_>>(), all);
        }
    }

    #[test]
    fn few_shapes_do() {
        let mut shapes = BTreeSet::new();
        for count in 0..1_000_usize {
            let all: Vec<usize> = (0..count).collect();
            shapes.extend(rows(&all).map(<[usize]>::len));
            shapes.extend(names(&all).map(|some| some.len()));
        }
        assert_eq!(
            shapes.into_iter().collect::<Vec<_>>(),
            [1, 2, 4, 8, 16, 32, 64, 128, 256]
        );
    }
}
