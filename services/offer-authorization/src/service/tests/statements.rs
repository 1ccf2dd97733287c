//! Statements: from one period to the next, the same by whoever's account, and true to entries and counters.

use std::time::Duration;

use domain::money::Money;
use domain::time::{Timestamp, later};
use platform::paging::PageRequest;
use storage::Database;
use testkit::builders::usd;
use testkit::on_each_engine;

use super::World;
use crate::authority::GrantorRole;
use crate::ledger::EntryKind;
use crate::samples::ana;
use crate::service::{Actor, ReversalReason, ReverseRedemption};
use crate::statement::{Account, BudgetLine, Grouping, Line, StatementQuery};
use crate::store::ledger::EntryFilter;
use crate::store::migrations;

const HOUR: Duration = Duration::from_hours(1);

/// In the first hour 900 and 300 are held, and 900 redeemed; in the second 300 run out, 500 are held and released, and 100 of
/// the redemption come back. Answers the start.
async fn two_hours(world: &World) -> Timestamp {
    let start = world.now();
    let first = world.hold(1, 900).await;
    world.hold(2, 300).await;
    let redeemed = world.redeem(&first).await.unwrap();
    world.clock.advance(HOUR);
    world.service.expire_due().await.unwrap();
    let third = world.hold(3, 500).await;
    let agent = Actor::Person(GrantorRole::Agent, ana());
    let released = world.service.release(world.key(), agent, third.terms.id);
    released.await.unwrap();
    let part = ReverseRedemption {
        redemption: redeemed.redemption,
        amount: Some(usd(100)),
        reason: ReversalReason::Return,
    };
    world.service.reverse(world.key(), part).await.unwrap();
    start
}

async fn lines(world: &World, from: Timestamp, until: Timestamp, grouping: Grouping) -> Vec<Line> {
    let query = StatementQuery {
        from,
        until,
        grouping,
        programme: None,
        partner: None,
    };
    let statement = world.service.statement(&world.tenant, &query).await;
    statement.unwrap().lines
}

async fn one_period_leads_to_the_next(database: Database) {
    let world = World::with_budget(database, 10_000).await;
    let start = two_hours(&world).await;
    let (noon, end) = (later(start, HOUR), later(start, 2 * HOUR));

    for grouping in Grouping::ALL {
        let [first] = lines(&world, start, noon, *grouping)
            .await
            .try_into()
            .unwrap();
        let [second] = lines(&world, noon, end, *grouping)
            .await
            .try_into()
            .unwrap();

        assert_eq!((first.opening, first.holds), (usd(0), usd(1_200)));
        assert_eq!((first.redemptions, first.closing), (usd(900), usd(1_200)));
        assert_eq!(first.closing_held, usd(300));
        assert_eq!(second.opening, first.closing, "{grouping}");
        assert_eq!((second.holds, second.releases), (usd(500), usd(500)));
        assert_eq!((second.expiries, second.reversals), (usd(300), usd(100)));
        assert_eq!((second.closing, second.closing_held), (usd(800), usd(0)));
        assert_eq!((first.entries, second.entries), (entries_of(*grouping), 4));
    }
    let (held, redeemed) = world.money().await;
    assert_eq!(
        (held, redeemed),
        (0, 800),
        "the closing is what the counters say"
    );
}

/// The programme has its first budget too.
fn entries_of(grouping: Grouping) -> u64 {
    match grouping {
        Grouping::Programme => 4,
        Grouping::Partner | Grouping::Agent => 3,
    }
}

async fn a_programme_shows_its_budget(database: Database) {
    let world = World::with_budget(database, 10_000).await;
    let start = two_hours(&world).await;
    let top_up = world
        .service
        .top_up(world.key(), crate::samples::programme().id, usd(50));
    top_up.await.unwrap();
    let (noon, end) = (later(start, HOUR), later(start, 2 * HOUR));

    let first = lines(&world, start, noon, Grouping::Programme).await;
    let second = lines(&world, noon, end, Grouping::Programme).await;

    let budget = |closing, top_ups| {
        Some(BudgetLine {
            closing: usd(closing),
            top_ups: usd(top_ups),
            lapses: usd(0),
            carried: usd(0),
        })
    };
    assert_eq!(first[0].budget, budget(10_000, 10_000));
    assert_eq!(second[0].budget, budget(10_050, 50));
    assert_eq!(
        second[0].account,
        Account::Programme(crate::samples::programme().id)
    );
}

async fn the_entries_behind_each_figure_are_listed(database: Database) {
    let world = World::with_budget(database, 10_000).await;
    let start = two_hours(&world).await;
    let noon = later(start, HOUR);
    let end = later(start, 2 * HOUR);
    let [line] = lines(&world, noon, end, Grouping::Agent)
        .await
        .try_into()
        .unwrap();

    for (kind, figure) in [
        (EntryKind::Hold, line.holds),
        (EntryKind::Release, line.releases),
        (EntryKind::Expire, line.expiries),
        (EntryKind::Redeem, line.redemptions),
        (EntryKind::Reverse, line.reversals),
    ] {
        let filter = EntryFilter {
            partner: Some(ana().partner),
            agent: Some(ana().agent),
            kind: Some(kind),
            from: Some(noon),
            until: Some(end),
            ..EntryFilter::default()
        };
        let page = PageRequest::first();
        let listed = world
            .service
            .list_entries(&world.tenant, &filter, &page)
            .await;
        let amounts = listed.unwrap().items.into_iter().map(|entry| entry.amount);
        let sum = Money::total(figure.currency(), amounts).unwrap();
        assert_eq!(sum, figure, "{kind}");
    }
    let stranger = EntryFilter {
        partner: Some("nort_".parse().unwrap()),
        ..EntryFilter::default()
    };
    let page = PageRequest::first();
    let none = world
        .service
        .list_entries(&world.tenant, &stranger, &page)
        .await;
    assert!(
        none.unwrap().items.is_empty(),
        "an underscore is no wildcard"
    );
}

on_each_engine!(
    [
        one_period_leads_to_the_next,
        a_programme_shows_its_budget,
        the_entries_behind_each_figure_are_listed,
    ],
    migrations()
);
