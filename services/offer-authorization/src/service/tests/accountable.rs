//! The audit trail as evidence: who did it, what exactly was granted, and nothing signed that was not proven.

use std::io::Write;

use serde_json::Value;
use storage::Database;
use testkit::on_each_engine;

use super::World;
use super::trails::{a_full_day, assert_sound, faults, inspector, run, trail};
use crate::inspection::InspectionError;
use crate::store::migrations;

/// The fake keys of requests name this client.
const CLIENT: &str = "tester";

async fn every_entry_says_who_did_it(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    a_full_day(&world).await;

    for entry in trail(&world).await {
        let by = entry.by.as_deref();
        // Time is nobody.
        let expected = (entry.kind != "expired").then_some(CLIENT);
        assert_eq!(by, expected, "{}", entry.kind);
    }
}

async fn the_entry_of_a_grant_holds_the_whole_offer(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let offer = world.hold(1, 900).await;

    let granted = trail(&world).await.pop().unwrap();

    assert_eq!(granted.kind, "granted");
    let body: Value = serde_json::from_str(&granted.body).unwrap();
    assert_eq!(body["offer"], serde_json::to_value(&offer).unwrap());
    assert_eq!(body["decision"]["outcome"], "granted");
}

async fn only_what_was_proven_is_signed(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    world.hold(1, 900).await;
    world.service.sign_all_trails().await;
    let signed = || world.checkpoints().kept().unwrap().checkpoints.len();
    assert_eq!(signed(), 1);

    world.hold(2, 900).await;
    run(
        &world,
        "UPDATE audit_entries SET body = REPLACE(body, '900', '901') WHERE number = 5",
    )
    .await;
    world.hold(3, 900).await;
    world.service.sign_all_trails().await;

    assert_eq!(signed(), 1, "a changed entry is not signed");
    let unsound = world.service.prove_trails().await.unwrap();
    assert_eq!(unsound, std::slice::from_ref(&world.tenant));
}

async fn a_trail_that_has_shrunk_is_not_signed_again(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    world.hold(1, 900).await;
    world.service.sign_all_trails().await;
    run(&world, "DELETE FROM audit_entries WHERE number > 2").await;
    run(
        &world,
        "UPDATE audit_heads SET number = 2, hash = (SELECT hash FROM audit_entries WHERE number = 2)",
    )
    .await;

    world.service.sign_all_trails().await;
    world.hold(2, 900).await;
    world.hold(3, 900).await;
    world.hold(4, 900).await;
    world.service.sign_all_trails().await;

    assert_eq!(world.checkpoints().kept().unwrap().checkpoints.len(), 1);
    assert!(!faults(&world).await.is_empty());
}

async fn a_checkpoint_that_nobody_signed_is_told(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    world.service.sign_all_trails().await;
    assert_sound(&world).await;
    let path = world.checkpoint_file();
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .unwrap();
    file.write_all(b"nobody's\n").unwrap();

    let name = path.file_name().unwrap().display();
    let told = format!("line 2 of `{name}` is not signed by a key of ours");
    assert_eq!(faults(&world).await, [told]);
    let export = inspector(&world)
        .export(&world.tenant, &mut Vec::new())
        .await;
    assert!(
        matches!(export, Err(InspectionError::Unsound(_))),
        "{export:?}"
    );
}

async fn an_export_of_what_was_changed_has_no_signature(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    world.hold(1, 900).await;
    run(
        &world,
        "UPDATE audit_entries SET subject = 'off_else' WHERE number = 4",
    )
    .await;
    let mut written = Vec::new();

    let export = inspector(&world).export(&world.tenant, &mut written).await;

    assert!(
        matches!(export, Err(InspectionError::Unsound(_))),
        "{export:?}"
    );
    let found = inspector(&world).verify_export(written.as_slice()).unwrap();
    assert!(!found.faults.is_empty());
}

async fn a_trail_is_proven_while_it_grows(database: Database) {
    let world = World::with_budget(database, 1_000_000).await;
    let inspector = inspector(&world);
    let writes = async {
        for number in 1..40 {
            world.hold(number, 1).await;
        }
    };
    let proofs = async {
        for _ in 0..40 {
            assert_eq!(
                inspector.verify(&world.tenant).await.unwrap().faults,
                Vec::<String>::new()
            );
            let mut export = Vec::new();
            inspector.export(&world.tenant, &mut export).await.unwrap();
            let found = inspector.verify_export(export.as_slice()).unwrap();
            assert_eq!(found.faults, Vec::<String>::new());
        }
    };

    futures::join!(writes, proofs);
}

/// An entry beyond the end is no part of the trail, though it follows the last one.
async fn an_entry_beyond_the_end_is_found(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let head = "UPDATE audit_heads SET number = 2, hash = (SELECT hash FROM audit_entries WHERE number = 2)";
    run(&world, head).await;

    assert_eq!(
        faults(&world).await,
        ["the trail ends at entry 3, and must at entry 2"]
    );
}

on_each_engine!(
    [
        every_entry_says_who_did_it,
        the_entry_of_a_grant_holds_the_whole_offer,
        only_what_was_proven_is_signed,
        a_trail_that_has_shrunk_is_not_signed_again,
        a_checkpoint_that_nobody_signed_is_told,
        an_export_of_what_was_changed_has_no_signature,
        a_trail_is_proven_while_it_grows,
        an_entry_beyond_the_end_is_found,
    ],
    migrations()
);
