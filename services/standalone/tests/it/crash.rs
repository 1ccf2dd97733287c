//! `kill -9` in the middle of work, and a restart on the same data folder: whatever was acknowledged is there, once.
//!
//! While the process runs, clients send events, ask for offers, say yes to invitations and take reservations. They note what
//! they send before each call, and what was acknowledged after it. After the restart, all of it is asked for by public calls.

mod clients;
mod notes;
mod proof;
mod running;

use std::sync::Arc;
use std::time::Duration;

use testkit::eventually;

use notes::Known;
use running::Running;

const ROUNDS: usize = 4;
/// By then some of everything has been acknowledged.
const BUSY: Duration = Duration::from_secs(30);
/// The kill comes within so many milliseconds after that.
const KILL_MS: u64 = 800;

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill_and_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut suite = Running::start(folder.path()).await;
    suite.shop.open().await;
    let mut rounds = Vec::new();
    for round in 1..=ROUNDS {
        let known = Arc::new(Known::default());
        let clients = suite.shop.clients(&known);
        eventually(BUSY, || async { known.some_of_everything() }).await;
        let moment = Duration::from_millis(rand::random_range(0..KILL_MS));
        tokio::time::sleep(moment).await;
        suite.child.kill().await;
        clients.join_all().await;
        eprintln!("round {round}: killed {moment:?} after some of everything");

        suite = Running::start(folder.path()).await;
        rounds.push(known);
        for known in &rounds {
            suite.shop.has_every_event_once(known).await;
            suite.shop.has_every_yes_once(known).await;
            suite.shop.has_every_reservation_once(known).await;
        }
        suite.shop.has_every_hold_once(&rounds).await;
    }
    suite.shop.has_told_of_each_reservation_once(&rounds).await;
}
