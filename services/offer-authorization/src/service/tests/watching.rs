//! Whoever watches approvals is told what waits, then what changes, of the own partner only, and on from any place.

use std::time::Duration;

use domain::id::{OfferId, TenantId};
use domain::remedy::RemedyKind;
use proto::error::v1::ErrorReason;
use storage::Database;
use testkit::builders::usd;
use testkit::on_each_engine;
use tokio::time::timeout;

use super::World;
use super::world::PATIENCE;
use crate::authority::{Grant, GrantorRole};
use crate::case::Case;
use crate::error::OfferError;
use crate::offer::{Offer, StateName};
use crate::samples::{ana, colleague, line, stranger};
use crate::service::{Actor, ApprovalNews, Viewer, Watching};
use crate::store::migrations;

const DEADLINE: Duration = Duration::from_secs(10);

/// What was told, in short.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Short {
    Waits(OfferId),
    Ended(OfferId, StateName),
    Whole,
}

fn supervisor(name: &str) -> Actor {
    Actor::Person(GrantorRole::Supervisor, colleague(name))
}

fn waits(offer: &Offer) -> Short {
    Short::Waits(offer.terms.id)
}

fn over(offer: &Offer, state: StateName) -> Short {
    Short::Ended(offer.terms.id, state)
}

async fn open(world: &World, after: Option<i64>) -> Result<Watching, OfferError> {
    let north = Viewer::Partner(ana().partner);
    let reader = (&world.tenant, "sol");
    world.service.watch_approvals(reader, north, after).await
}

/// All that there is to tell now.
async fn told(watching: &mut Watching) -> Vec<Short> {
    let mut all = Vec::new();
    loop {
        let news = watching.look().await.unwrap();
        if news.is_empty() {
            return all;
        }
        all.extend(news.into_iter().map(|(news, _)| match news {
            ApprovalNews::Pending(offer) => {
                assert_eq!(offer.state.name(), StateName::ApprovalPending);
                waits(&offer)
            }
            ApprovalNews::Ended(offer) => over(&offer, offer.state.name()),
            ApprovalNews::SnapshotComplete => Short::Whole,
        }));
    }
}

async fn approve(world: &World, name: &str, offer: &Offer) {
    let (key, id) = (world.key(), offer.terms.id);
    world
        .service
        .approve(key, supervisor(name), id)
        .await
        .unwrap();
}

async fn what_waits_comes_first_and_then_each_change(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let [first, second] = [world.pending(1, 2_000).await, world.pending(2, 2_000).await];
    // Nobody had to approve this one, and nobody was asked for that one.
    world.hold(3, 500).await;
    world.case(4).await;
    world.ask(4, 2_000).await;
    let mut watching = open(&world, None).await.unwrap();

    let mut snapshot = told(&mut watching).await;
    assert_eq!(
        snapshot.pop(),
        Some(Short::Whole),
        "the snapshot is whole at its end"
    );
    snapshot.sort();
    assert_eq!(snapshot, [waits(&first), waits(&second)]);

    approve(&world, "sol", &first).await;
    let denied = world
        .service
        .deny(world.key(), supervisor("sol"), second.terms.id);
    denied.await.unwrap();
    let third = world.pending(5, 2_000).await;
    world.hold(6, 500).await;
    let expected = [
        over(&first, StateName::Held),
        over(&second, StateName::Denied),
        waits(&third),
    ];
    assert_eq!(told(&mut watching).await, expected);

    world.pass(PATIENCE).await;
    let lapsed = told(&mut watching).await;
    assert!(
        lapsed.contains(&over(&third, StateName::Denied)),
        "{lapsed:?}"
    );
    assert_eq!(told(&mut watching).await, []);
}

async fn a_first_approval_is_told(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let agents = line(GrantorRole::Agent, RemedyKind::AmountOff, usd(10));
    let supervisors = line(GrantorRole::Supervisor, RemedyKind::AmountOff, usd(3_000));
    let two = Grant {
        second_approval_above: Some(usd(1_500)),
        ..supervisors
    };
    world.policy(vec![agents, two]).await;
    let offer = world.pending(1, 2_000).await;
    let mut watching = open(&world, None).await.unwrap();
    told(&mut watching).await;

    approve(&world, "eva", &offer).await;

    let news = watching.look().await.unwrap();
    let [(ApprovalNews::Pending(offer), Some(_))] = news.as_slice() else {
        panic!("{news:?}");
    };
    let first = offer.state.first_approved_by().unwrap();
    assert_eq!(first.to_string(), "north/eva");
}

