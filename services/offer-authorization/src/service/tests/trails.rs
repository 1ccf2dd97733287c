//! The audit trail: everything that happens is in it, and whatever is done to it is found.

use std::time::Duration;

use domain::id::TenantId;
use domain::text::Text;
use sea_orm::ConnectionTrait;
use storage::Database;
use testkit::builders::{bps, usd};
use testkit::on_each_engine;

use super::World;
use super::world::pending;
use crate::audit::Entry;
use crate::authority::{Standing, Tier};
use crate::floors::{FloorScope, FloorSetting};
use crate::inspection::Inspector;
use crate::programme::{Programme, ProgrammeState};
use crate::samples::{ana, colleague, programme};
use crate::service::{Actor, ReversalReason, ReverseRedemption};
use crate::store::standings::KnownPerson;
use crate::store::{audit, migrations};

/// One of everything that is noted.
pub(super) async fn a_full_day(world: &World) {
    let held = world.hold(1, 900).await;
    let redeemed = world.redeem(&held).await.unwrap();
    let part = ReverseRedemption {
        redemption: redeemed.redemption,
        amount: Some(usd(100)),
        reason: ReversalReason::Return,
    };
    world.service.reverse(world.key(), part).await.unwrap();
    let released = world.hold(2, 300).await;
    let agent = Actor::Person(crate::authority::GrantorRole::Agent, ana());
    let release = world
        .service
        .release(world.key(), agent.clone(), released.terms.id);
    release.await.unwrap();
    world.hold(3, 200).await;
    world.refused(3, 9_999_999).await;
    world.case(4).await;
    let waiting = pending(world.ask(4, 2_000).await);
    let asked = world
        .service
        .request_approval(world.key(), agent, waiting.terms.id);
    asked.await.unwrap();
    let supervisor = Actor::Person(crate::authority::GrantorRole::Supervisor, colleague("sol"));
    let denied = world
        .service
        .deny(world.key(), supervisor, waiting.terms.id);
    denied.await.unwrap();
    change_the_rules(world).await;
    world.pass(Duration::from_mins(16)).await;
}

async fn change_the_rules(world: &World) {
    world.set_purse(None, 50_000).await;
    let team_leader = KnownPerson {
        who: ana(),
        standing: Standing {
            tier: Some(Tier::parse("team_leader").unwrap()),
            certificates: Vec::new(),
        },
    };
    world
        .service
        .set_standing(world.key(), team_leader)
        .await
        .unwrap();
    let floor = FloorSetting {
        scope: FloorScope {
            category: Some(Text::parse("Shoes").unwrap()),
            remedy: None,
        },
        least: Some(bps(100)),
    };
    world
        .service
        .set_margin_floor(world.key(), floor)
        .await
        .unwrap();
    let id = programme().id;
    world
        .service
        .top_up(world.key(), id.clone(), usd(1))
        .await
        .unwrap();
    let freeze = world
        .service
        .set_programme_state(world.key(), id, ProgrammeState::Frozen);
    freeze.await.unwrap();
}

async fn everything_that_happens_is_noted(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    a_full_day(&world).await;

    let entries = trail(&world).await;

    let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    let expected = [
        "programme_created",
        "policy_created",
        "policy_activated",
        "granted",
        "redeemed",
        "reversed",
        "granted",
        "released",
        "granted",
        "refused",
        "needs_approval",
        "approval_requested",
        "denied",
        "purse_set",
        "standing_set",
        "margin_floor_set",
        "budget_topped_up",
        "programme_state_set",
        "expired",
    ];
    assert_eq!(kinds, expected);
    assert!(
        entries[3].body.contains("\"line-1\""),
        "{}",
        entries[3].body
    );
    assert_sound(&world).await;
}

async fn a_refused_write_leaves_no_trace(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let held = world.hold(1, 900).await;
    world.redeem(&held).await.unwrap();
    let before = trail(&world).await.len();

    world.redeem(&held).await.unwrap_err();
    let again = world
        .service
        .create_programme(world.key(), programme(), usd(1));
    again.await.unwrap_err();

    assert_eq!(trail(&world).await.len(), before);
}

async fn trails_of_tenants_are_apart(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let other = world.beside(TenantId::parse("other").unwrap());
    let theirs = Programme {
        margin_floor: bps(1),
        ..programme()
    };
    other.open(theirs, usd(1_000)).await;
    world.hold(1, 900).await;
    other.hold(1, 100).await;

    assert_eq!(trail(&world).await.len(), 4);
    assert_eq!(trail(&other).await.len(), 4);
    assert_sound(&world).await;
    assert_sound(&other).await;
}

