//! Growth: whether the rate holds when many events are stored. Bare and session-tracking take turns, round by round, each
//! on its own growing store, so that a machine that slows down slows both.

use clap::Args;
use serde::Serialize;

use super::{Case, Run, measure, print, whole};
use crate::bare::Decoding;
use crate::cli::StoreEngine;
use crate::error::LoadError;
use crate::events::Feed;
use crate::lab::Lab;
use crate::numbers::{median, ratio};
use crate::output::note;
use crate::server::{Kind, Server};

/// Rounds at the start and at the end whose median is compared; the very first is not among them.
const COMPARED: usize = 3;

#[derive(Debug, Args)]
pub(crate) struct GrowthArguments {
    #[arg(long, value_enum, default_value = "sqlite")]
    engine: StoreEngine,
    /// Events that are stored in the end.
    #[arg(long, default_value = "500000")]
    stored_events: u64,
    /// Events of one round.
    #[arg(long, default_value = "50000")]
    round_events: u64,
    /// Events of a message, and streams: `EVENTSxSTREAMS`.
    #[arg(long, default_value = "64x4")]
    case: Case,
    /// Messages in flight on each stream.
    #[arg(long, default_value = "16")]
    window: usize,
    /// Sessions that go on at a time.
    #[arg(long, default_value = "20000")]
    live_sessions: usize,
}

#[derive(Debug, Serialize)]
struct Figures {
    engine: StoreEngine,
    #[serde(flatten)]
    case: Case,
    stored_events: u64,
    bare: Growth,
    sessions: Growth,
}

#[derive(Debug, Serialize)]
struct Growth {
    events_per_second_at_start: f64,
    events_per_second_at_end: f64,
    end_of_start: f64,
    cpu_us_per_event_at_start: f64,
    cpu_us_per_event_at_end: f64,
    rounds: Vec<f64>,
}

impl GrowthArguments {
    pub(crate) async fn run(&self, lab: &Lab) -> Result<(), LoadError> {
        let (Some(store), Some(bare_store)) = (
            lab.scratch(self.engine).await,
            lab.scratch(self.engine).await,
        ) else {
            return Ok(());
        };
        let bare = lab.start(Kind::Bare(Decoding::Typed), &bare_store).await?;
        let sessions = lab.start(Kind::Sessions, &store).await?;
        let (mut bare_feed, mut feed) = (self.feed(lab), self.feed(lab));
        let (mut bare_rounds, mut rounds) = (Vec::new(), Vec::new());
        let mut stored_events = 0;
        while stored_events < self.stored_events {
            bare_rounds.push(self.round(&bare, &mut bare_feed).await?);
            let round = self.round(&sessions, &mut feed).await?;
            stored_events += round.accepted;
            note(format_args!(
                "{stored_events} stored, {} events a second",
                round.events_per_second
            ));
            rounds.push(round);
        }
        sessions.kill().await;
        bare.kill().await;
        let figures = Figures {
            engine: self.engine,
            case: self.case,
            stored_events,
            bare: Growth::of(&bare_rounds),
            sessions: Growth::of(&rounds),
        };
        print(lab, "growth", figures);
        Ok(())
    }

    fn feed(&self, lab: &Lab) -> Feed {
        Feed::new(&lab.recordings, self.case.streams, self.live_sessions, None)
    }

    async fn round(&self, server: &Server, feed: &mut Feed) -> Result<Run, LoadError> {
        let per_message = self.case.events_per_message;
        let batches = feed.prepare(per_message, self.round_events).await?;
        measure(server, batches, whole(self.window)).await
    }
}

impl Growth {
    fn of(rounds: &[Run]) -> Self {
        let at_start =
            |figure: fn(&Run) -> f64| median(rounds.iter().skip(1).take(COMPARED).map(figure));
        let at_end =
            |figure: fn(&Run) -> f64| median(rounds.iter().rev().take(COMPARED).map(figure));
        let (start, end) = (
            at_start(|run| run.events_per_second),
            at_end(|run| run.events_per_second),
        );
        Self {
            events_per_second_at_start: start,
            events_per_second_at_end: end,
            end_of_start: ratio(end, start),
            cpu_us_per_event_at_start: at_start(|run| run.server_cpu_us_per_event),
            cpu_us_per_event_at_end: at_end(|run| run.server_cpu_us_per_event),
            rounds: rounds.iter().map(|run| run.events_per_second).collect(),
        }
    }
}
