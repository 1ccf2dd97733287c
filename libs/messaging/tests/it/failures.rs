//! What a failing destination does to its own messages, and what it does not do to others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::FutureExt;
use messaging::{DeliveryError, Envelope, Message};
use storage::Database;

use crate::support::{KPI, RISK, Running, Scripted, drained, eventually, message, send, stats};

fn is(envelope: &Envelope, number: u128) -> bool {
    envelope.message_id.uuid().as_u128() == number
}

async fn poison_is_parked_after_five_failures(database: Database) {
    let transport = Scripted::new(|envelope| {
        if is(envelope, 1) {
            Err(DeliveryError::Failed("Internal".to_owned()))
        } else {
            Ok(())
        }
    });
    send(
        &database,
        vec![message(1, "k"), message(2, "k"), message(3, "other")],
    )
    .await;
    let relay = Running::start(&database, &transport);
    drained(&database).await;
    relay.stop().await;
    assert_eq!(stats(&database).await.parked, 1);
    let attempts: Vec<_> = transport
        .tried()
        .into_iter()
        .filter(|envelope| is(envelope, 1))
        .map(|envelope| envelope.attempt)
        .collect();
    assert_eq!(attempts, [1, 2, 3, 4, 5]);
    // The other key did not wait, and the same key went on after the parking.
    assert_eq!(transport.arrived(), [3, 2]);
}

async fn a_refused_message_is_parked_at_once(database: Database) {
    let transport = Scripted::new(|envelope| {
        if is(envelope, 1) {
            Err(DeliveryError::Refused("InvalidArgument".to_owned()))
        } else {
            Ok(())
        }
    });
    send(&database, vec![message(1, "k"), message(2, "k")]).await;
    let relay = Running::start(&database, &transport);
    drained(&database).await;
    relay.stop().await;
    assert_eq!(transport.tried().len(), 2);
    assert_eq!(transport.arrived(), [2]);
    assert_eq!(stats(&database).await.parked, 1);
}

async fn a_panic_of_the_transport_counts_as_failure(database: Database) {
    let transport = Scripted::new(|envelope| {
        assert!(!is(envelope, 1), "poison");
        Ok(())
    });
    send(&database, vec![message(1, "k"), message(2, "k")]).await;
    let relay = Running::start(&database, &transport);
    drained(&database).await;
    relay.stop().await;
    assert_eq!(transport.arrived(), [2]);
    assert_eq!(stats(&database).await.parked, 1);
}

async fn a_destination_that_is_gone_gets_all_when_it_is_back(database: Database) {
    let gone = Arc::new(AtomicBool::new(true));
    let transport = Scripted::new({
        let gone = gone.clone();
        move |envelope| {
            if envelope.destination == KPI && gone.load(Ordering::SeqCst) {
                Err(DeliveryError::Unavailable("Unavailable".to_owned()))
            } else {
                Ok(())
            }
        }
    });
    let relay = Running::start(&database, &transport);
    for number in 0..30 {
        send(&database, vec![message(number, &(number % 3).to_string())]).await;
    }
    let to_risk = Message {
        destination: RISK,
        ..message(100, "risk")
    };
    send(&database, vec![to_risk]).await;
    eventually(async || transport.arrived() == [100]).await;
    eventually(async || transport.tried().len() > 6).await;
    gone.store(false, Ordering::SeqCst);
    drained(&database).await;
    relay.stop().await;
    assert_eq!(stats(&database).await.parked, 0);
    for (key, arrived) in transport.arrived_by_key() {
        assert!(arrived.is_sorted(), "{key}: {arrived:?}");
    }
    assert_eq!(transport.arrived().len(), 31);
}

async fn a_busy_destination_holds_up_one_key_only(database: Database) {
    let busy = Arc::new(AtomicBool::new(true));
    let transport = Scripted::new({
        let busy = busy.clone();
        move |envelope| {
            if envelope.order_key == "k" && busy.load(Ordering::SeqCst) {
                Err(DeliveryError::Busy("Aborted".to_owned()))
            } else {
                Ok(())
            }
        }
    });
    let relay = Running::start(&database, &transport);
    send(&database, vec![message(1, "k")]).await;
    eventually(async || !transport.tried().is_empty()).await;
    // Sent while the head of the key is put off: it must not overtake.
    send(&database, vec![message(2, "k"), message(3, "other")]).await;
    eventually(async || transport.arrived() == [3]).await;
    eventually(async || transport.tried().len() > 6).await;
    busy.store(false, Ordering::SeqCst);
    drained(&database).await;
    relay.stop().await;
    assert_eq!(transport.arrived(), [3, 1, 2]);
}

async fn a_slow_destination_does_not_slow_others(database: Database) {
    let transport = Scripted::slowly(|envelope| {
        if envelope.destination == KPI {
            std::future::pending().boxed()
        } else {
            async { Ok(()) }.boxed()
        }
    });
    let many = (0..300).map(|number| message(number, &number.to_string()));
    send(&database, many.collect()).await;
    let relay = Running::start(&database, &transport);
    eventually(async || transport.tried().len() >= 32).await;
    let to_risk = Message {
        destination: RISK,
        ..message(1_000, "k")
    };
    send(&database, vec![to_risk]).await;
    let soon = Duration::from_secs(1);
    let arrival = eventually(async || transport.arrived() == [1_000]);
    tokio::time::timeout(soon, arrival).await.unwrap();
    relay.kill().await;
}

testkit::on_each_engine!(
    [
        poison_is_parked_after_five_failures,
        a_refused_message_is_parked_at_once,
        a_panic_of_the_transport_counts_as_failure,
        a_destination_that_is_gone_gets_all_when_it_is_back,
        a_busy_destination_holds_up_one_key_only,
        a_slow_destination_does_not_slow_others,
    ],
    messaging::migrations()
);
