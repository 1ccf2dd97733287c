//! Which moves each state of a reservation allows, and when.

use domain::time::later;
use std::time::Duration;

use testkit::clock::start;
use testkit::ids::nth;

use super::*;
use crate::task::tests::{a_task, after, agent_of};

/// The `n`th reservation, of the `n`th task for `north`'s `ana`, for 20 seconds and one unit.
pub(crate) fn a_reservation(n: u64) -> Reservation {
    Reservation::offered(nth(n), &a_task(n), agent_of("north", "ana"), a_hold(20))
}

pub(crate) fn a_hold(seconds: u64) -> Hold {
    Hold {
        units: 1,
        since: start(),
        until: later(start(), Duration::from_secs(seconds)),
    }
}

fn in_state(state: ReservationState) -> Reservation {
    Reservation {
        state,
        ..a_reservation(1)
    }
}

fn declined() -> Declined {
    Declined {
        reason: None,
        used_units: 1,
    }
}

/// Name of a move, the move, the states that allow it, and where it leads.
type Move = (
    &'static str,
    fn(Reservation) -> Result<Reservation, Refused>,
    &'static [ReservationState],
    ReservationState,
);

fn all_moves() -> [Move; 7] {
    use ReservationState as To;
    const PENDING: &[To] = &[To::Pending];
    [
        (
            "accepted",
            |it| it.accepted(after(1)),
            PENDING,
            To::Accepted,
        ),
        (
            "rejected",
            |it| it.rejected(declined(), after(1)),
            PENDING,
            To::Rejected,
        ),
        (
            "timed_out",
            |it| it.timed_out(after(20)),
            PENDING,
            To::TimedOut,
        ),
        (
            "rescinded",
            |it| it.rescinded(after(1)),
            &[To::Pending, To::Accepted],
            To::Rescinded,
        ),
        (
            "cancelled",
            |it| it.cancelled(after(1)),
            PENDING,
            To::Cancelled,
        ),
        (
            "wrapping",
            |it| it.wrapping(after(1)),
            &[To::Accepted],
            To::Wrapping,
        ),
        (
            "completed",
            |it| it.completed(after(1)),
            &[To::Accepted, To::Wrapping],
            To::Completed,
        ),
    ]
}

#[test]
fn each_state_allows_its_moves_and_no_other() {
    for (name, make, allowed, to) in all_moves() {
        for from in ReservationState::ALL {
            let reached = make(in_state(*from)).map(|it| it.state);
            let expected = allowed.contains(from).then_some(to);
            assert_eq!(reached.ok(), expected, "{name} from {from}");
        }
    }
}

#[test]
fn the_deadline_parts_answers_from_time_outs() {
    let last = later(start(), Duration::from_millis(19_999));

    assert!(a_reservation(1).accepted(last).is_ok());
    assert!(a_reservation(1).timed_out(last).is_err());
    assert_eq!(
        a_reservation(1).accepted(after(20)),
        Err(Refused::because("the reservation timed out"))
    );
    assert!(a_reservation(1).rejected(declined(), after(20)).is_err());
    assert!(a_reservation(1).timed_out(after(20)).is_ok());
}

#[test]
fn nobody_is_asked_for_longer_than_the_task_lives() {
    let task = a_task(1);

    let asked = Reservation::offered(nth(1), &task, agent_of("north", "ana"), a_hold(600));

    assert_eq!(asked.expires_at, task.expires_at);
}
