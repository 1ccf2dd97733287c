//! A full disk under load: each call is refused with a reason, nothing that was acknowledged is lost, and once there is room
//! again the service goes on by itself.

use std::time::Duration;

use proto::error::v1::ErrorReason;
use testkit::disk::SmallDisk;
use testkit::tokens::Issuer;
use tonic::Code;

use crate::process::{Process, config_file};
use crate::sender::{Sender, Senders};

const DEADLINE: Duration = Duration::from_secs(20);
const ROUNDS: usize = 5;
const SENDERS: u64 = 4;
const DISK_MIB: u32 = 48;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_passes() {
    let Some(disk) = SmallDisk::mount(DISK_MIB) else {
        return;
    };
    let issuer = Issuer::new();
    let config = config_file(disk.path(), &issuer);
    let process = Process::start(&config).await;
    let sender = |session| (Sender::by_the_clock(session), process.client(&issuer));
    let senders = Senders::start((1..=SENDERS).map(sender));

    for round in 1..=ROUNDS {
        senders.go_on(DEADLINE).await;
        disk.fill();
        senders.are_refused(DEADLINE).await;
        disk.free();
        senders.go_on(DEADLINE).await;
        let refusals = senders.refusals();
        let unavailable = (Code::Unavailable.into(), Some(ErrorReason::Unavailable));
        assert_eq!(refusals, [unavailable].into(), "in round {round}");
    }

    senders.finish().await;
    assert!(process.child.id().is_some(), "{}", process.child.text());
}
