//! What holds however much there is: one transaction may send any number, a stop begins nothing new, and a message that
//! nobody can read holds up nobody else's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt;
use messaging::DeliveryError;
use sea_orm::ConnectionTrait;
use storage::{Database, StoreError};
use tokio::sync::Semaphore;

use crate::support::{Running, Scripted, drained, eventually, message, send, stats};

/// More than the parameters of one statement could hold, on either engine.
async fn one_transaction_may_send_thousands(database: Database) {
    let all = (0..6_000).map(|number| message(number, "k"));

    send(&database, all.collect()).await;

    assert_eq!(stats(&database).await.pending, 6_000);
}

async fn a_stop_lets_what_is_under_way_end_and_begins_nothing(database: Database) {
    let gate = Arc::new(Semaphore::new(0));
    let transport = Scripted::slowly({
        let gate = Arc::clone(&gate);
        move |_| {
            let gate = Arc::clone(&gate);
            async move {
                gate.acquire().await.unwrap().forget();
                Ok(())
            }
            .boxed()
        }
    });
    let many = (0..320).map(|number| message(number, &number.to_string()));
    send(&database, many.collect()).await;
    let relay = Running::start(&database, &transport);
    // Two batches of 64, of five.
    eventually(async || transport.tried().len() == 128).await;

    let end = relay.stopping();
    gate.add_permits(320);
    end.await.unwrap();

    assert_eq!(
        (transport.tried().len(), transport.arrived().len()),
        (128, 128)
    );
    assert_eq!(stats(&database).await.pending, 192);
}

async fn a_message_that_cannot_be_read_is_parked(database: Database) {
    let gone = Arc::new(AtomicBool::new(true));
    let transport = Scripted::new({
        let gone = Arc::clone(&gone);
        move |_| {
            if gone.load(Ordering::SeqCst) {
                return Err(DeliveryError::Unavailable("Unavailable".to_owned()));
            }
            Ok(())
        }
    });
    send(&database, vec![message(1, "first"), message(2, "k")]).await;
    let spoilt = database.write::<_, StoreError, _>(|tx| {
        async move {
            let first = "UPDATE outbox SET attempts = -1 WHERE order_key = 'first'";
            tx.execute_unprepared(first).await?;
            Ok(())
        }
        .boxed()
    });
    spoilt.await.unwrap();

    let relay = Running::start(&database, &transport);
    // From now on, one message at a time finds out whether the destination is back.
    eventually(async || !transport.tried().is_empty()).await;
    gone.store(false, Ordering::SeqCst);
    drained(&database).await;
    relay.stop().await;

    assert_eq!(transport.arrived(), [2]);
    assert_eq!(stats(&database).await.parked, 1);
}

testkit::on_each_engine!(
    [
        one_transaction_may_send_thousands,
        a_stop_lets_what_is_under_way_end_and_begins_nothing,
        a_message_that_cannot_be_read_is_parked,
    ],
    messaging::migrations()
);
