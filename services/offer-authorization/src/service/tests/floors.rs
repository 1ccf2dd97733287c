//! Margin floors by category and by remedy: set, met by offers on carts of mixed lines, told, and taken away.

use domain::cart::Category;
use domain::id::TenantId;
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use platform::paging::PageRequest;
use storage::Database;
use testkit::builders::{a_cart, bps, usd};
use testkit::on_each_engine;

use super::World;
use super::world::{granted, pending, refusal};
use crate::authority::GrantorRole;
use crate::case::Case;
use crate::floors::{FloorLimit, FloorOf, FloorScope, FloorSetting};
use crate::programme::Programme;
use crate::samples::{ana, colleague, line, programme};
use crate::service::{Actor, Approval, CheckAuthority, Grantors, Viewer};
use crate::store::migrations;

fn scope(category: Option<&str>, remedy: Option<RemedyKind>) -> FloorScope {
    FloorScope {
        category: category.map(|name| Category::parse(name).unwrap()),
        remedy,
    }
}

async fn set(world: &World, scope: FloorScope, least: Option<u32>) {
    let setting = FloorSetting {
        scope,
        least: least.map(bps),
    };
    let set = world.service.set_margin_floor(world.key(), setting.clone());
    assert_eq!(set.await.unwrap(), setting);
}

/// Shoes of USD 100.00 with USD 50.00 margin, and a phone of USD 100.00 with USD 6.00.
fn shoes_and_phone(case: &mut Case) {
    case.cart = a_cart()
        .with_line("shoe", 1, 10_000)
        .with_margin(5_000)
        .with_category("Shoes")
        .with_line("phone", 1, 10_000)
        .with_margin(600)
        .with_category("Phones")
        .build();
}

fn phones(most: i64) -> FloorLimit {
    FloorLimit {
        of: FloorOf::Category(Category::parse("Phones").unwrap()),
        least: bps(400),
        most: usd(most),
    }
}

async fn each_category_of_a_cart_keeps_its_floor(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    world.case_of(1, shoes_and_phone).await;
    set(&world, scope(Some("Phones"), None), Some(400)).await;

    // The phone bears half of x: 6 - x/2 >= 4 % of (100 - x/2) up to x = 4.1666...
    let refused = refusal(world.ask(1, 417).await);

    assert_eq!(refused.reasons, [OfferRefusal::MarginFloor]);
    assert_eq!(refused.most, Some(usd(416)));
    assert_eq!(refused.broken_floors, [phones(416)]);
    granted(world.ask(1, 400).await);
    let refused = refusal(world.ask(1, 17).await);
    assert_eq!(
        refused.reasons,
        [OfferRefusal::MarginFloor],
        "with what was granted before"
    );
    world.prove().await;
}

async fn a_floor_of_another_shop_or_remedy_is_none(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let other = world.beside(TenantId::parse("elsewhere").unwrap());
    set(&other, scope(Some("Phones"), None), Some(10_000)).await;
    set(
        &world,
        scope(Some("Phones"), Some(RemedyKind::Perk)),
        Some(10_000),
    )
    .await;
    world.case_of(1, shoes_and_phone).await;

    granted(world.ask(1, 1_000).await);
}

async fn a_floor_counts_until_it_is_taken_away(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    world.case_of(1, shoes_and_phone).await;
    set(&world, scope(Some("Phones"), None), Some(400)).await;
    assert_eq!(world.refused(1, 1_000).await, [OfferRefusal::MarginFloor]);

    set(&world, scope(Some("Phones"), None), None).await;
    set(&world, scope(Some("Phones"), None), None).await;

    granted(world.ask(1, 1_000).await);
}

async fn lines_of_unknown_category_keep_the_floor_of_the_shop(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    world.case(1).await;
    set(&world, scope(None, None), Some(5_000)).await;
    set(&world, scope(Some("Shoes"), None), Some(0)).await;

    // 100 - x >= 50 % of (200 - x) for no x but nothing.
    let refused = refusal(world.ask(1, 1).await);

    assert_eq!(refused.reasons, [OfferRefusal::MarginFloor]);
    assert_eq!(
        (refused.most, &refused.broken_floors[0].of),
        (None, &FloorOf::OtherArticles)
    );
}

async fn a_programme_and_a_category_are_both_told(database: Database) {
    let floored = Programme {
        margin_floor: bps(2_700),
        ..programme()
    };
    let world = World::with(database, floored, usd(100_000)).await;
    world.case_of(1, shoes_and_phone).await;
    set(&world, scope(Some("Phones"), None), Some(400)).await;

    let refused = refusal(world.ask(1, 1_000).await);

    // Of the whole cart: 56 - x >= 27 % of (200 - x) up to x = 2.7397...
    let of_programme = FloorLimit {
        of: FloorOf::Programme(programme().id),
        least: bps(2_700),
        most: usd(273),
    };
    assert_eq!(refused.broken_floors, [of_programme, phones(416)]);
    assert_eq!(refused.most, Some(usd(273)));
}

