//! A crash of the database server, `kill -9` of all its processes, while offers are held and redeemed: the service stays, answers in
//! a way that says what to do, and is ready again soon after its database is.

use std::sync::Arc;
use std::time::Duration;

use testkit::eventually;
use testkit::scratch::{Cluster, on_server};
use tokio::task::block_in_place;
use tonic::Code;

use crate::bank::{Bank, Notes};

const ROUNDS: usize = 10;
/// Offers that are acknowledged before the crash, in each round.
const BUSY_AFTER: usize = 12;
const PATIENCE: Duration = Duration::from_secs(30);
/// The crash comes within so many milliseconds after that.
const CRASH_MS: u64 = 60;
/// From the moment in which the database takes connections again.
const READY: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_of_the_database_loses_and_doubles_no_offer() {
    let Some(mut cluster) = Cluster::durable() else {
        return;
    };
    let bank = Bank::durable(on_server(&cluster.url()).await).await;
    let notes = Arc::new(Notes::default());
    for _ in 0..ROUNDS {
        let (granted, redeemed) = notes.acknowledged();
        let busy = bank.work(&notes);
        eventually(PATIENCE, || async {
            let (now_granted, now_redeemed) = notes.acknowledged();
            now_granted >= granted + BUSY_AFTER && now_redeemed > redeemed
        })
        .await;
        let moment = Duration::from_millis(rand::random_range(0..CRASH_MS));
        tokio::time::sleep(moment).await;
        block_in_place(|| cluster.crash());
        busy.join_all().await;

        block_in_place(|| cluster.restart());
        eventually(READY, || bank.health()).await;
        bank.prove(&notes).await;
    }
    notes.forget_proofs();
    bank.prove(&notes).await;
    let retried = [Code::Unavailable, Code::DeadlineExceeded];
    let ends = notes.ends();
    assert!(ends.iter().all(|code| retried.contains(code)), "{ends:?}");
}
