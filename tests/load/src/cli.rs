//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use offer_authorization::OfferAuthorization;
use platform::lifecycle::shutdown_on_signal;
use platform::program;
use platform::status::chain;
use risk_scoring::RiskScoring;
use session_tracking::SessionTracking;
use toml::{Table, Value};

use crate::bare::{self, BareArguments};
use crate::echo::{self, EchoArguments};
use crate::error::LoadError;
use crate::events::Mix;
use crate::lab::Lab;
use crate::output::note;
use crate::scenario::assess::AssessArguments;
use crate::scenario::black_friday::BlackFridayArguments;
use crate::scenario::growth::GrowthArguments;
use crate::scenario::ingest::IngestArguments;
use crate::scenario::kill::KillArguments;
use crate::scenario::memory::{self, MemoryArguments, SlabArguments};
use crate::scenario::offers::OffersArguments;
use crate::scenario::recovery::RecoveryArguments;
use crate::scenario::scale::ScaleArguments;

/// Measures session-tracking, risk-scoring and offer-authorization under load, beside what the machine would allow.
///
/// The figures go to standard output as JSON. Everything runs on 127.0.0.1, and what is stored lies in temporary folders
/// (TMPDIR must be on a real disk) or databases that are removed at the end. Build with --release to measure.
#[derive(Debug, Parser)]
#[command(version, name = "load")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

/// What all scenarios take.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// The service to measure; without it, the one that was compiled into this program.
    #[arg(long, global = true, value_name = "PROGRAM")]
    pub(crate) server: Option<PathBuf>,
    /// A PostgreSQL server with durable commits, on which databases may be created: `postgres://USER@HOST/DATABASE`.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) postgres: Option<String>,
    /// Folder with `retailrocket/timelines.csv.gz`.
    #[arg(long, global = true, value_name = "FOLDER", env = "RESCATE_LOAD_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// Which recorded sessions are sent.
    #[arg(long, global = true, value_name = "MIX", default_value = "carts")]
    pub(crate) mix: Mix,
    /// A setting of the service that differs from its default, in TOML; may be given several times.
    #[arg(long, global = true, value_name = "SECTION.KEY=VALUE")]
    pub(crate) set: Vec<Setting>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Rate, processor time and latency of durable ingest, beside those of the bare server.
    Ingest(IngestArguments),
    /// Rate at the start, and with many events stored.
    Growth(GrowthArguments),
    /// From kill -9 to the first durable acknowledgement, and whether the timers are right.
    Recovery(RecoveryArguments),
    /// Recorded sessions by their own clock, made faster, over the hours of a day, and what memory does meanwhile.
    BlackFriday(BlackFridayArguments),
    /// kill -9 in the middle of ingest, again and again, and whether anything was lost or counted twice.
    Kill(KillArguments),
    /// Memory of a live session.
    Memory(MemoryArguments),
    /// Time for so many sessions and for ten times as many, and what live timers cost.
    Scale(ScaleArguments),
    /// Rate, processor time and latency of assessments, beside those of a bare echo of the same messages.
    Assess(AssessArguments),
    /// Rate and latency of offers on one budget and on many, beside what the store allows.
    Offers(OffersArguments),
    /// The bare server.
    #[command(hide = true)]
    Bare(BareArguments),
    /// The bare echo.
    #[command(hide = true)]
    Echo(EchoArguments),
    /// Memory of the least that could be kept of a session.
    #[command(hide = true)]
    Slab(SlabArguments),
    /// The service itself that this program was called by, which reads the command line again.
    #[command(hide = true, disable_help_flag = true)]
    Serve {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        _its_own: Vec<String>,
    },
}

/// Where events are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StoreEngine {
    Sqlite,
    Postgres,
}

/// A setting of the service that is measured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Setting {
    pub(crate) section: String,
    pub(crate) key: String,
    pub(crate) value: Value,
}

impl Setting {
    pub(crate) fn new(section: &str, key: &str, value: impl Into<Value>) -> Self {
        Self {
            section: section.to_owned(),
            key: key.to_owned(),
            value: value.into(),
        }
    }
}

impl FromStr for Setting {
    type Err = LoadError;

    fn from_str(text: &str) -> Result<Self, LoadError> {
        let wrong = || LoadError::Setting(text.to_owned());
        let (name, value) = text.split_once('=').ok_or_else(wrong)?;
        let (section, key) = name.split_once('.').ok_or_else(wrong)?;
        let line: Table = format!("value = {value}").parse().map_err(|_| wrong())?;
        Ok(Self {
            section: section.to_owned(),
            key: key.to_owned(),
            value: line.get("value").cloned().ok_or_else(wrong)?,
        })
    }
}

/// Does as told. What is under way when a signal comes is dropped, and its servers and folders with it.
pub(crate) async fn run(arguments: Arguments) -> ExitCode {
    let Arguments { command, common } = arguments;
    if let Command::Serve { .. } = command {
        return if is_called(risk_scoring::NAME) {
            program::main::<RiskScoring>().await
        } else if is_called(offer_authorization::NAME) {
            program::main::<OfferAuthorization>().await
        } else {
            program::main::<SessionTracking>().await
        };
    }
    let signalled = shutdown_on_signal();
    let outcome = tokio::select! {
        outcome = execute(command, common) => outcome,
        () = signalled.cancelled() => Err(LoadError::Interrupted),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            note(chain(&failure));
            ExitCode::FAILURE
        }
    }
}

/// Whether this program was started under a name.
fn is_called(name: &str) -> bool {
    std::env::args_os()
        .next()
        .is_some_and(|first| first == name)
}

async fn execute(command: Command, common: Common) -> Result<(), LoadError> {
    match command {
        Command::Bare(arguments) => return bare::serve(arguments).await,
        Command::Echo(arguments) => return echo::serve(arguments).await,
        Command::Slab(arguments) => return memory::slab(&arguments),
        Command::Serve { .. } => return Ok(()),
        Command::Assess(arguments) => arguments.run(&Lab::open(common).await?).await?,
        Command::Offers(arguments) => arguments.run(&Lab::open(common).await?).await?,
        Command::Ingest(arguments) => arguments.run(&Lab::open(common).await?).await?,
        Command::Growth(arguments) => arguments.run(&Lab::open(common).await?).await?,
        Command::Recovery(arguments) => arguments.run(&Lab::open(common).await?).await?,
        Command::BlackFriday(arguments) => arguments.run(&Lab::open(common).await?).await?,
        Command::Kill(arguments) => arguments.run(&Lab::open(common).await?).await?,
        Command::Memory(arguments) => arguments.run(&Lab::open(common).await?).await?,
        Command::Scale(arguments) => arguments.run(&Lab::open(common).await?).await?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn settings_are_toml() {
        let setting: Setting = "ingest.cached_sessions=1000".parse().unwrap();

        assert_eq!(setting.section, "ingest");
        assert_eq!(setting.value, Value::Integer(1_000));
        assert!("ingest.cached_sessions".parse::<Setting>().is_err());
        assert!("cached=1".parse::<Setting>().is_err());
    }
}
