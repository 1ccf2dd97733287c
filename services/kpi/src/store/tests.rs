//! The contract of the store, on both engines.

use std::time::Duration;

use domain::fact::{Fact, FactBody};
use domain::id::OrderId;
use domain::time::{earlier, later};
use storage::Database;
use testkit::builders::{a_fact, other_tenant, tenant, usd};
use testkit::clock::start;
use testkit::ids::nth;
use testkit::on_each_engine;

use super::*;
use crate::report::Window;

/// The nth fact; two of them share each second.
fn fact(n: u64) -> Fact {
    let body = if n.is_multiple_of(3) {
        FactBody::ShopperEngaged
    } else {
        let order = OrderId::parse(&format!("order-{n}")).unwrap();
        FactBody::OrderPlaced {
            order,
            value: usd(100),
            margin: None,
        }
    };
    a_fact(body)
        .with_id(nth(n))
        .with_occurred_at(later(start(), Duration::from_secs(n / 2)))
        .build()
}

fn facts(numbers: impl IntoIterator<Item = u64>) -> Vec<Fact> {
    numbers.into_iter().map(fact).collect()
}

async fn all(store: &Store, scan: &Scan) -> Vec<Fact> {
    let mut found: Vec<Fact> = Vec::new();
    loop {
        let page = store.page(&tenant(), scan, found.last()).await.unwrap();
        assert!(page.len() <= usize::try_from(scan.page_size).unwrap());
        if page.is_empty() {
            return found;
        }
        found.extend(page);
    }
}

fn scan(order: ScanOrder) -> Scan {
    Scan {
        window: None,
        kind: None,
        order,
        page_size: 7,
    }
}

async fn a_fact_is_stored_once(database: Database) {
    let store = Store::new(database);
    let now = start();

    assert_eq!(
        store
            .record(&tenant(), &facts(1..=1_000), now)
            .await
            .unwrap(),
        1_000
    );
    assert_eq!(
        store
            .record(&tenant(), &facts(901..=1_100), now)
            .await
            .unwrap(),
        100
    );
    assert_eq!(
        store
            .record(&tenant(), &facts([2_000, 2_000, 1]), now)
            .await
            .unwrap(),
        1
    );

    let found = all(
        &store,
        &Scan {
            page_size: 300,
            ..scan(ScanOrder::Time)
        },
    )
    .await;
    assert_eq!(found, facts((1..=1_100).chain([2_000])));
}

async fn overlapping_batches_at_once_count_each_fact_once(database: Database) {
    let store = Store::new(database);
    let batches = (0..8).map(|n| {
        let store = store.clone();
        let mut batch = facts(n * 10..n * 10 + 40);
        if n % 2 == 0 {
            batch.reverse();
        }
        tokio::spawn(async move { store.record(&tenant(), &batch, start()).await.unwrap() })
    });

    let counts = futures::future::join_all(batches.collect::<Vec<_>>()).await;

    let stored: u64 = counts.into_iter().map(Result::unwrap).sum();
    assert_eq!(stored, 110);
}

async fn both_orders_read_every_fact_once(database: Database) {
    let store = Store::new(database);
    let mut mixed = facts(1..=50);
    mixed.reverse();
    store.record(&tenant(), &mixed, start()).await.unwrap();

    let by_time = all(&store, &scan(ScanOrder::Time)).await;
    let mut backwards = all(&store, &scan(ScanOrder::TimeBackwards)).await;

    assert_eq!(by_time, facts(1..=50));
    backwards.reverse();
    assert_eq!(backwards, by_time);
}

async fn a_window_holds_its_start_and_not_its_end(database: Database) {
    let store = Store::new(database);
    store
        .record(&tenant(), &facts(1..=20), start())
        .await
        .unwrap();
    let window = Window {
        from: fact(4).occurred_at,
        until: fact(8).occurred_at,
    };

    let found = all(
        &store,
        &Scan {
            window: Some(window),
            ..scan(ScanOrder::Time)
        },
    )
    .await;

    assert_eq!(found, facts(4..8));
}

async fn one_kind_is_read_alone(database: Database) {
    let store = Store::new(database);
    store
        .record(&tenant(), &facts(1..=20), start())
        .await
        .unwrap();
    let kind = Some(FactKind::ShopperEngaged);

    let found = all(
        &store,
        &Scan {
            kind,
            ..scan(ScanOrder::Time)
        },
    )
    .await;

    assert_eq!(found, facts([3, 6, 9, 12, 15, 18]));
}

async fn tenants_never_meet(database: Database) {
    let store = Store::new(database);
    let theirs = Fact {
        occurred_at: earlier(start(), Duration::from_secs(1)),
        ..fact(1)
    };

    assert_eq!(
        store.record(&tenant(), &facts([1]), start()).await.unwrap(),
        1
    );
    assert_eq!(
        store
            .record(&other_tenant(), std::slice::from_ref(&theirs), start())
            .await
            .unwrap(),
        1
    );

    assert_eq!(all(&store, &scan(ScanOrder::Time)).await, facts([1]));
    let page = store
        .page(&other_tenant(), &scan(ScanOrder::Time), None)
        .await
        .unwrap();
    assert_eq!(page, [theirs]);
}

on_each_engine!(
    [
        a_fact_is_stored_once,
        overlapping_batches_at_once_count_each_fact_once,
        both_orders_read_every_fact_once,
        a_window_holds_its_start_and_not_its_end,
        one_kind_is_read_alone,
        tenants_never_meet,
    ],
    migrations()
);

#[test]
fn every_kind_has_a_word_of_its_own() {
    let words: std::collections::BTreeSet<_> =
        FactKind::ALL.iter().map(|kind| kind.as_str()).collect();

    assert_eq!(words.len(), FactKind::ALL.len());
}
