//! Authority policies: tried out on what was decided, activated, and taken back.

use std::time::Duration;

use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use domain::time::later;
use platform::paging::PageRequest;
use storage::Database;
use testkit::builders::usd;
use testkit::on_each_engine;

use super::World;
use super::world::granted;
use crate::authority::GrantorRole;
use crate::decision::Period;
use crate::error::OfferError;
use crate::samples::line;
use crate::service::{Activation, NewPolicy};
use crate::store::migrations;

async fn a_policy_is_tried_out_on_stored_decisions(database: Database) {
    let world = World::with_budget(database, 1_500).await;
    let held = world.hold(1, 900).await;
    world.case(2).await;
    world.ask(2, 2_000).await;
    world.ask(2, 800).await;
    let policy = NewPolicy {
        purpose: "less for agents".parse().unwrap(),
        grants: vec![line(GrantorRole::Agent, RemedyKind::AmountOff, usd(850))],
        cedar: String::new(),
    };
    let stored = world
        .service
        .create_policy(world.key(), policy)
        .await
        .unwrap();
    let version = stored.policy.version;

    let stricter = world
        .service
        .dry_run(&world.tenant, version, Period::default())
        .await
        .unwrap();
    assert_eq!(stricter.decisions, 3);
    assert_eq!(stricter.newly_refused.amounts, [usd(900)]);
    let [example] = stricter.newly_refused.examples.as_slice() else {
        panic!("one decision would have been another: {stricter:?}");
    };
    assert_eq!(example.stored.offer, Some(held.terms.id));
    assert_eq!(example.reasons, [OfferRefusal::AboveAuthority]);
    assert_eq!(
        stricter.newly_granted.count, 0,
        "the budget, not the policy, refused the third"
    );
    let later = Period {
        from: Some(later(world.now(), Duration::from_secs(1))),
        until: None,
    };
    let none = world
        .service
        .dry_run(&world.tenant, version, later)
        .await
        .unwrap();
    assert_eq!(none.decisions, 0);
}

async fn versions_are_listed_and_activated_back(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    world
        .policy(vec![line(GrantorRole::Agent, RemedyKind::Perk, usd(1))])
        .await;
    world.case(1).await;
    assert_eq!(
        world.refused(1, 100).await,
        [OfferRefusal::RemedyNotAllowed]
    );

    let mut listed = Vec::new();
    let mut page = PageRequest::parse(2, "").unwrap();
    loop {
        let found = world
            .service
            .list_policies(&world.tenant, &page)
            .await
            .unwrap();
        listed.extend(
            found
                .items
                .iter()
                .map(|item| (item.policy.version, item.active)),
        );
        if found.next_page_token.is_empty() {
            break;
        }
        page = PageRequest::parse(2, &found.next_page_token).unwrap();
    }
    assert_eq!(listed, [(2, true), (1, false), (0, false)]);

    world.activate(0).await;
    let nine = Activation {
        version: 9,
        at: None,
    };
    assert!(matches!(
        world.service.activate_policy(world.key(), nine).await,
        Err(OfferError::PolicyUnknown)
    ));
    granted(world.ask(1, 100).await);
}

on_each_engine!(
    [
        a_policy_is_tried_out_on_stored_decisions,
        versions_are_listed_and_activated_back,
    ],
    migrations()
);