/// Every way to tamper with what is stored.
async fn whatever_is_done_to_the_rows_is_found(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    a_full_day(&world).await;
    let changes = [
        "UPDATE audit_entries SET kind = 'refused' WHERE number = 4",
        "UPDATE audit_entries SET subject = 'off_else' WHERE number = 5",
        "UPDATE audit_entries SET body = REPLACE(body, '900', '901') WHERE number = 4",
        "UPDATE audit_entries SET at_ms = at_ms + 1 WHERE number = 9",
        "UPDATE audit_entries SET by_client = 'somebody' WHERE number = 1",
        "UPDATE audit_entries SET by_client = NULL WHERE number = 1",
        "UPDATE audit_entries SET previous = hash WHERE number = 7",
        "UPDATE audit_entries SET hash = previous WHERE number = 7",
        "UPDATE audit_entries SET number = 99 WHERE number = 7",
        "DELETE FROM audit_entries WHERE number = 1",
        "DELETE FROM audit_entries WHERE number = 10",
        "DELETE FROM audit_entries WHERE number >= 15",
        "DELETE FROM audit_entries",
        "UPDATE audit_heads SET number = 3",
        "DELETE FROM audit_heads",
        // Two entries change places, with all that they say.
        "UPDATE audit_entries SET number = CASE number WHEN 4 THEN -9 WHEN 9 THEN -4 ELSE number END;
         UPDATE audit_entries SET number = -number WHERE number < 0",
    ];
    let whole = trail(&world).await;
    let head = audit::head(world.database().read(), &world.tenant)
        .await
        .unwrap();
    for change in changes {
        run(&world, change).await;
        assert!(!faults(&world).await.is_empty(), "not found: {change}");
        run(&world, "DELETE FROM audit_entries").await;
        run(&world, "DELETE FROM audit_heads").await;
        restore(&world, &whole, &head).await;
        assert_sound(&world).await;
    }
}

async fn a_tail_that_was_cut_with_its_head_is_found_by_the_signature(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    a_full_day(&world).await;
    world.service.sign_all_trails().await;
    assert_sound(&world).await;

    run(&world, "DELETE FROM audit_entries WHERE number > 10").await;
    run(
        &world,
        "UPDATE audit_heads SET number = 10, hash = (SELECT hash FROM audit_entries WHERE number = 10)",
    )
    .await;

    let found = faults(&world).await;
    assert_eq!(found, ["the trail ends at entry 10, and must at entry 19"]);
}

async fn an_export_is_proven_by_itself(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    a_full_day(&world).await;
    let inspector = inspector(&world);
    let mut export = Vec::new();
    let entries = inspector.export(&world.tenant, &mut export).await.unwrap();
    assert_eq!(entries, 19);
    let text = String::from_utf8(export).unwrap();
    let verify = |text: &str| inspector.verify_export(text.as_bytes());

    let sound = verify(&text).unwrap();
    assert_eq!((sound.entries, sound.faults), (19, Vec::new()));
    let lines: Vec<&str> = text.lines().collect();
    let without = |place: usize| {
        let mut lines = lines.clone();
        lines.remove(place);
        lines.join("\n")
    };
    for (what, forged) in [
        ("flipped", text.replacen("900", "901", 1)),
        ("removed", without(5)),
        ("cut", without(lines.len() - 2)),
        ("unsigned", without(lines.len() - 1)),
        (
            "of another tenant",
            text.replacen(world.tenant.as_str(), "other", 1),
        ),
    ] {
        let found = verify(&forged).unwrap();
        assert!(!found.faults.is_empty(), "{what}");
    }
    let mut longer = text.clone();
    longer.push_str(lines[1]);
    assert!(verify(&longer).is_err());
}

/// What is in a trail, by its kinds.
pub(super) async fn kinds(world: &World) -> Vec<String> {
    let entries = trail(world).await.into_iter();
    entries.map(|entry| entry.kind).collect()
}

pub(super) async fn trail(world: &World) -> Vec<Entry> {
    let mut entries = Vec::new();
    let read = audit::follow(world.database().read(), &world.tenant, 0, |entry| {
        entries.push(entry);
        Ok::<(), storage::StoreError>(())
    });
    read.await.unwrap();
    entries
}

pub(super) fn inspector(world: &World) -> Inspector {
    Inspector::of(world.database().clone(), world.checkpoints().clone()).unwrap()
}

pub(super) async fn faults(world: &World) -> Vec<String> {
    inspector(world).verify(&world.tenant).await.unwrap().faults
}

pub(super) async fn assert_sound(world: &World) {
    assert_eq!(faults(world).await, Vec::<String>::new());
}

pub(super) async fn run(world: &World, sql: &str) {
    let sql = sql.to_owned();
    let changed: Result<(), storage::StoreError> = world
        .database()
        .write(move |tx| {
            let sql = sql.clone();
            Box::pin(async move {
                tx.execute_unprepared(&sql).await?;
                Ok(())
            })
        })
        .await;
    changed.unwrap();
}

/// Writes a trail as it was.
async fn restore(world: &World, entries: &[Entry], head: &crate::audit::Head) {
    let (tenant, entries) = (world.tenant.clone(), entries.to_vec());
    let written: Result<(), storage::StoreError> = world
        .database()
        .write(move |tx| {
            let (tenant, entries) = (tenant.clone(), entries.clone());
            Box::pin(async move {
                let entries = entries.into_iter().map(|entry| (tenant.clone(), entry));
                audit::insert(tx, entries.collect()).await
            })
        })
        .await;
    written.unwrap();
    let crate::audit::Head { number, hash } = head;
    let tenant = &world.tenant;
    let sql = format!(
        "INSERT INTO audit_heads (tenant, number, hash) VALUES ('{tenant}', {number}, '{hash}')"
    );
    run(world, &sql).await;
}

on_each_engine!(
    [
        everything_that_happens_is_noted,
        a_refused_write_leaves_no_trace,
        trails_of_tenants_are_apart,
        whatever_is_done_to_the_rows_is_found,
        a_tail_that_was_cut_with_its_head_is_found_by_the_signature,
        an_export_is_proven_by_itself,
    ],
    migrations()
);
