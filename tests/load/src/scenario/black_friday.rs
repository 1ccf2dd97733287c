//! Black Friday: recorded sessions of two shops by their own clock, made faster, at an arrival rate that follows a day.
//! What the server does meanwhile is looked at every few seconds: its memory above all.
//!
//! The session times of the service run as much faster as the shop's clock does, so that a session ends when it would.

mod day;
mod flat;
mod plot;
mod replay;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use platform::clock::{Clock, SystemClock};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tonic::Code;

use super::model::{Model, ReadBack};
use super::print;
use crate::cli::{Setting, StoreEngine};
use crate::drive::{Batch, End, Gauge, Lane, Tally};
use crate::error::LoadError;
use crate::lab::Lab;
use crate::output::note;
use crate::server::{Kind, Server};
use flat::Flatness;
use replay::{Due, Pace, Replay};
use watch::{Sample, Watch};

/// How often the clock of the shop is looked at, and the most events that then go together.
const TICK: Duration = Duration::from_millis(10);
const MESSAGE: usize = 256;
/// One session in so many is read back at the end.
const READ_BACK: usize = 50;
/// Between two connections of a lane.
const RECONNECT: Duration = Duration::from_millis(100);
/// How long everything may take to be acknowledged once no more is sent.
const FINISH_LIMIT: Duration = Duration::from_mins(2);

/// More calls a second than are made.
const NO_LIMIT: i64 = 1_000_000;

/// Times of a session, and their defaults in milliseconds.
const TIMES: [(&str, &str, f64); 6] = [
    ("signals", "cart_idle_ms", 120_000.0),
    ("signals", "checkout_idle_ms", 90_000.0),
    ("signals", "progress_window_ms", 60_000.0),
    ("signals", "session_idle_end_ms", SESSION_IDLE_END_MS),
    ("signals", "session_hard_limit_ms", 86_400_000.0),
    ("moments", "min_gap_ms", 1_000.0),
];
const SESSION_IDLE_END_MS: f64 = 1_800_000.0;

#[derive(Debug, Args)]
pub(crate) struct BlackFridayArguments {
    #[arg(long, value_enum, default_value = "sqlite")]
    engine: StoreEngine,
    /// Minutes of the run, of ours; at 50 times the speed, 28.8 are a day of the shop.
    #[arg(long, default_value = "2")]
    minutes: f64,
    /// How much faster than it was recorded.
    #[arg(long, default_value = "50", value_parser = at_least_one)]
    speed: f64,
    /// Sessions that begin in a second of ours when the shop is busiest.
    #[arg(long, default_value = "300", value_parser = at_least_one)]
    peak_sessions: f64,
    /// Hour of the shop's day at which the run begins.
    #[arg(long, default_value = "18", value_parser = clap::value_parser!(u8).range(0..24))]
    from_hour: u8,
    /// Streams.
    #[arg(long, default_value = "8", value_parser = clap::value_parser!(u8).range(1..=64))]
    streams: u8,
    /// Seconds from one sample to the next.
    #[arg(long, default_value = "5")]
    every: f64,
    /// File for the picture of memory and rate, as SVG.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
}

fn at_least_one(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    let number = number.filter(|number| *number >= 1.0);
    number.ok_or_else(|| "must be a number from 1 on".to_owned())
}

#[derive(Debug, Serialize)]
struct Figures {
    engine: StoreEngine,
    minutes: f64,
    speed: f64,
    peak_sessions_per_second: f64,
    /// Hours of the shop that the run covers.
    shop_hours: f64,
    sessions: u64,
    events: Tally,
    /// Streams that were opened again: a server ends each after ten minutes.
    reconnects: u64,
    /// Over the second half; absent when that has fewer than two samples.
    flatness: Option<Flatness>,
    read_back: ReadBack,
    samples: Vec<Sample>,
}

impl BlackFridayArguments {
    pub(crate) async fn run(&self, lab: &Lab) -> Result<(), LoadError> {
        let Some(store) = lab.scratch(self.engine).await else {
            return Ok(());
        };
        let settings = self.settings();
        let server = lab.start_with(Kind::Sessions, &store, &settings).await?;
        let server = Arc::new(server);
        let figures = self.replay(lab, &server).await?;
        if let Some(server) = Arc::into_inner(server) {
            server.kill().await;
        }
        if let Some(file) = &self.plot {
            let picture = watch::plot(&self.title(), &figures.samples);
            std::fs::write(file, picture).map_err(LoadError::at(file))?;
        }
        let wrong = figures.events.wrong() + figures.read_back.wrong();
        print(lab, "black-friday", figures);
        if wrong > 0 {
            let what = format!("{wrong} events or sessions are not as they must be");
            return Err(LoadError::Wrong(what));
        }
        Ok(())
    }

