//! Many at once: of those who want one thing, one gets it.

use std::collections::BTreeSet;
use std::time::Duration;

use proto::error::v1::ErrorReason;
use proto::fact::v1::fact::Body;
use proto::fact::v1::{Fact, ReservationEnding};
use proto::routing::v1 as pb;
use proto::routing::v1::InterventionState;
use proto::routing::v1::open_desk_request::Message as Said;
use testkit::grpc::assert_refused;
use testkit::scratch::Engine;
use tonic::{Code, Status};

use crate::desks::{OpenDesk, accepting, presence};
use crate::storefronts::{accepting as accepting_invitation, invite, invite_and_accept};
use crate::world::{Desk, World, moment_of, request_id};

fn won<T>(answers: &[Result<T, Status>]) -> usize {
    answers.iter().filter(|answer| answer.is_ok()).count()
}

/// How many facts tell that a reservation was accepted. A fact that is told twice has one id.
fn accepted(world: &World) -> usize {
    let is_accepted = |fact: &Fact| match &fact.body {
        Some(Body::ReservationEnded(ended)) => ended.ending() == ReservationEnding::Accepted,
        _ => false,
    };
    let facts = world.told().facts();
    let accepted = facts.into_iter().filter(is_accepted);
    accepted
        .map(|fact| fact.fact_id)
        .collect::<BTreeSet<_>>()
        .len()
}

/// Sends a request until it is known what became of it. The same request is safe to send again.
async fn settled<T>(mut send: impl AsyncFnMut() -> Result<T, Status>) -> Result<T, Status> {
    loop {
        match send().await {
            Err(busy)
                if matches!(
                    busy.code(),
                    Code::Unavailable | Code::DeadlineExceeded | Code::Aborted
                ) => {}
            known => return known,
        }
    }
}

async fn accept(
    mut desk: Desk,
    request: pb::AcceptReservationRequest,
) -> Result<pb::AcceptReservationResponse, Status> {
    let answer = settled(async || desk.accept_reservation(request.clone()).await);
    Ok(answer.await?.into_inner())
}

async fn of_fifty_agents_who_want_one_reservation_its_own_gets_it(engine: Engine) {
    // The race is among the transactions, not for admission.
    let Some(mut world) = World::on(engine, |config| config.server.concurrency_limit = 200).await
    else {
        return;
    };
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let _invited = invite_and_accept(&world, 1).await;
    let reservation = ana.reservation().await;
    let agents = (0..49)
        .map(|n| format!("agent-{n}"))
        .chain(["ana".to_owned()]);

    let answers = futures::future::join_all(agents.map(|agent| {
        accept(
            world.desk_of(&agent),
            accepting(&reservation.reservation_id),
        )
    }))
    .await;

    assert_eq!(won(&answers), 1);
    assert!(answers[49].is_ok());
    for refused in answers[..49]
        .iter()
        .map(|answer| answer.as_ref().unwrap_err())
    {
        assert_refused(refused, Code::NotFound, ErrorReason::NotFound, None);
    }
    world.stop().await;
}

async fn of_twenty_acceptances_of_one_reservation_one_counts(engine: Engine) {
    let Some(mut world) = World::on(engine, |_| {}).await else {
        return;
    };
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let _invited = invite_and_accept(&world, 1).await;
    let reservation = ana.reservation().await;

    let answers = futures::future::join_all(
        (0..20).map(|_| accept(world.desk_of("ana"), accepting(&reservation.reservation_id))),
    )
    .await;

    assert_eq!(won(&answers), 1);
    world.told().some_facts(5).await;
    assert_eq!(accepted(&world), 1);
    world.stop().await;
}

async fn one_acceptance_sent_twenty_times_has_one_effect_and_one_answer(engine: Engine) {
    let Some(mut world) = World::on(engine, |_| {}).await else {
        return;
    };
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let _invited = invite_and_accept(&world, 1).await;
    let reservation = ana.reservation().await;
    let request = accepting(&reservation.reservation_id);

    let accept_again = |_| accept(world.desk_of("ana"), request.clone());
    let answers = futures::future::join_all((0..20).map(accept_again)).await;

    let bodies: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    world.restart().await;
    let mut ana = world.desk_of("ana");
    let replayed = ana.accept_reservation(request.clone()).await.unwrap();
    assert_eq!(replayed.into_inner(), bodies[0]);
    let changed = pb::AcceptReservationRequest {
        reservation_id: testkit::ids::nth::<domain::id::ReservationId>(1).to_string(),
        ..request
    };
    let reused = ana.accept_reservation(changed).await.unwrap_err();
    let reason = ErrorReason::RequestIdReused;
    assert_refused(&reused, Code::InvalidArgument, reason, Some("request_id"));
    // The assignment, the showing, the yes, the reservation and its acceptance.
    world.told().some_facts(5).await;
    assert_eq!(accepted(&world), 1);
    world.stop().await;
}

async fn an_invitation_accepted_by_many_tabs_makes_one_task(engine: Engine) {
    let Some(mut world) = World::on(engine, |_| {}).await else {
        return;
    };
    let mut ana = OpenDesk::open(&world, "ana", 9).await;
    let moment = moment_of(1).build();
    let invited = invite(&world, &moment).await;

    let answers = futures::future::join_all((0..10).map(|_| {
        let mut page = world.shopper_in(moment.session);
        let request = accepting_invitation(&invited.invitation.invitation_id);
        async move { settled(async || page.accept_invitation(request.clone()).await).await }
    }))
    .await;

    assert_eq!(won(&answers), 1);
    ana.reservation().await;
    ana.be(presence(9)).await;
    assert_eq!(ana.acknowledged().await.used_capacity, 1);
    world.stop().await;
}

