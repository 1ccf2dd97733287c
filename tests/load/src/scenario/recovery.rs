//! Recovery: `kill -9` with many live sessions, a start on the same store, and then: how soon is a new event durable,
//! and do the timers of the sessions fire when they must?
//!
//! The live sessions are quiet ones, whose timers lie half an hour ahead. A sample has put something in the cart two
//! minutes before its timers are due, which is by the event's own time, so that nobody has to wait two minutes.

use std::time::Duration;

use clap::Args;
use domain::id::{EventId, SessionId, VisitorId};
use domain::time::{Timestamp, earlier, elapsed, later};
use platform::clock::{Clock, SystemClock};
use platform::ids::{IdSource, SystemIds};
use proto::convert::time::wire_timestamp;
use proto::moment::v1::MomentKind;
use proto::session::v1 as pb;
use serde::Serialize;
use testkit::scratch::Scratch;
use tokio::time::{Instant, sleep};

use super::{FEED_STREAMS, Fed, feed, measure, print, whole};
use crate::bare::Decoding;
use crate::cli::StoreEngine;
use crate::error::LoadError;
use crate::events::{Feed, Recordings, Step, payload};
use crate::lab::Lab;
use crate::numbers::{Latencies, Percentiles, count};
use crate::output::note;
use crate::server::{Kind, Server};

/// The default of `signals.cart_idle_ms`: a cart that rests this long makes a moment.
const CART_IDLE: Duration = Duration::from_mins(2);
/// The timers of the sample are due in this span, from a second after it was sent.
const SAMPLE_SPAN: Duration = Duration::from_secs(12);
/// How late the last timer may be before it counts as missing.
const PATIENCE: Duration = Duration::from_mins(1);
/// A restart that takes longer has failed.
const RESTART_LIMIT: Duration = Duration::from_mins(5);
const LOOK: Duration = Duration::from_millis(100);

#[derive(Debug, Args)]
pub(crate) struct RecoveryArguments {
    #[arg(long, value_enum, default_value = "sqlite")]
    engine: StoreEngine,
    /// Live sessions on disk.
    #[arg(long, default_value = "20000")]
    sessions: u64,
    /// Sessions whose timers are watched, at most 1000.
    #[arg(long, default_value = "200", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    sample: u32,
}

#[derive(Debug, Serialize)]
struct Figures {
    engine: StoreEngine,
    sessions: u64,
    fed: Fed,
    /// From the start of the process to the durable acknowledgement of a new event.
    first_ack_seconds: f64,
    bare_first_ack_seconds: f64,
    timers: Timers,
}

#[derive(Debug, Default, Serialize)]
struct Timers {
    sample: u64,
    fired_once: u64,
    missing: u64,
    /// More than once, or before it was due.
    wrong: u64,
    /// From when a timer was due, or when the service was back if that was later.
    late_ms: Option<Percentiles>,
}

/// A session with a timer.
#[derive(Debug)]
struct Resting {
    session: String,
    due: Timestamp,
}

impl RecoveryArguments {
    pub(crate) async fn run(&self, lab: &Lab) -> Result<(), LoadError> {
        let (Some(store), Some(bare_store)) = (
            lab.scratch(self.engine).await,
            lab.scratch(self.engine).await,
        ) else {
            return Ok(());
        };
        let bare_first_ack_seconds = self.bare(lab, &bare_store).await?;
        let server = lab.start(Kind::Sessions, &store).await?;
        let fed = feed(&server, &mut self.quiet()).await?;
        note(format_args!(
            "{} sessions in {:.1} s",
            self.sessions, fed.seconds
        ));
        let sample = self.send_sample(lab, &server).await?;
        server.kill().await;
        let (first_ack_seconds, server) = restart(lab, Kind::Sessions, &store).await?;
        let back = SystemClock.now();
        note(format_args!("durable again after {first_ack_seconds:.3} s"));
        let timers = watch(lab, &sample, back).await;
        server.kill().await;
        let figures = Figures {
            engine: self.engine,
            sessions: self.sessions,
            fed,
            first_ack_seconds,
            bare_first_ack_seconds,
            timers,
        };
        print(lab, "recovery", figures);
        Ok(())
    }

    /// Sessions of two page views each.
    fn quiet(&self) -> Feed {
        let views = std::sync::Arc::new(Recordings::views());
        Feed::new(&views, FEED_STREAMS, 2_000, Some(self.sessions))
    }

