//! The bank checker: eight budgets, eight writers, two readers, and `kill -9` in the middle of it, on either engine. Whatever
//! was acknowledged is there, once; what was not is there once or not at all, and a replay tells which; and no reader ever
//! sees more out of a budget than was asked for, or less than was granted.

mod bank;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use testkit::eventually;
use testkit::scratch::{Scratch, postgres, sqlite};
use tokio::task::JoinSet;

use bank::{AMOUNT, Bank, Notes};

const BUDGETS: usize = 8;
const WRITERS: usize = 8;
const READERS: usize = 2;
const ROUNDS: usize = 2;
/// Acknowledgements before the kill, of each round.
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
    for tenant in tenants() {
        bank.create_budget(&tenant).await;
    }
    let notes = Arc::new(Notes::default());
    for _ in 0..ROUNDS {
        let before = notes.acknowledged();
        let busy = start(&bank, &notes);
        eventually(PATIENCE, || async {
            notes.acknowledged() >= before + BUSY_AFTER
        })
        .await;
        let moment = Duration::from_millis(rand::random_range(0..KILL_MS));
        tokio::time::sleep(moment).await;
        bank.kill().await;
        busy.join_all().await;

        bank.start().await;
        prove(&bank, &notes).await;
    }
}

fn tenants() -> Vec<String> {
    (0..BUDGETS)
        .map(|number| format!("bank-{number}"))
        .collect()
}

/// Writers and readers, until the service has gone.
fn start(bank: &Bank, notes: &Arc<Notes>) -> JoinSet<()> {
    let mut busy = JoinSet::new();
    let tenants = tenants();
    for (tenant, _) in tenants.iter().zip(0..WRITERS) {
        busy.spawn(bank.clients(tenant).write(Arc::clone(notes)));
    }
    for tenant in tenants.iter().take(READERS) {
        busy.spawn(bank.clients(tenant).read(Arc::clone(notes)));
    }
    busy
}

/// Replays all that was ever sent, and compares what is held with what that says.
async fn prove(bank: &Bank, notes: &Notes) {
    join_all(
        tenants()
            .iter()
            .map(|tenant| prove_one(bank, notes, tenant)),
    )
    .await;
}

async fn prove_one(bank: &Bank, notes: &Notes, tenant: &str) {
    let clients = bank.clients(tenant);
    let mut offers = BTreeSet::new();
    for sent in notes.of(tenant) {
        let offer = clients.replay(&sent).await;
        if let Some(first) = &sent.acknowledged {
            assert_eq!(*first, offer, "the first answer, once more");
        }
        assert!(offers.insert(offer), "two requests, one offer");
    }
    let granted = i64::try_from(offers.len()).unwrap() * AMOUNT;
    assert_eq!(clients.held().await, granted, "of `{tenant}`");
}
