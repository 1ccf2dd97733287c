//! Which moves each state of a task allows.

use std::time::Duration;

use domain::id::{AgentId, PartnerId};
use domain::time::{earlier, later};
use testkit::builders::{a_cart, a_moment, an_assessment};
use testkit::clock::start;
use testkit::ids::nth;

use super::*;
use crate::decide::tests::a_play;
use crate::intervention::State;
use crate::store::tests::an_intervention;

/// The `n`th task, which waits a minute for somebody in the queue `checkout`.
pub(crate) fn a_task(n: u64) -> Task {
    let brief = Brief::of(
        &a_play("cost-shock", 500),
        &a_moment().build(),
        &an_assessment().build(),
    );
    let intervention = an_intervention(n, State::Accepted);
    let queue = QueueId::parse("checkout").unwrap();
    Task::queued(nth(n), &intervention, queue, brief, a_minute())
}

pub(crate) fn a_minute() -> Wait {
    Wait {
        since: start(),
        until: after(60),
    }
}

pub(crate) fn after(seconds: u64) -> Timestamp {
    later(start(), Duration::from_secs(seconds))
}

pub(crate) fn agent_of(partner: &str, agent: &str) -> AssignedAgent {
    AssignedAgent {
        partner: PartnerId::parse(partner).unwrap(),
        agent: AgentId::parse(agent).unwrap(),
    }
}

fn in_state(state: TaskState) -> Task {
    let waiting = a_task(1);
    let agent = match state {
        TaskState::Pending | TaskState::Cancelled => None,
        TaskState::Reserved | TaskState::Assigned | TaskState::Wrapping | TaskState::Completed => {
            Some(agent_of("north", "ana"))
        }
    };
    Task {
        state,
        agent,
        ..waiting
    }
}

/// Name of a move, the move, the states that allow it, and where it leads.
type Move = (
    &'static str,
    fn(Task) -> Result<Task, Refused>,
    &'static [TaskState],
    TaskState,
);

fn all_moves() -> [Move; 8] {
    use TaskState as To;
    const ASSIGNED: &[To] = &[To::Assigned];
    let reserve: fn(Task) -> _ = |it| it.reserved(agent_of("north", "ana"), after(1));
    let transfer: fn(Task) -> _ = |it| {
        let queue = it.queue.clone();
        it.transferred(queue, a_minute())
    };
    [
        ("reserved", reserve, &[To::Pending], To::Reserved),
        (
            "returned",
            |it| it.returned(after(1)),
            &[To::Reserved],
            To::Pending,
        ),
        (
            "assigned",
            |it| it.assigned(a_minute()),
            &[To::Reserved],
            To::Assigned,
        ),
        (
            "started",
            |it| it.started(a_minute()),
            ASSIGNED,
            To::Assigned,
        ),
        ("transferred", transfer, ASSIGNED, To::Pending),
        (
            "wrapping",
            |it| it.wrapping(after(1)),
            ASSIGNED,
            To::Wrapping,
        ),
        (
            "completed",
            |it| it.completed(after(1)),
            &[To::Wrapping],
            To::Completed,
        ),
        (
            "cancelled",
            |it| it.cancelled(after(1)),
            &TaskState::UNASSIGNED,
            To::Cancelled,
        ),
    ]
}

#[test]
fn each_state_allows_its_moves_and_no_other() {
    for (name, make, allowed, to) in all_moves() {
        for from in TaskState::ALL {
            let reached = make(in_state(*from)).map(|it| it.state);
            let expected = allowed.contains(from).then_some(to);
            assert_eq!(reached.ok(), expected, "{name} from {from}");
        }
    }
}

#[test]
fn a_task_that_has_expired_is_offered_to_nobody() {
    let late = a_task(1).reserved(agent_of("north", "ana"), after(60));

    assert_eq!(late, Err(Refused::because("the task has expired")));
}

#[test]
fn a_conversation_starts_once() {
    let started = in_state(TaskState::Assigned).started(a_minute()).unwrap();

    assert_eq!(started.started_at, Some(start()));
    assert!(started.started(a_minute()).is_err());
}

#[test]
fn a_transferred_task_waits_anew_for_whoever_serves_the_queue() {
    let started = in_state(TaskState::Assigned).started(a_minute()).unwrap();
    let wait = Wait {
        since: after(30),
        until: after(90),
    };

    let waiting = started
        .transferred(QueueId::parse("orders").unwrap(), wait)
        .unwrap();

    assert_eq!(waiting.queue.as_str(), "orders");
    assert_eq!((waiting.agent, waiting.started_at), (None, None));
    assert_eq!(waiting.expires_at, after(90));
}

#[test]
fn only_a_newer_cart_is_taken_over() {
    let task = a_task(1);
    let decided_on = task.brief.cart.version();
    let newer = a_cart().with_version(decided_on + 2).build();
    let older = a_cart().with_version(decided_on + 1).build();

    let task = task.with_cart(&newer).with_cart(&older);

    assert_eq!(task.newest_cart(), &newer);
    assert_eq!(task.brief.cart.version(), decided_on);
}

#[test]
fn the_time_of_a_task_never_goes_back() {
    let reserved = a_task(1)
        .reserved(
            agent_of("north", "ana"),
            earlier(start(), Duration::from_secs(5)),
        )
        .unwrap();

    assert_eq!(reserved.updated_at, start());
}