async fn an_unknown_margin_is_refused_whatever_the_floors(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    set(&world, scope(Some("Shoes"), None), Some(0)).await;
    world
        .case_of(1, |case| {
            case.cart = a_cart()
                .with_line("shoe", 1, 10_000)
                .with_category("Shoes")
                .with_line("phone", 1, 10_000)
                .without_margin()
                .build();
        })
        .await;

    assert_eq!(world.refused(1, 1).await, [OfferRefusal::MarginUnknown]);
}

async fn what_may_be_granted_is_told_by_the_same_floors(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let case = world.case_of(1, shoes_and_phone).await;
    let check = || CheckAuthority {
        grantors: Grantors::Caller(GrantorRole::Agent, ana()),
        cause: case.cause,
        cart: case.cart.clone(),
        ladder: vec![RemedyKind::AmountOff],
        person: None,
        session: None,
        channel: None,
    };
    set(&world, scope(Some("Phones"), None), Some(400)).await;
    let report = world.service.check(&world.tenant, &Viewer::Tenant, check());
    let report = report.await.unwrap();
    let most = report.remedies[0].money.as_ref().map(|(most, _)| *most);
    assert_eq!(most, Some(usd(416)));

    set(
        &world,
        scope(Some("Phones"), Some(RemedyKind::AmountOff)),
        Some(601),
    )
    .await;
    let report = world.service.check(&world.tenant, &Viewer::Tenant, check());
    let refused = &report.await.unwrap().refused[0];
    assert_eq!(refused.reasons, [OfferRefusal::MarginFloor]);
    let floor = &refused.broken_floors[0];
    assert_eq!((floor.least, floor.most), (bps(601), usd(0)));
}

async fn a_floor_counts_at_the_approval_too(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    world
        .policy(vec![
            line(GrantorRole::Agent, RemedyKind::AmountOff, usd(100)),
            line(GrantorRole::Supervisor, RemedyKind::AmountOff, usd(3_000)),
        ])
        .await;
    world.case_of(1, shoes_and_phone).await;
    let offer = pending(world.ask(1, 1_000).await);
    let agent = Actor::Person(GrantorRole::Agent, ana());
    let asked = world
        .service
        .request_approval(world.key(), agent, offer.terms.id);
    asked.await.unwrap();
    set(&world, scope(Some("Phones"), None), Some(400)).await;

    let supervisor = Actor::Person(GrantorRole::Supervisor, colleague("sol"));
    let approved = world
        .service
        .approve(world.key(), supervisor, offer.terms.id);

    let Approval::Refused(refused) = approved.await.unwrap() else {
        panic!("approved below the floor");
    };
    assert_eq!(refused.broken_floors, [phones(416)]);
}

async fn floors_are_listed_in_pages(database: Database) {
    let world = World::bare(database);
    let scopes = [
        scope(None, None),
        scope(None, Some(RemedyKind::AmountOff)),
        scope(Some("Bolsos y más"), None),
        scope(Some("Bolsos y más"), Some(RemedyKind::Perk)),
        scope(Some("Shoes"), None),
    ];
    for (scope, least) in scopes.iter().rev().zip(0..) {
        set(&world, scope.clone(), Some(least)).await;
    }
    set(&world, scopes[0].clone(), Some(9_999)).await;

    let mut listed = Vec::new();
    let mut token = String::new();
    loop {
        let page = PageRequest::parse(2, &token).unwrap();
        let page = world.service.list_margin_floors(&world.tenant, &page);
        let page = page.await.unwrap();
        listed.extend(page.items);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }

    let found: Vec<_> = listed.iter().map(|floor| floor.scope.clone()).collect();
    assert_eq!(found, scopes);
    let least: Vec<u32> = listed.iter().map(|floor| floor.least.get()).collect();
    assert_eq!(least, [9_999, 3, 2, 1, 0]);
}

on_each_engine!(
    [
        each_category_of_a_cart_keeps_its_floor,
        a_floor_of_another_shop_or_remedy_is_none,
        a_floor_counts_until_it_is_taken_away,
        lines_of_unknown_category_keep_the_floor_of_the_shop,
        a_programme_and_a_category_are_both_told,
        an_unknown_margin_is_refused_whatever_the_floors,
        what_may_be_granted_is_told_by_the_same_floors,
        a_floor_counts_at_the_approval_too,
        floors_are_listed_in_pages,
    ],
    migrations()
);
