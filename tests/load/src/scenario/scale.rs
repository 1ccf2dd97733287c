//! Scale: whether many sessions cost more than their share, and what a live timer costs while it waits.

use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::{FEED_STREAMS, Fed, Run, feed, measure, print, whole};
use crate::cli::StoreEngine;
use crate::error::LoadError;
use crate::events::Feed;
use crate::lab::Lab;
use crate::numbers::ratio;
use crate::output::note;
use crate::server::{Kind, Server};

const TIMES: u64 = 10;
const IDLE: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(crate) struct ScaleArguments {
    #[arg(long, value_enum, default_value = "sqlite")]
    engine: StoreEngine,
    /// Sessions of the smaller feed; the larger has ten times as many.
    #[arg(long, default_value = "3000")]
    sessions: u64,
    /// Events that are sent after each feed, to see what one costs.
    #[arg(long, default_value = "30000")]
    events: u64,
    /// Seconds to wait for the messages of a feed, before anything is measured.
    #[arg(long, default_value = "60")]
    settle: f64,
}

#[derive(Debug, Serialize)]
struct Figures {
    engine: StoreEngine,
    few: Fold,
    many: Fold,
    /// Time of ten times as many sessions.
    times_the_time: f64,
    /// What an event costs while the timers of ten times as many sessions wait.
    times_the_cpu_per_event: f64,
}

/// A feed of whole sessions, and what the server costs afterwards.
#[derive(Debug, Serialize)]
struct Fold {
    sessions: u64,
    fed: Fed,
    settled: bool,
    /// Share of one processor, with nothing coming in.
    idle_cpu: f64,
    ingest_afterwards: Run,
}

impl ScaleArguments {
    pub(crate) async fn run(&self, lab: &Lab) -> Result<(), LoadError> {
        let (Some(few), Some(many)) = (
            self.fold(lab, self.sessions).await?,
            self.fold(lab, self.sessions * TIMES).await?,
        ) else {
            return Ok(());
        };
        let figures = Figures {
            engine: self.engine,
            times_the_time: ratio(many.fed.seconds, few.fed.seconds),
            times_the_cpu_per_event: ratio(
                many.ingest_afterwards.server_cpu_us_per_event,
                few.ingest_afterwards.server_cpu_us_per_event,
            ),
            few,
            many,
        };
        print(lab, "scale", figures);
        Ok(())
    }

    async fn fold(&self, lab: &Lab, sessions: u64) -> Result<Option<Fold>, LoadError> {
        let Some(store) = lab.scratch(self.engine).await else {
            return Ok(None);
        };
        let server = lab.start(Kind::Sessions, &store).await?;
        let mut traffic = Feed::new(&lab.recordings, FEED_STREAMS, 2_000, Some(sessions));
        let fed = feed(&server, &mut traffic).await?;
        note(format_args!("{sessions} sessions in {:.1} s", fed.seconds));
        let limit = Duration::from_secs_f64(self.settle);
        let settled = lab.settle(&server, limit).await?;
        let idle_cpu = idle(&server).await?;
        let mut more = Feed::new(&lab.recordings, FEED_STREAMS, 2_000, None);
        let batches = more.prepare(64, self.events).await?;
        // To the last acknowledgement: what is in flight has cost something too.
        let ingest_afterwards = measure(&server, batches, whole(16)).await?;
        server.kill().await;
        Ok(Some(Fold {
            sessions,
            fed,
            settled,
            idle_cpu,
            ingest_afterwards,
        }))
    }
}

async fn idle(server: &Server) -> Result<f64, LoadError> {
    let (begun, before) = (Instant::now(), server.cpu()?);
    sleep(IDLE).await;
    let spent = server.cpu()?.saturating_sub(before);
    Ok(ratio(spent.as_secs_f64(), begun.elapsed().as_secs_f64()))
}