    /// Sends for as long as the run takes, and what that came to.
    async fn replay(&self, lab: &Lab, server: &Arc<Server>) -> Result<Figures, LoadError> {
        let gauge = Arc::new(Gauge::new());
        let mut senders = Senders::start(server, usize::from(self.streams), &gauge);
        let length = Duration::from_secs_f64(self.minutes * 60.0);
        let mut replay = Replay::new(Arc::clone(&lab.recordings), self.pace(), 1);
        let every = Duration::from_secs_f64(self.every.max(0.1));
        let mut watch = Watch::new(Arc::clone(server), gauge, every)?;
        let mut clock = interval(TICK);
        clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let begun = Instant::now();
        while begun.elapsed() < length {
            clock.tick().await;
            let elapsed = begun.elapsed();
            senders.send(replay.due(elapsed, SystemClock.now()));
            senders.look().await?;
            if let Some(sample) = watch.look(elapsed, senders.sent, &replay)? {
                note(sample);
            }
        }
        let (events, reconnects) = senders.finish().await?;
        let samples = watch.samples;
        let resident: Vec<_> = samples.iter().map(Sample::resident).collect();
        Ok(Figures {
            engine: self.engine,
            minutes: self.minutes,
            speed: self.speed,
            peak_sessions_per_second: self.peak_sessions,
            shop_hours: self.minutes * self.speed / 60.0,
            sessions: replay.begun(),
            events,
            reconnects,
            flatness: Flatness::of(&resident),
            read_back: ReadBack::of(&senders.model, server).await?,
            samples,
        })
    }

    fn pace(&self) -> Pace {
        Pace {
            speed: self.speed,
            peak: self.peak_sessions,
            from: Duration::from_hours(self.from_hour.into()),
            rest: Duration::from_secs_f64(SESSION_IDLE_END_MS / 1e3 / self.speed),
        }
    }

    /// The times of a session by the faster clock, and no limit on reading back.
    fn settings(&self) -> Vec<Setting> {
        let faster = |millis: f64| Duration::from_secs_f64((millis / self.speed).max(1.0) / 1e3);
        let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let setting = |(section, key, time)| Setting::new(section, key, millis(faster(time)));
        let reading = Setting::new("server", "tenant_calls_per_second", NO_LIMIT);
        TIMES.into_iter().map(setting).chain([reading]).collect()
    }

    fn title(&self) -> String {
        format!(
            "session-tracking: {} minutes of recorded sessions at {} times their speed, at most {} new ones a second",
            self.minutes, self.speed, self.peak_sessions
        )
    }
}

/// The lanes that carry the events, each open as long as there is anything to send.
struct Senders {
    inlets: Vec<mpsc::UnboundedSender<Batch>>,
    running: JoinSet<Result<(Lane, u64), LoadError>>,
    /// Events so far.
    sent: u64,
    /// Of the sessions that will be read back.
    model: Model,
}

/// Messages in flight on each lane.
const WINDOW: usize = 32;

impl Senders {
    fn start(server: &Arc<Server>, streams: usize, gauge: &Arc<Gauge>) -> Self {
        let (mut inlets, mut running) = (Vec::new(), JoinSet::new());
        for _ in 0..streams {
            let (inlet, lane) = Lane::new(WINDOW, None, Arc::clone(gauge));
            inlets.push(inlet);
            running.spawn(keep_open(lane, Arc::clone(server)));
        }
        Self {
            inlets,
            running,
            sent: 0,
            model: Model::default(),
        }
    }

    /// Hands over what is due now. A session keeps to its lane.
    fn send(&mut self, due: Vec<Due>) {
        let now = Instant::now();
        let mut batches = vec![Vec::new(); self.inlets.len()];
        for Due { session, event } in due {
            self.sent += 1;
            if session.is_multiple_of(READ_BACK) {
                self.model.note(&event);
            }
            let lane = session % self.inlets.len().max(1);
            if let Some(batch) = batches.get_mut(lane) {
                batch.push(event);
            }
        }
        for (inlet, events) in self.inlets.iter().zip(batches) {
            for events in events.chunks(MESSAGE) {
                // A lane that has ended is found by `look`.
                let _ = inlet.send(Batch::new(events.to_vec(), now));
            }
        }
    }

    /// Fails when a lane has.
    async fn look(&mut self) -> Result<(), LoadError> {
        match self.running.try_join_next() {
            None => Ok(()),
            Some(ended) => {
                ended??;
                self.running.shutdown().await;
                Err(LoadError::Wrong("a lane has ended early".to_owned()))
            }
        }
    }

    /// Waits until everything is acknowledged. Says what became of the events, and how often a stream was opened again.
    async fn finish(&mut self) -> Result<(Tally, u64), LoadError> {
        self.inlets.clear();
        let (mut events, mut reconnects) = (Tally::default(), 0);
        let all = async {
            while let Some(ended) = self.running.join_next().await {
                let (lane, opened_again) = ended??;
                events.add(lane.tally());
                reconnects += opened_again;
            }
            Ok::<_, LoadError>(())
        };
        let late = |_| LoadError::TooLate("acknowledge everything at last");
        timeout(FINISH_LIMIT, all).await.map_err(late)??;
        Ok((events, reconnects))
    }
}

/// Runs a lane to its end, over as many connections as it takes.
async fn keep_open(mut lane: Lane, server: Arc<Server>) -> Result<(Lane, u64), LoadError> {
    let mut reconnects = 0;
    loop {
        match lane.run(server.connect()?).await {
            End::Done => return Ok((lane, reconnects)),
            End::Cut(None) => {}
            // A stream has lived its time, or its token has.
            End::Cut(Some(status))
                if matches!(status.code(), Code::Unavailable | Code::Unauthenticated) => {}
            End::Cut(Some(status)) => return Err(LoadError::Call(status)),
        }
        reconnects += 1;
        sleep(RECONNECT).await;
    }
}
