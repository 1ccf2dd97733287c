//! What is committed arrives, soon and in order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::time::earlier;
use futures::FutureExt;
use messaging::Message;
use messaging::outbox::{self, OutboxStats};
use platform::clock::{Clock, SystemClock};
use platform::telemetry::TraceContext;
use storage::{Database, StoreError};
use tokio::sync::Semaphore;

use crate::support::{
    Ahead, KPI, RISK, Running, Scripted, drained, eventually, message, send, stats,
};

async fn a_message_arrives_as_it_was_sent(database: Database) {
    let transport = Scripted::accepting();
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let sent = Message {
        trace: Some(TraceContext::parse(trace).unwrap()),
        ..message(7, "ses_1")
    };
    send(&database, vec![sent.clone()]).await;
    let relay = Running::start(&database, &transport);
    drained(&database).await;
    relay.stop().await;
    let tried = transport.tried();
    let [arrived] = tried.as_slice() else {
        panic!("one delivery, not {}", tried.len());
    };
    assert_eq!(arrived.message_id, sent.message_id);
    assert_eq!(arrived.tenant, sent.tenant);
    assert_eq!(
        (arrived.destination.as_str(), arrived.method.as_str()),
        (KPI, sent.method)
    );
    assert_eq!(arrived.payload, sent.payload);
    assert_eq!(arrived.trace, sent.trace);
    assert_eq!(arrived.attempt, 1);
}

async fn what_is_rolled_back_is_never_sent(database: Database) {
    let transport = Scripted::accepting();
    let relay = Running::start(&database, &transport);
    let rolled_back: Result<(), StoreError> = database
        .write(|tx| {
            async move {
                outbox::enqueue(tx, &[message(1, "k")], SystemClock.now()).await?;
                Err(StoreError::Closed)
            }
            .boxed()
        })
        .await;
    assert!(rolled_back.is_err());
    send(&database, vec![message(2, "k")]).await;
    drained(&database).await;
    relay.stop().await;
    assert_eq!(transport.arrived(), [2]);
}

async fn a_commit_wakes_the_relay(database: Database) {
    let transport = Scripted::accepting();
    let relay = Running::start(&database, &transport);
    let mut latencies = Vec::new();
    for number in 0..30 {
        send(&database, vec![message(number, &number.to_string())]).await;
        let committed = Instant::now();
        while transport.arrived().len() <= usize::try_from(number).unwrap() {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        latencies.push(committed.elapsed());
    }
    relay.stop().await;
    latencies.sort();
    // The poll alone would take 100 ms in the middle.
    assert!(latencies[15] < Duration::from_millis(50), "{latencies:?}");
}

async fn order_holds_within_a_key_and_keys_do_not_wait(database: Database) {
    let gate = Arc::new(Semaphore::new(0));
    let transport = Scripted::slowly({
        let gate = gate.clone();
        move |envelope| {
            let (gate, slow) = (gate.clone(), envelope.order_key == "slow");
            async move {
                if slow {
                    gate.acquire().await.unwrap().forget();
                }
                Ok(())
            }
            .boxed()
        }
    });
    let relay = Running::start(&database, &transport);
    for number in 0..40_u128 {
        let key = ["slow", "a", "b", "c"][usize::try_from(number % 4).unwrap()];
        send(&database, vec![message(number, key)]).await;
    }
    eventually(async || transport.arrived().len() == 30).await;
    assert_eq!(stats(&database).await.parked, 0);
    gate.add_permits(10);
    drained(&database).await;
    relay.stop().await;
    for (key, arrived) in transport.arrived_by_key() {
        assert_eq!(arrived.len(), 10, "{key}");
        assert!(arrived.is_sorted(), "{key}: {arrived:?}");
    }
}

async fn a_stale_message_is_recorded_and_not_delivered(database: Database) {
    let transport = Scripted::accepting();
    let now = SystemClock.now();
    let stale = Message {
        expires_at: Some(now),
        ..message(1, "k")
    };
    let fresh = Message {
        expires_at: Some(domain::time::later(now, Duration::from_mins(1))),
        ..message(2, "k")
    };
    send(&database, vec![stale, fresh]).await;
    let relay = Running::start(&database, &transport);
    drained(&database).await;
    relay.stop().await;
    assert_eq!(transport.arrived(), [2]);
    let expected = OutboxStats {
        expired: 1,
        ..OutboxStats::default()
    };
    assert_eq!(stats(&database).await, expected);
    let forgotten =
        outbox::forget_undelivered_before(&database, earlier(now, Duration::from_mins(1)));
    assert_eq!(forgotten.await.unwrap(), 0);
    let limit = domain::time::later(now, Duration::from_mins(1));
    let forgotten = outbox::forget_undelivered_before(&database, limit);
    assert_eq!(forgotten.await.unwrap(), 1);
}

async fn a_delivery_that_was_not_recorded_is_repeated(database: Database) {
    let delivered = Arc::new(Semaphore::new(0));
    let hanging = Scripted::slowly({
        let delivered = delivered.clone();
        move |_| {
            delivered.add_permits(1);
            std::future::pending().boxed()
        }
    });
    send(&database, vec![message(1, "k"), message(2, "k")]).await;
    let relay = Running::start(&database, &hanging);
    delivered.acquire().await.unwrap().forget();
    relay.kill().await;
    assert_eq!(stats(&database).await.pending, 2);

    // On PostgreSQL the claim of the dead relay has to run out first.
    let transport = Scripted::accepting();
    let clock = Arc::new(Ahead(Duration::from_secs(31)));
    let relay = Running::with_clock(&database, &transport, clock);
    drained(&database).await;
    relay.stop().await;
    assert_eq!(transport.arrived(), [1, 2]);
}

async fn the_gauges_tell_what_waits(database: Database) {
    let risk = Message {
        destination: RISK,
        ..message(2, "k")
    };
    send(&database, vec![message(1, "k"), risk]).await;
    let in_a_minute = domain::time::later(SystemClock.now(), Duration::from_mins(1));
    let stats = outbox::pending(&database, in_a_minute).await.unwrap();
    assert_eq!((stats.pending, stats.parked, stats.expired), (2, 0, 0));
    assert!(stats.oldest_age >= Duration::from_secs(59), "{stats:?}");
}

testkit::on_each_engine!(
    [
        a_message_arrives_as_it_was_sent,
        what_is_rolled_back_is_never_sent,
        a_commit_wakes_the_relay,
        order_holds_within_a_key_and_keys_do_not_wait,
        a_stale_message_is_recorded_and_not_delivered,
        a_delivery_that_was_not_recorded_is_repeated,
        the_gauges_tell_what_waits,
    ],
    messaging::migrations()
);