async fn another_partner_is_told_nothing(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let ours = world.pending(1, 2_000).await;
    let south = Viewer::Partner(stranger().partner);
    let reader = (&world.tenant, "kim");
    let mut theirs = world
        .service
        .watch_approvals(reader, south, None)
        .await
        .unwrap();
    let reader = (&world.tenant, "ops");
    let all = world.service.watch_approvals(reader, Viewer::Tenant, None);
    let mut all = all.await.unwrap();
    let elsewhere = world.beside(TenantId::parse("other").unwrap());
    let mut other_tenant = open(&elsewhere, None).await.unwrap();

    assert_eq!(told(&mut theirs).await, [Short::Whole]);
    assert_eq!(told(&mut other_tenant).await, [Short::Whole]);
    assert_eq!(told(&mut all).await, [waits(&ours), Short::Whole]);
    let foreign = |case: &mut Case| case.agent = Some(stranger());
    world.case_of(2, foreign).await;
    approve(&world, "sol", &ours).await;

    assert_eq!(told(&mut theirs).await, []);
    assert_eq!(told(&mut other_tenant).await, []);
    assert_eq!(told(&mut all).await, [over(&ours, StateName::Held)]);
}

async fn a_reader_goes_on_from_where_it_was(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let first = world.pending(1, 2_000).await;
    let mut watching = open(&world, None).await.unwrap();
    told(&mut watching).await;
    let place = watching.place();
    drop(watching);

    approve(&world, "sol", &first).await;
    let second = world.pending(2, 2_000).await;
    let mut again = open(&world, place).await.unwrap();

    let expected = [over(&first, StateName::Held), waits(&second)];
    assert_eq!(told(&mut again).await, expected);
    let mut nothing_new = open(&world, again.place()).await.unwrap();
    assert_eq!(told(&mut nothing_new).await, []);
}

async fn each_change_says_how_to_go_on_after_it(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let mut watching = open(&world, None).await.unwrap();
    told(&mut watching).await;
    let offers = [world.pending(1, 2_000).await, world.pending(2, 2_000).await];

    let news = watching.look().await.unwrap();
    let mut after_first = open(&world, news[0].1).await.unwrap();

    assert_eq!(told(&mut after_first).await, [waits(&offers[1])]);
}

async fn a_place_that_is_none_is_refused(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    for place in [-1, 1_000, i64::MAX] {
        match open(&world, Some(place)).await {
            Err(OfferError::Invalid(fault)) => {
                assert_eq!(fault.reason, ErrorReason::ResumeTokenInvalid);
            }
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("{place} is a place"),
        }
    }
}

async fn a_long_snapshot_comes_in_pages(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    world.case(1).await;
    let mut all = Vec::new();
    for _ in 0..210 {
        all.push(waits(&world.pending_again(1, 2_000).await));
    }
    let mut watching = open(&world, None).await.unwrap();

    let mut snapshot = told(&mut watching).await;

    assert_eq!(snapshot.pop(), Some(Short::Whole));
    snapshot.sort();
    all.sort();
    assert_eq!(snapshot, all);
}

async fn what_others_did_stirs_whoever_waits(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let mut watching = open(&world, None).await.unwrap();
    told(&mut watching).await;
    world.service.stir_watchers().await.unwrap();
    timeout(DEADLINE, watching.wait()).await.unwrap();
    let replica = world.beside(world.tenant.clone());

    let offer = replica.pending(1, 2_000).await;
    world.service.stir_watchers().await.unwrap();

    timeout(DEADLINE, watching.wait()).await.unwrap();
    assert_eq!(told(&mut watching).await, [waits(&offer)]);
}

on_each_engine!(
    [
        what_waits_comes_first_and_then_each_change,
        a_first_approval_is_told,
        another_partner_is_told_nothing,
        a_reader_goes_on_from_where_it_was,
        each_change_says_how_to_go_on_after_it,
        a_place_that_is_none_is_refused,
        a_long_snapshot_comes_in_pages,
        what_others_did_stirs_whoever_waits,
    ],
    migrations()
);
