//! Relays come and go while writers commit and roll back: relayed + expired = committed, and order holds.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use messaging::{DeliveryError, Message, outbox};
use platform::clock::{Clock, SystemClock};
use storage::{Database, StoreError};
use testkit::scratch;

use crate::support::{Running, Scripted, drained, message, stats};

const WRITERS: u128 = 4;
const WRITES: u128 = 100;

/// What one writer committed: what is to be delivered, and how many were stale from the start.
#[derive(Default)]
struct Committed {
    fresh: BTreeSet<u128>,
    stale: u64,
}

/// Each writer has keys of its own and numbers that grow, so that the order within a key is known.
async fn write(database: Database, writer: u128) -> Committed {
    let mut committed = Committed::default();
    for turn in 0..WRITES {
        let number = writer * 10_000 + turn;
        let (stale, rolled_back) = (turn % 10 == 3, turn % 7 == 5);
        let work = database.write(move |tx| {
            async move {
                let now = SystemClock.now();
                let message = Message {
                    expires_at: stale.then_some(now),
                    ..message(number, &format!("{writer}-{}", turn % 3))
                };
                outbox::enqueue(tx, &[message], now).await?;
                let pause = Duration::from_micros(rand::random_range(0..3_000));
                tokio::time::sleep(pause).await;
                if rolled_back {
                    return Err(StoreError::Closed);
                }
                Ok(())
            }
            .boxed()
        });
        match (work.await, stale) {
            (Ok(()), true) => committed.stale += 1,
            (Ok(()), false) => {
                committed.fresh.insert(number);
            }
            (Err(_), _) => assert!(rolled_back),
        }
    }
    committed
}

/// Fails now and then, in each way that is tried again.
fn flaky() -> Arc<Scripted> {
    Scripted::slowly(|_| {
        let dice = rand::random_range(0..100);
        async move {
            tokio::time::sleep(Duration::from_micros(dice * 20)).await;
            match dice {
                0 => Err(DeliveryError::Unavailable("Unavailable".to_owned())),
                1 | 2 => Err(DeliveryError::Busy("Aborted".to_owned())),
                3 => Err(DeliveryError::Failed("Internal".to_owned())),
                _ => Ok(()),
            }
        }
        .boxed()
    })
}

async fn all_that_is_committed_is_relayed_or_expired(stores: Vec<Database>) {
    let transport = flaky();
    let writers = (0..WRITERS).map(|writer| {
        let index = usize::try_from(writer).unwrap() % stores.len();
        tokio::spawn(write(stores[index].clone(), writer))
    });
    let writers = futures::future::join_all(writers);
    let restarts = async {
        loop {
            let relays: Vec<_> = stores
                .iter()
                .map(|store| Running::start(store, &transport))
                .collect();
            let pause = Duration::from_millis(rand::random_range(5..60));
            tokio::time::sleep(pause).await;
            for relay in relays {
                relay.stop().await;
            }
        }
    };
    let committed = tokio::select! {
        committed = writers => committed,
        () = restarts => unreachable!("it never ends"),
    };
    let relays: Vec<_> = stores
        .iter()
        .map(|store| Running::start(store, &transport))
        .collect();
    drained(&stores[0]).await;
    for relay in relays {
        relay.stop().await;
    }

    let mut fresh = BTreeSet::new();
    let mut stale = 0;
    for committed in committed {
        let mut committed = committed.unwrap();
        fresh.append(&mut committed.fresh);
        stale += committed.stale;
    }
    assert_eq!(
        transport.arrived().into_iter().collect::<BTreeSet<_>>(),
        fresh
    );
    assert_eq!(stats(&stores[0]).await.expired, stale);
    assert_eq!(stats(&stores[0]).await.parked, 0);
    for (key, arrived) in transport.arrived_by_key() {
        assert!(arrived.is_sorted(), "{key}: {arrived:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    let scratch = scratch::sqlite();
    let store = scratch.migrated(messaging::migrations()).await;
    all_that_is_committed_is_relayed_or_expired(vec![store]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_on_postgres() {
    if let Some(scratch) = scratch::postgres().await {
        let first = scratch.migrated(messaging::migrations()).await;
        let replicas = vec![first, scratch.open().await];
        all_that_is_committed_is_relayed_or_expired(replicas).await;
    }
}
