//! `rescate replay`: recorded shopper events, sent to a running suite as if they happened now.

mod event;
mod send;
mod source;

use std::fmt::Write;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use domain::id::{SessionId, TenantId, VisitorId};
use domain::money::Money;
use platform::auth::{CallerKind, DevelopmentKeys, KeyError};
use platform::client::{self, Client, ClientError};
use thiserror::Error;
use tonic::Status;

use crate::output::line;
use crate::suite::{self, SuiteError, default_tenant};
use crate::token;

pub(crate) use send::{Observer, Outcome, send};
pub(crate) use source::{SourceError, name_uuid, read, read_gzip};

/// Send recorded shopper events to a running suite.
///
/// FILE is CSV, plain or gzip, with the columns of the REES46 event stream (`event_time`, `event_type`, `product_id`, …, `price`,
/// `user_id`, `user_session`) or of `RetailRocket` timelines (`session_key`, `seq`, `offset_ms`, `event`). Each event happens
/// when it is sent. Its id comes from its row, so a second replay finds only duplicates, and one that broke off is simply
/// begun again.
///
/// Counted are the events that session-tracking has acknowledged as durable.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rescate replay tests/data/rees46/events.csv.gz               fifty times as fast as it happened
  rescate replay events.csv --speed max --json                 as fast as the suite takes it, and figures as data
  rescate replay events.csv --to http://10.0.0.7:7101 --token \"$TOKEN\"
                                                               into a suite elsewhere")]
pub(crate) struct ReplayArguments {
    /// The recorded events.
    file: PathBuf,
    /// How much faster than recorded: a number, or `max` for as fast as the suite takes them.
    #[arg(long, default_value = "50")]
    speed: Speed,
    /// Address of session-tracking.
    #[arg(long, default_value = "http://127.0.0.1:7101", value_name = "URL")]
    to: String,
    /// Folder of the suite, whose keys sign the token of this command.
    #[arg(long, default_value = "rescate-data", value_name = "FOLDER")]
    data: PathBuf,
    /// A token to use instead of one made from the keys.
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Tenant whose events these are.
    #[arg(long, default_value = default_tenant(), value_parser = TenantId::parse)]
    tenant: TenantId,
    /// Print the outcome as JSON.
    #[arg(long)]
    json: bool,
}

/// How fast a recording is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Speed {
    /// So many times as fast as it was recorded.
    Times(f64),
    /// As fast as it is taken.
    Max,
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let times: f64 = text.parse().unwrap_or(f64::NAN);
        if (0.01..=1_000_000.0).contains(&times) {
            return Ok(Self::Times(times));
        }
        Err("must be a number from 0.01 to 1000000, or `max`".to_owned())
    }
}

/// One recorded event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Place in the file, from 0: what its event id is made from.
    pub(crate) row: u64,
    /// Since the first event of the file.
    pub(crate) offset: Duration,
    /// The session.
    pub(crate) session: SessionId,
    /// The visitor.
    pub(crate) visitor: VisitorId,
    /// What happened.
    pub(crate) action: Action,
}

/// What a recording knows of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// A product was looked at.
    View { sku: String, price: Option<Money> },
    /// A product was put in the cart.
    Cart { sku: String, price: Money },
    /// A product was bought.
    Purchase { price: Money },
}

/// Why a replay failed.
#[derive(Debug, Error)]
pub(crate) enum ReplayError {
    #[error("the recording cannot be read")]
    Source(#[from] SourceError),
    #[error("`{}` is no folder of a suite; name it with --data, or bring a --token", .0.display())]
    NoSuite(PathBuf),
    #[error("the data folder cannot be used")]
    Data(#[source] Box<SuiteError>),
    #[error("the keys cannot be used")]
    Keys(#[from] KeyError),
    #[error("the address cannot be used")]
    Address(#[from] ClientError),
    #[error(
        "session-tracking cannot be reached at `{uri}`; is the suite running? {durable} of {all} events are durable"
    )]
    NobodyThere {
        uri: String,
        durable: usize,
        all: usize,
    },
    #[error("the stream to session-tracking broke off when {durable} of {all} events were durable")]
    BrokenOff {
        durable: usize,
        all: usize,
        #[source]
        status: Box<Status>,
    },
    #[error("session-tracking ended the stream before every event was durable")]
    Unfinished,
}

/// Where a recording is sent, as whom, and how fast.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Address of session-tracking.
    pub(crate) uri: String,
    pub(crate) access: Access,
    pub(crate) speed: Speed,
}

/// By what right a recording is sent.
#[derive(Debug, Clone)]
pub(crate) enum Access {
    /// A token from somewhere else.
    Token(String),
    /// A token for each stream, as the systems of this shop.
    Keys {
        keys: DevelopmentKeys,
        tenant: TenantId,
    },
}

impl Target {
    fn client(&self) -> Result<Client, ReplayError> {
        let token = match &self.access {
            Access::Token(token) => token.clone(),
            Access::Keys { keys, tenant } => token::mint(keys, tenant, CallerKind::Platform, None)?,
        };
        Ok(client::connect_with_token(&self.uri, &token)?)
    }
}

/// Replays a file and prints what became of it.
pub(crate) async fn run(arguments: ReplayArguments) -> Result<(), ReplayError> {
    let recording = read(&arguments.file)?;
    let as_json = arguments.json;
    let target = arguments.target()?;
    let bar = progress_bar(&recording);
    let sent = send(&target, recording, &bar).await;
    bar.finish_and_clear();
    let outcome = sent?;
    line(if as_json {
        serde_json::json!(outcome).to_string()
    } else {
        told(&outcome)
    });
    Ok(())
}

impl ReplayArguments {
    fn target(self) -> Result<Target, ReplayError> {
        let access = match self.token {
            Some(token) => Access::Token(token),
            None => Access::Keys {
                keys: keys_of(self.data)?,
                tenant: self.tenant,
            },
        };
        Ok(Target {
            uri: self.to,
            access,
            speed: self.speed,
        })
    }
}

/// The keys of a suite that is there: new ones would be good for nothing.
fn keys_of(data: PathBuf) -> Result<DevelopmentKeys, ReplayError> {
    if !suite::is_in(&data) {
        return Err(ReplayError::NoSuite(data));
    }
    suite::keys(&data).map_err(|source| ReplayError::Data(Box::new(source)))
}

fn progress_bar(recording: &[Recorded]) -> indicatif::ProgressBar {
    let count = u64::try_from(recording.len()).unwrap_or(u64::MAX);
    let style = indicatif::ProgressStyle::with_template(
        "{elapsed_precise} [{bar:40}] {pos}/{len} events, {per_sec}, {eta} left",
    );
    let bar = indicatif::ProgressBar::new(count);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn told(outcome: &Outcome) -> String {
    let Outcome {
        sent,
        accepted,
        duplicates,
        rejected,
        refusals,
        seconds,
        events_per_second,
    } = outcome;
    let mut text = format!(
        "{sent} events sent in {seconds:.1} s, {events_per_second:.0} a second: \
         {accepted} stored, {duplicates} stored before, {rejected} refused"
    );
    for (what, times) in refusals {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  refused {times} times: {what}");
    }
    text
}
