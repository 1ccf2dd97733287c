//! Memory of a live session, beside that of a slab: the least that could be kept of one, in plain structures.

use std::collections::{BTreeSet, HashMap};
use std::hint::black_box;
use std::time::Duration;

use clap::Args;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Serialize;
use testkit::process::Child;
use tokio::process::Command;

use super::{FEED_STREAMS, Fed, feed, print};
use crate::cli::StoreEngine;
use crate::error::LoadError;
use crate::events::Feed;
use crate::lab::Lab;
use crate::numbers::{ratio, real};
use crate::output::note;
use crate::process::resident;
use crate::server::Kind;

/// What the slab says when it stands.
const SLAB: &str = "slab bytes ";
const SLAB_LIMIT: Duration = Duration::from_mins(2);

#[derive(Debug, Args)]
pub(crate) struct MemoryArguments {
    #[arg(long, value_enum, default_value = "sqlite")]
    engine: StoreEngine,
    /// Live sessions.
    #[arg(long, default_value = "20000")]
    sessions: u64,
    /// Seconds to wait for the messages that they cause, before memory is read.
    #[arg(long, default_value = "60")]
    settle: f64,
}

#[derive(Debug, Args)]
pub(crate) struct SlabArguments {
    #[arg(long)]
    sessions: u32,
}

#[derive(Debug, Serialize)]
struct Figures {
    engine: StoreEngine,
    sessions: u64,
    fed: Fed,
    /// Whether all messages were delivered before memory was read.
    settled: bool,
    resident_before_bytes: u64,
    resident_bytes: u64,
    bytes_per_session: f64,
    slab_bytes_per_session: f64,
    times_slab: f64,
}

impl MemoryArguments {
    pub(crate) async fn run(&self, lab: &Lab) -> Result<(), LoadError> {
        let Some(store) = lab.scratch(self.engine).await else {
            return Ok(());
        };
        let server = lab.start(Kind::Sessions, &store).await?;
        let limit = Duration::from_secs_f64(self.settle);
        // Buffers and caches that do not grow with sessions are filled first.
        let some = self.sessions / 20;
        feed(&server, &mut traffic(lab, some)).await?;
        lab.settle(&server, limit).await?;
        let before = server.resident()?;
        let more = self.sessions - some;
        let fed = feed(&server, &mut traffic(lab, more)).await?;
        let settled = lab.settle(&server, limit).await?;
        let after = server.resident()?;
        server.kill().await;
        let slab = slab_of(lab, more).await?;
        let each = ratio(real(after.saturating_sub(before)), real(more));
        let slab_each = ratio(real(slab), real(more));
        let figures = Figures {
            engine: self.engine,
            sessions: more,
            fed,
            settled,
            resident_before_bytes: before,
            resident_bytes: after,
            bytes_per_session: each,
            slab_bytes_per_session: slab_each,
            times_slab: ratio(each, slab_each),
        };
        print(lab, "memory", figures);
        Ok(())
    }
}

fn traffic(lab: &Lab, sessions: u64) -> Feed {
    Feed::new(&lab.recordings, FEED_STREAMS, 2_000, Some(sessions))
}

/// In a process of its own, since memory is counted by process.
async fn slab_of(lab: &Lab, sessions: u64) -> Result<u64, LoadError> {
    let mut command = Command::new(lab.program());
    command.args(["slab", "--sessions", &sessions.to_string()]);
    let child = Child::spawn(command);
    let said = child.line(SLAB_LIMIT, |line| line.contains(SLAB)).await;
    let bytes = said.rsplit(' ').next().and_then(|bytes| bytes.parse().ok());
    bytes.ok_or_else(|| LoadError::Wrong("the slab says nothing of its size".to_owned()))
}

/// A session that looked at three things and has one in its cart.
#[derive(Debug, Clone, Copy, Default)]
#[expect(dead_code, reason = "only their size matters")]
struct Record {
    tenant: u32,
    phase_and_state: u32,
    session: u128,
    visitor: u128,
    /// To know an event that comes again.
    seen: [u128; 4],
    started_at: i64,
    last_event_at: i64,
    page: u64,
    cart_version: u64,
    /// Product, quantity, price and margin.
    cart: [(u64, u32, i64, i64); 2],
    signals: [(u32, u32, i64); 2],
}

/// Keeps sessions with an index by id and a timer each, and says what memory that takes.
pub(crate) fn slab(arguments: &SlabArguments) -> Result<(), LoadError> {
    let id = std::process::id();
    let before = resident(id)?;
    let mut random = StdRng::seed_from_u64(1);
    let (mut records, mut index, mut timers) = (Vec::new(), HashMap::new(), BTreeSet::new());
    for place in 0..arguments.sessions {
        let session: u128 = random.random();
        records.push(Record {
            session,
            ..Record::default()
        });
        index.insert(session, place);
        timers.insert((random.random::<i64>(), place));
    }
    let after = resident(id)?;
    black_box((records, index, timers));
    note(format_args!("{SLAB}{}", after.saturating_sub(before)));
    Ok(())
}
