//! Which version decides, from when on, and on which replica: in the order of activating, whatever the clocks say.

use std::time::Duration;

use domain::remedy::RemedyKind;
use domain::time::{Timestamp, later};
use platform::paging::PageRequest;
use storage::Database;
use testkit::builders::usd;
use testkit::on_each_engine;

use super::World;
use super::trails::run;
use super::world::granted;
use crate::authority::GrantorRole;
use crate::error::OfferError;
use crate::samples::line;
use crate::service::{Activation, Authorization, NewPolicy};
use crate::store::migrations;

const HOUR: Duration = Duration::from_hours(1);

/// A version by which agents take up to so much off, which decides nothing yet.
async fn version(world: &World, most: i64) -> u32 {
    let policy = NewPolicy {
        purpose: "a test".parse().unwrap(),
        grants: vec![line(GrantorRole::Agent, RemedyKind::AmountOff, usd(most))],
        cedar: String::new(),
    };
    let stored = world.service.create_policy(world.key(), policy).await;
    stored.unwrap().policy.version
}

/// All versions, the newest first: whether each decides, and from when on it will.
async fn listed(world: &World) -> Vec<(u32, bool, Option<Timestamp>)> {
    let page = PageRequest::first();
    let listed = world.service.list_policies(&world.tenant, &page).await;
    let items = listed.unwrap().items.into_iter();
    items
        .map(|item| (item.policy.version, item.active, item.scheduled_at))
        .collect()
}

async fn activate_at(world: &World, version: u32, at: Timestamp) -> (bool, Option<Timestamp>) {
    let at = Some(at);
    let activation = Activation { version, at };
    let done = world.service.activate_policy(world.key(), activation).await;
    let done = done.unwrap();
    (done.active, done.scheduled_at)
}

/// The clock of one replica is half a second ahead. What was activated there is taken back on the other.
async fn a_roll_back_counts_whatever_the_clocks_of_replicas_say(database: Database) {
    let ahead = World::with_budget(database, 100_000).await;
    let behind = ahead.beside(ahead.tenant.clone());
    let generous = version(&ahead, 5_000).await;
    ahead.clock.advance(Duration::from_millis(500));
    ahead.activate(generous).await;
    assert!(listed(&behind).await[0].1, "decides at once, everywhere");

    behind.activate(1).await;

    for replica in [&ahead, &behind] {
        let active: Vec<u32> = listed(replica)
            .await
            .iter()
            .filter(|it| it.1)
            .map(|it| it.0)
            .collect();
        assert_eq!(active, [1]);
    }
    ahead.clock.advance(HOUR);
    assert!(!listed(&ahead).await[0].1);
    ahead.case(1).await;
    assert!(!matches!(
        ahead.ask(1, 4_000).await,
        Authorization::Granted(_)
    ));
}

async fn what_is_activated_later_takes_the_place_of_what_was_scheduled(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let [second, third] = [version(&world, 200).await, version(&world, 300).await];
    let soon = later(world.now(), HOUR);

    assert_eq!(activate_at(&world, second, soon).await, (false, Some(soon)));
    assert_eq!(activate_at(&world, third, soon).await, (false, Some(soon)));
    assert_eq!(
        activate_at(&world, 1, later(soon, HOUR)).await,
        (true, Some(later(soon, HOUR)))
    );

    let expected = [
        (third, false, Some(soon)),
        (second, false, None),
        (1, true, Some(later(soon, HOUR))),
        (0, false, None),
    ];
    assert_eq!(listed(&world).await, expected);
}

async fn a_version_that_cannot_be_read_is_not_activated(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let broken = version(&world, 200).await;
    run(
        &world,
        &format!("UPDATE policies SET cedar = 'of tomorrow' WHERE version = {broken}"),
    )
    .await;

    let activation = Activation {
        version: broken,
        at: None,
    };
    let refused = world.service.activate_policy(world.key(), activation).await;

    assert!(
        matches!(refused, Err(OfferError::PolicyBroken(_))),
        "{refused:?}"
    );
    world.case(1).await;
    granted(world.ask(1, 900).await);
}

/// The release before this one knows `active_policies` only.
async fn the_release_before_and_this_one_activate_for_each_other(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let second = version(&world, 200).await;
    world.activate(second).await;
    let sees = format!("UPDATE active_policies SET version = 1 WHERE version = {second}");
    run(&world, &sees).await;
    assert!(
        listed(&world).await[0].1,
        "told to the release before, at the same instant"
    );

    run(
        &world,
        "UPDATE active_policies SET activated_at = activated_at + 1",
    )
    .await;

    let active: Vec<u32> = listed(&world)
        .await
        .iter()
        .filter(|it| it.1)
        .map(|it| it.0)
        .collect();
    assert_eq!(active, [1]);
    world.clock.advance(Duration::from_millis(2));
    world.activate(second).await;
    assert!(listed(&world).await[0].1);
}

async fn an_offer_names_the_version_that_granted_it(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let offer = world.hold(1, 900).await;
    let hold = offer.state.hold().unwrap();

    assert_eq!(hold.policy_version, Some(1));
    let read = world.service.get_offer(
        &world.tenant,
        &crate::service::Viewer::Tenant,
        offer.terms.id,
    );
    assert_eq!(read.await.unwrap(), offer);
}

on_each_engine!(
    [
        a_roll_back_counts_whatever_the_clocks_of_replicas_say,
        what_is_activated_later_takes_the_place_of_what_was_scheduled,
        a_version_that_cannot_be_read_is_not_activated,
        the_release_before_and_this_one_activate_for_each_other,
        an_offer_names_the_version_that_granted_it,
    ],
    migrations()
);
