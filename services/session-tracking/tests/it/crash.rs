//! `kill -9` in the middle of taking events: what was acknowledged is there, and nothing is there twice.

use std::time::Duration;

use testkit::tokens::Issuer;
use tokio::task::JoinSet;

use crate::process::{Process, config_file};
use crate::sender::Sender;

const ROUNDS: u64 = 4;
const SENDERS: u64 = 6;

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_event_is_lost_or_doubled() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = Issuer::new();
    let config = config_file(folder.path(), &issuer);
    let mut senders: Vec<Sender> = (1..=SENDERS).map(Sender::by_the_clock).collect();

    for round in 1..=ROUNDS {
        let mut process = Process::start(&config).await;
        let mut client = process.client(&issuer);
        for sender in &senders {
            sender.check(&mut client).await;
        }
        let mut running = JoinSet::new();
        for sender in senders.drain(..) {
            running.spawn(sender.run(process.client(&issuer)));
        }
        // Not a wait for something: the kill is to fall anywhere.
        tokio::time::sleep(Duration::from_millis(150 + 37 * round)).await;
        process.child.kill().await;
        senders = running.join_all().await;
    }

    let process = Process::start(&config).await;
    let mut client = process.client(&issuer);
    let mut acknowledged = 0;
    for sender in &senders {
        sender.check(&mut client).await;
        acknowledged += sender.acknowledged();
        sender.send_all_again(&mut client).await;
    }
    assert!(
        acknowledged > 20,
        "only {acknowledged} batches were acknowledged at all"
    );
}
