//! "So many within this time": a count over a sliding window.

use std::time::Duration;

use domain::time::{Timestamp, earlier};

use crate::packed::pack_fields;

/// When something happened lately.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Window {
    hits: Vec<Timestamp>,
}

impl Window {
    /// Notes one more and says whether that makes `count` of them within `span`. If it does, counting starts again,
    /// so that the next sign needs as many more.
    pub(super) fn reaches(&mut self, count: usize, span: Duration, at: Timestamp) -> bool {
        self.hits.retain(|hit| *hit >= earlier(at, span));
        self.hits.push(at);
        let reached = self.hits.len() >= count;
        if reached {
            self.clear();
        }
        reached
    }

    pub(super) fn clear(&mut self) {
        self.hits.clear();
    }
}

pack_fields! {
    Window { hits }
}

#[cfg(test)]
mod tests {
    use domain::time::from_millis;

    use super::*;

    const SPAN: Duration = Duration::from_millis(100);

    fn reached(millis: &[i64]) -> Vec<bool> {
        let mut window = Window::default();
        millis
            .iter()
            .map(|at| window.reaches(3, SPAN, from_millis(*at).unwrap()))
            .collect()
    }

    #[test]
    fn the_third_within_the_span_counts() {
        assert_eq!(reached(&[0, 50, 100]), [false, false, true]);
    }

    #[test]
    fn what_is_older_than_the_span_does_not() {
        assert_eq!(reached(&[0, 50, 101, 102]), [false, false, false, true]);
    }

    #[test]
    fn counting_starts_again_after_a_hit() {
        assert_eq!(
            reached(&[0, 1, 2, 3, 4]),
            [false, false, true, false, false]
        );
    }
}
