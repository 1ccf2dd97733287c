//! What acknowledgements say, held against what is known of the batches that they are for. Pure.

use serde::Serialize;

/// What was told of the events of a lane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    /// Events that are acknowledged; each counts once.
    pub(crate) acknowledged: u64,
    /// Of these, sent again because the stream was cut before the answer came.
    pub(crate) sent_again: u64,
    /// Of those, found to be kept already.
    pub(crate) found_kept: u64,
    /// Sent again although they were acknowledged.
    pub(crate) repeated: u64,
    /// Acknowledged, and accepted when they came again: the first time came to nothing.
    pub(crate) lost: u64,
    /// Never sent before, and taken for events that were there.
    pub(crate) mistaken: u64,
    pub(crate) refused: u64,
    /// In an acknowledged batch, and neither accepted nor refused nor there before; or more of them than were sent.
    pub(crate) unaccounted: u64,
}

/// Events of the batches that one acknowledgement makes durable.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sent {
    /// For the first time.
    pub(super) new: u64,
    /// Again, as nobody knows what became of them.
    pub(super) doubtful: u64,
    /// Again, though acknowledged.
    pub(super) kept: u64,
}

/// What the server said of them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Said {
    pub(super) accepted: u64,
    pub(super) duplicates: u64,
    pub(super) refused: u64,
}

impl Tally {
    pub(super) fn note(&mut self, sent: Sent, said: Said) {
        let Sent {
            new,
            doubtful,
            kept,
        } = sent;
        let Said {
            accepted,
            duplicates,
            refused,
        } = said;
        self.acknowledged += new + doubtful;
        self.sent_again += doubtful;
        self.repeated += kept;
        self.lost += accepted.saturating_sub(new + doubtful);
        self.mistaken += new.saturating_sub(accepted + refused);
        let of_doubtful = (accepted + refused).saturating_sub(new);
        self.found_kept += doubtful.saturating_sub(of_doubtful);
        self.refused += refused;
        let told = accepted + duplicates + refused;
        self.unaccounted += told.abs_diff(new + doubtful + kept);
    }

    /// Adds what another lane was told.
    pub(crate) fn add(&mut self, other: Self) {
        let Self {
            acknowledged,
            sent_again,
            found_kept,
            repeated,
            lost,
            mistaken,
            refused,
            unaccounted,
        } = other;
        self.acknowledged += acknowledged;
        self.sent_again += sent_again;
        self.found_kept += found_kept;
        self.repeated += repeated;
        self.lost += lost;
        self.mistaken += mistaken;
        self.refused += refused;
        self.unaccounted += unaccounted;
    }

    /// Events with which something is wrong.
    pub(crate) fn wrong(&self) -> u64 {
        self.lost + self.mistaken + self.refused + self.unaccounted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sent: [u64; 3], said: [u64; 3]) -> Tally {
        let [new, doubtful, kept] = sent;
        let [accepted, duplicates, refused] = said;
        let mut tally = Tally::default();
        let sent = Sent {
            new,
            doubtful,
            kept,
        };
        let said = Said {
            accepted,
            duplicates,
            refused,
        };
        tally.note(sent, said);
        tally
    }

    #[test]
    fn what_is_doubtful_may_have_been_kept_or_not() {
        for (accepted, duplicates) in [(10, 10), (15, 5), (20, 0)] {
            let tally = told([10, 10, 0], [accepted, duplicates, 0]);

            assert_eq!(tally.wrong(), 0, "{tally:?}");
            assert_eq!(tally.found_kept, duplicates);
            assert_eq!(tally.acknowledged, 20);
        }
    }

    #[test]
    fn an_acknowledged_event_that_is_accepted_again_was_lost() {
        let tally = told([10, 0, 5], [11, 4, 0]);

        assert_eq!((tally.lost, tally.wrong()), (1, 1));
    }

    #[test]
    fn a_new_event_that_is_a_duplicate_was_mistaken_for_another() {
        let tally = told([10, 0, 0], [9, 1, 0]);

        assert_eq!((tally.mistaken, tally.wrong()), (1, 1));
    }

    #[test]
    fn an_event_of_which_nothing_is_said_is_missed() {
        assert_eq!(told([10, 0, 0], [10, 1, 0]).unaccounted, 1);
        assert_eq!(told([10, 0, 5], [10, 4, 0]).unaccounted, 1);
        assert_eq!(told([10, 0, 0], [9, 0, 1]).refused, 1);
    }
}
