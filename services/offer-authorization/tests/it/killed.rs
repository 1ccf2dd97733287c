//! `kill -9` of the service while offers are held and redeemed, on either engine.

use std::sync::Arc;
use std::time::Duration;

use testkit::eventually;
use testkit::scratch::{Scratch, postgres, sqlite};

use crate::bank::{Bank, Notes};

const ROUNDS: usize = 2;
/// Offers that are acknowledged before the kill, in each round.
const BUSY_AFTER: usize = 20;
const PATIENCE: Duration = Duration::from_secs(30);
/// The kill comes within so many milliseconds after that.
const KILL_MS: u64 = 60;

#[tokio::test]
async fn no_offer_is_lost_or_doubled_on_sqlite() {
    no_offer_is_lost_or_doubled(sqlite()).await;
}

#[tokio::test]
async fn no_offer_is_lost_or_doubled_on_postgres() {
    if let Some(scratch) = postgres().await {
        no_offer_is_lost_or_doubled(scratch).await;
    }
}

async fn no_offer_is_lost_or_doubled(scratch: Scratch) {
    let mut bank = Bank::open(scratch).await;
    let notes = Arc::new(Notes::default());
    for _ in 0..ROUNDS {
        let (before, _) = notes.acknowledged();
        let busy = bank.work(&notes);
        eventually(PATIENCE, || async {
            notes.acknowledged().0 >= before + BUSY_AFTER
        })
        .await;
        let moment = Duration::from_millis(rand::random_range(0..KILL_MS));
        tokio::time::sleep(moment).await;
        bank.kill().await;
        busy.join_all().await;

        bank.start().await;
        bank.prove(&notes).await;
    }
    notes.forget_proofs();
    bank.prove(&notes).await;
}