    async fn bare(&self, lab: &Lab, store: &Scratch) -> Result<f64, LoadError> {
        let kind = Kind::Bare(Decoding::Typed);
        let server = lab.start(kind, store).await?;
        feed(&server, &mut self.quiet()).await?;
        server.kill().await;
        let (seconds, server) = restart(lab, kind, store).await?;
        server.kill().await;
        Ok(seconds)
    }

    /// Sends the sample in one batch, to be killed right after.
    async fn send_sample(&self, lab: &Lab, server: &Server) -> Result<Vec<Resting>, LoadError> {
        let first = later(SystemClock.now(), Duration::from_secs(1));
        let step = SAMPLE_SPAN / self.sample;
        let (mut sample, mut events) = (Vec::new(), Vec::new());
        for n in 0..self.sample {
            let due = later(first, step * n);
            let session: SessionId = ids().next();
            events.push(in_the_cart(session, earlier(due, CART_IDLE)));
            sample.push(Resting {
                session: session.to_string(),
                due,
            });
        }
        lab.upstreams
            .watch(sample.iter().map(|resting| resting.session.clone()));
        let request = pb::RecordEventsRequest { events };
        let answer = server.client()?.record_events(request).await?.into_inner();
        if answer.accepted_count != self.sample {
            return Err(LoadError::Wrong(format!(
                "the sample was not taken: {answer:?}"
            )));
        }
        Ok(sample)
    }
}

fn ids() -> &'static dyn IdSource {
    &SystemIds
}

fn in_the_cart(session: SessionId, at: Timestamp) -> pb::Event {
    let visitor: VisitorId = ids().next();
    let id: EventId = ids().next();
    let step = Step::Cart {
        sku: "resting".to_owned(),
        price: 2_500,
    };
    pb::Event {
        event_id: id.to_string(),
        session_id: session.to_string(),
        visitor_id: visitor.to_string(),
        occurred_at: Some(wire_timestamp(at)),
        payload: Some(payload(&step, "")),
        ..pb::Event::default()
    }
}

/// Starts a server again, and says how long it took until a new event was durable.
async fn restart(lab: &Lab, kind: Kind, store: &Scratch) -> Result<(f64, Server), LoadError> {
    let one = Recordings::views();
    let mut feed = Feed::new(&std::sync::Arc::new(one), 1, 1, None);
    let mut batches = feed.prepare(1, 1).await?;
    let begun = Instant::now();
    let server = lab.start(kind, store).await?;
    loop {
        match measure(&server, std::mem::take(&mut batches), whole(1)).await {
            Ok(_) => return Ok((begun.elapsed().as_secs_f64(), server)),
            Err(failure) if begun.elapsed() > RESTART_LIMIT => return Err(failure),
            Err(_) => batches = feed.prepare(1, 1).await?,
        }
        sleep(Duration::from_millis(2)).await;
    }
}

/// Waits for the timers of the sample, and judges them.
async fn watch(lab: &Lab, sample: &[Resting], back: Timestamp) -> Timers {
    let last = sample.iter().map(|resting| resting.due).max();
    let until = later(last.unwrap_or(back).max(back), PATIENCE);
    while SystemClock.now() < until && sample.iter().any(|resting| fired(lab, resting).is_empty()) {
        sleep(LOOK).await;
    }
    // A timer that fires again would do so now.
    sleep(Duration::from_secs(1)).await;
    let mut timers = Timers {
        sample: count(sample.len()),
        ..Timers::default()
    };
    let mut late = Latencies::new();
    for resting in sample {
        match fired(lab, resting).as_slice() {
            [] => timers.missing += 1,
            [at] if *at >= resting.due => {
                timers.fired_once += 1;
                late.record(elapsed(resting.due.max(back), *at));
            }
            [..] => timers.wrong += 1,
        }
    }
    timers.late_ms = Some(late.percentiles());
    timers
}

/// When the timer of a session was heard of.
fn fired(lab: &Lab, resting: &Resting) -> Vec<Timestamp> {
    let seen = lab.upstreams.seen(&resting.session).into_iter();
    seen.filter(|seen| seen.kind == MomentKind::IdleCart)
        .map(|seen| seen.at)
        .collect()
}