async fn a_contact_is_either_taken_or_cancelled(engine: Engine) {
    let Some(mut world) = World::on(engine, |_| {}).await else {
        return;
    };
    let mut ana = OpenDesk::open(&world, "ana", 20).await;
    for n in 1..=20 {
        let invited = invite_and_accept(&world, n).await;
        let reservation = ana.reservation().await;
        let mut operator = world.interventions();
        let cancel = pb::CancelInterventionRequest {
            request_id: request_id(),
            intervention_id: invited.intervention.clone(),
        };

        let taken = accept(world.desk_of("ana"), accepting(&reservation.reservation_id));
        let cancelled = settled(async || operator.cancel_intervention(cancel.clone()).await);
        let (taken, cancelled) = futures::join!(taken, cancelled);

        let state = world.intervention(&invited.intervention).await.state();
        let expected = if taken.is_ok() {
            InterventionState::Accepted
        } else {
            ana.rescinded().await;
            InterventionState::Cancelled
        };
        assert_eq!(state, expected);
        assert_ne!(taken.is_ok(), cancelled.is_ok());
    }
    world.stop().await;
}

async fn an_answer_at_the_deadline_counts_or_does_not_but_never_both(engine: Engine) {
    let Some(mut world) = World::on(engine, |config| {
        config.desks.silent_after_ms = 600_000;
        config.desks.begin_within_ms = 600_000;
    })
    .await
    else {
        return;
    };
    let mut ana = OpenDesk::open(&world, "ana", 20).await;
    for n in 1..=10 {
        let _invited = invite_and_accept(&world, n).await;
        let reservation = ana.reservation().await;
        let request = accepting(&reservation.reservation_id);

        let (taken, ()) = futures::join!(accept(world.desk_of("ana"), request), async {
            // A little later each time, so that either may be first.
            for _ in 0..n * 20 {
                tokio::task::yield_now().await;
            }
            world.pass(Duration::from_secs(20));
        });

        if taken.is_err() {
            assert_eq!(
                ana.rescinded().await.reservation_id,
                reservation.reservation_id
            );
            // Three of them in a row would end the work.
            ana.be(presence(20)).await;
            ana.acknowledged().await;
        }
        let mine = ana.tasks().await;
        let held = mine
            .iter()
            .any(|task| Some(&task.task_id) == reservation.task.as_ref().map(|task| &task.task_id));
        assert_eq!(held, taken.is_ok());
    }
    world.stop().await;
}

async fn many_tasks_go_to_many_agents_once_each_and_to_nobody_beyond_capacity(engine: Engine) {
    let Some(mut world) = World::on(engine, |_| {}).await else {
        return;
    };
    let mut desks = Vec::new();
    for n in 0..5 {
        desks.push(OpenDesk::open(&world, &format!("agent-{n}"), 2).await);
    }
    let mut invited = Vec::new();
    for n in 1..=10 {
        invited.push(invite(&world, &moment_of(n).build()).await);
    }
    futures::future::join_all(invited.iter_mut().map(|it| {
        let invitation = it.invitation.clone();
        async move { it.page.accept(&invitation).await.unwrap() }
    }))
    .await;

    let mut tasks = BTreeSet::new();
    for desk in &mut desks {
        for _ in 0..2 {
            let reservation = desk.reservation().await;
            let held = desk.accept(&reservation).await.unwrap();
            tasks.insert(held.task.unwrap().task_id);
        }
        desk.be(presence(2)).await;
        assert_eq!(desk.acknowledged().await.used_capacity, 2);
    }
    assert_eq!(tasks.len(), 10);
    world.stop().await;
}

async fn an_agent_has_two_desks_and_no_third(engine: Engine) {
    let Some(mut world) = World::on(engine, |_| {}).await else {
        return;
    };
    let mut first = OpenDesk::open(&world, "ana", 1).await;
    let mut second = OpenDesk::open(&world, "ana", 1).await;
    // The first hears of the presence that the second brought.
    first.acknowledged().await;

    let third = OpenDesk::try_open(world.desk_of("ana"), Said::Presence(presence(1))).await;

    let refused = third.err().unwrap();
    let quota = ErrorReason::QuotaExceeded;
    assert_refused(&refused, Code::ResourceExhausted, quota, None);
    let _invited = invite_and_accept(&world, 1).await;
    let at_first = first.reservation().await;
    let at_second = second.reservation().await;
    assert_eq!(at_first, at_second);
    second.accept(&at_second).await.unwrap();
    world.stop().await;
}

/// Each race is run on each engine: what one serialises by a lock of the file, the other has to by rows.
macro_rules! on_each_engine {
    ($( $race:ident ),+ $(,)?) => { $(
        mod $race {
            use testkit::scratch::Engine;

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$race(Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                super::$race(Engine::Postgres).await;
            }
        }
    )+ };
}

on_each_engine!(
    of_fifty_agents_who_want_one_reservation_its_own_gets_it,
    of_twenty_acceptances_of_one_reservation_one_counts,
    one_acceptance_sent_twenty_times_has_one_effect_and_one_answer,
    an_invitation_accepted_by_many_tabs_makes_one_task,
    a_contact_is_either_taken_or_cancelled,
    an_answer_at_the_deadline_counts_or_does_not_but_never_both,
    many_tasks_go_to_many_agents_once_each_and_to_nobody_beyond_capacity,
    an_agent_has_two_desks_and_no_third,
);
