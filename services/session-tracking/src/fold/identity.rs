//! Who the visitor is said to be. A link is a fact of the log, and so is its undoing: the events decide anew, in their
//! order, whom a session belongs to, and none is ever rewritten.

use domain::id::ShopperId;

use crate::packed::pack_fields;

/// Most names that are remembered of a session, each way.
const MAX_NAMES: usize = 8;

/// The shoppers that the visitor was said to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Identity {
    /// Those that still stand; the last one counts.
    names: Vec<ShopperId>,
    /// Those that were taken back. A storefront may go on sending one in its events for a while.
    denied: Vec<ShopperId>,
}

impl Identity {
    /// Whom the session belongs to.
    pub(super) fn shopper(&self) -> Option<ShopperId> {
        self.names.last().copied()
    }

    /// An event carries a name, which counts unless it was taken back.
    pub(super) fn carry(&mut self, shopper: ShopperId) {
        if !self.denied.contains(&shopper) {
            self.name(shopper);
        }
    }

    /// The shop says who the visitor is, whatever it said before.
    pub(super) fn link(&mut self, shopper: ShopperId) {
        self.denied.retain(|name| *name != shopper);
        self.name(shopper);
    }

    /// The shop says who the visitor is not. The name before counts again.
    pub(super) fn unlink(&mut self, shopper: ShopperId) {
        self.names.retain(|name| *name != shopper);
        push_newest(&mut self.denied, shopper);
    }

    fn name(&mut self, shopper: ShopperId) {
        if self.shopper() != Some(shopper) {
            push_newest(&mut self.names, shopper);
        }
    }
}

/// Puts a name last; of too many, the oldest is forgotten.
fn push_newest(names: &mut Vec<ShopperId>, newest: ShopperId) {
    names.retain(|name| *name != newest);
    if names.len() >= MAX_NAMES {
        names.remove(0);
    }
    names.push(newest);
}

pack_fields! {
    Identity { names, denied }
}

#[cfg(test)]
mod tests {
    use testkit::ids::nth;

    use super::*;

    #[test]
    fn the_last_name_counts_until_it_is_taken_back() {
        let mut identity = Identity::default();
        identity.link(nth(1));
        identity.carry(nth(2));
        assert_eq!(identity.shopper(), Some(nth(2)));

        identity.unlink(nth(2));
        assert_eq!(identity.shopper(), Some(nth(1)));

        identity.unlink(nth(1));
        assert_eq!(identity.shopper(), None);
    }

    #[test]
    fn a_name_that_was_taken_back_counts_again_only_by_a_new_link() {
        let mut identity = Identity::default();
        identity.carry(nth(1));
        identity.unlink(nth(1));

        identity.carry(nth(1));
        assert_eq!(identity.shopper(), None);

        identity.link(nth(1));
        assert_eq!(identity.shopper(), Some(nth(1)));
    }

    #[test]
    fn names_are_bounded_and_the_newest_are_kept() {
        let mut identity = Identity::default();
        for n in 1..100 {
            identity.link(nth(n));
        }
        for n in 200..300 {
            identity.unlink(nth(n));
        }

        assert_eq!(identity.names.len(), MAX_NAMES);
        assert_eq!(identity.denied.len(), MAX_NAMES);
        assert_eq!(identity.shopper(), Some(nth(99)));

        identity.carry(nth(299));
        assert_eq!(identity.shopper(), Some(nth(99)), "it was taken back last");
    }
}
