//! `rescate demo`: the whole suite at work on real shopper events, among them a few scripted shoppers who show each risk
//! phase and cause, and a report with what came of it, checked through the same calls that a customer has.
//!
//! Everything that happens goes through the public gRPC calls of a suite that is started like any other. Deliberately
//! absent: any way around them.

mod cast;
mod chat;
mod checks;
mod clients;
mod clock;
mod desk;
mod error;
mod model;
mod progress;
mod reading;
mod report;
mod scenes;
mod script;
mod setup;
mod shopper;
mod source;
mod stage;
mod step;
mod story;

use clap::Args;
use domain::id::TenantId;
use platform::clock::{Clock, SystemClock};
use platform::ids::{IdSource, SystemIds};
use platform::lifecycle::shutdown_on_signal;

use crate::output::line;
use crate::replay::{Outcome, Recorded, Speed, read_gzip, send};
use crate::suite::{Suite, default_tenant};
use clients::Doors;
pub(crate) use error::DemoError;
use error::failed;
use progress::Progress;
use reading::Reading;
use report::Report;
use source::Source;
use stage::Stage;

/// Recorded events of a real shop; see `tests/data/rees46/README.md`.
const RECORDING: &[u8] = include_bytes!("../../../tests/data/rees46/events.csv.gz");

/// Recorded events that are sent a second time, to see that nothing changes.
const SENT_TWICE: usize = 200;

/// Show the suite at work on real shopper events, with a report at the end.
///
/// Starts all five services on a temporary folder, replays recorded events of a real shop, lets scripted shoppers meet
/// trouble among them, and helps these with simulated agents at real desks. Takes less than a minute and leaves nothing
/// behind. Ends with an error when something did not come out as it must.
///
/// The report goes to standard output, progress to standard error.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rescate demo                                       a report to read
  rescate demo --json | jq .kpis                     the same as data
  rescate demo --otlp http://127.0.0.1:4317          with every trace in a Jaeger; the report names one")]
pub(crate) struct DemoArguments {
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// Other scripted people: their ids are made from this number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs the demo and prints its report.
pub(crate) async fn run(arguments: DemoArguments) -> Result<(), DemoError> {
    let progress = Progress::begin();
    let folder = tempfile::tempdir().map_err(DemoError::Folder)?;
    let shutdown = shutdown_on_signal();
    let suite = Suite::start(&clock::options(folder.path())?, shutdown.clone()).await?;
    progress.say("five services are ready, each on a port of its own");
    let played = tokio::select! {
        played = play(&suite, arguments.seed, &progress) => played,
        () = shutdown.cancelled() => Err(DemoError::Interrupted),
    };
    progress.finish();
    suite.stop().await?;
    let mut report = played?;
    report.about.seconds = progress.began().elapsed().as_secs_f64();
    line(if arguments.json {
        serde_json::to_string_pretty(&report).map_err(DemoError::Json)?
    } else {
        report::text::render(&report)
    });
    report.verdict()
}

/// The demo itself, in its phases.
async fn play(suite: &Suite, seed: u64, progress: &Progress) -> Result<Report, DemoError> {
    let tenant = TenantId::parse(default_tenant())?;
    let doors = Doors::of(suite, tenant);
    setup::open_shop(&doors).await?;
    let stage = Stage::open(&doors, seed).await?;
    progress
        .say("the shop has programmes, purses, an authority policy, plays and a trained model; the desks are open");

    let began = SystemClock.now();
    let recording = clock::without_silences(read_gzip(RECORDING)?);
    progress.expect(recording.len());
    progress.say("replaying recorded shoppers, with scripted ones among them");
    let (replayed, taken) =
        tokio::try_join!(replay(&doors, &recording, progress), stage.play(progress))?;

    let again = replay_again(&doors, &recording).await?;
    progress.say("reading what came of it from all five services");
    let reading = Reading::settled(&doors, began).await?;
    let story = story::tell(&doors, &reading, &taken).await?;
    let source = Source {
        replayed,
        again,
        recording: &recording,
        taken: &taken,
        reading: &reading,
    };
    Ok(report::assemble(&source, story))
}

async fn replay(
    doors: &Doors,
    recording: &[Recorded],
    progress: &Progress,
) -> Result<Outcome, DemoError> {
    let target = doors.replay(Speed::Times(f64::from(clock::FACTOR)));
    Ok(send(&target, recording.to_vec(), progress).await?)
}

/// Sends events once more that are there already.
async fn replay_again(doors: &Doors, recording: &[Recorded]) -> Result<Outcome, DemoError> {
    let first: Vec<Recorded> = recording.iter().take(SENT_TWICE).cloned().collect();
    let target = doors.replay(Speed::Max);
    Ok(send(&target, first, &indicatif::ProgressBar::hidden()).await?)
}

/// A new idempotency key.
fn request_id() -> String {
    SystemIds.next_uuid().to_string()
}
