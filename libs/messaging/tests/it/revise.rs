//! What waits can still be changed, and nothing else is.

use std::time::Duration;

use domain::id::TenantId;
use domain::time::earlier;
use futures::FutureExt;
use messaging::Message;
use messaging::outbox::{self, Revision};
use platform::clock::{Clock, SystemClock};
use storage::{Database, StoreError};

use crate::support::{KPI, Running, Scripted, drained, message, send, stats};

/// Blanks what is told to `KPI` under the key `gone`, and drops what has the payload `2`.
async fn revise(database: &Database) -> u64 {
    let work = database.write::<_, StoreError, _>(|tx| {
        async move {
            let tenant = TenantId::parse("acme").unwrap();
            let keys = ["gone".to_owned()];
            let revision = |_: &str, payload: &[u8]| match payload {
                b"2" => Revision::Dropped,
                _ => Revision::Replaced(b"blank".to_vec()),
            };
            outbox::revise(tx, &tenant, (&[KPI], &keys), revision).await
        }
        .boxed()
    });
    work.await.unwrap()
}

async fn messages_of_a_key_are_blanked_or_dropped(database: Database) {
    let of_another = Message {
        tenant: TenantId::parse("other").unwrap(),
        ..message(4, "gone")
    };
    let all = vec![
        message(1, "gone"),
        message(2, "gone"),
        message(3, "kept"),
        of_another,
    ];
    send(&database, all).await;

    let revised = revise(&database).await;

    let transport = Scripted::accepting();
    let relay = Running::start(&database, &transport);
    drained(&database).await;
    relay.stop().await;
    assert_eq!(revised, 2);
    let mut told: Vec<Vec<u8>> = transport
        .tried()
        .iter()
        .map(|envelope| envelope.payload.to_vec())
        .collect();
    told.sort();
    assert_eq!(told, [b"3".to_vec(), b"4".to_vec(), b"blank".to_vec()]);
}

async fn what_was_set_aside_is_revised_too(database: Database) {
    let stale = Message {
        expires_at: Some(earlier(SystemClock.now(), Duration::from_mins(1))),
        ..message(2, "gone")
    };
    send(&database, vec![stale]).await;
    let transport = Scripted::accepting();
    let relay = Running::start(&database, &transport);
    drained(&database).await;
    relay.stop().await;
    assert_eq!(stats(&database).await.expired, 1);

    assert_eq!(revise(&database).await, 1);

    assert_eq!(stats(&database).await.expired, 0);
}

testkit::on_each_engine!(
    [
        messages_of_a_key_are_blanked_or_dropped,
        what_was_set_aside_is_revised_too,
    ],
    messaging::migrations()
);
