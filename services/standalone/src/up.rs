//! `rescate up`: the suite until Ctrl-C.

use std::path::PathBuf;

use clap::Args;
use platform::lifecycle::shutdown_on_signal;

use crate::output::{line, note};
use crate::suite::{Overrides, Ports, Suite, SuiteError, SuiteOptions};

/// Run all five services in this process until Ctrl-C.
///
/// Each service listens on its own port of 127.0.0.1, keeps its own SQLite database below the data folder, and speaks gRPC with
/// the others. One line with all addresses tells that they are ready. The first Ctrl-C lets calls finish, a second one ends
/// at once. Started again on the same folder, the suite goes on where it was.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rescate up                                        keep everything in ./rescate-data
  rescate up --data /var/lib/rescate --log info     another folder, and a log line for what happens
  RESCATE_ROUTING__RULES__HOLDOUT_BPS=500 rescate up
                                                    another setting of one service")]
pub(crate) struct UpArguments {
    /// Folder for databases, keys and settings; made when it is not there.
    #[arg(long, default_value = "rescate-data", value_name = "FOLDER")]
    pub(crate) data: PathBuf,
    /// Listen on free ports instead of 7101 to 7105.
    #[arg(long)]
    pub(crate) free_ports: bool,
}

/// Runs the suite.
pub(crate) async fn run(arguments: UpArguments) -> Result<(), SuiteError> {
    let ports = if arguments.free_ports {
        Ports::Free
    } else {
        Ports::Usual
    };
    let options = SuiteOptions {
        data: arguments.data,
        ports,
        overrides: Overrides::default(),
    };
    let shutdown = shutdown_on_signal();
    let suite = Suite::start(&options, shutdown.clone()).await?;
    line(ready_line(&suite));
    let stopping = async {
        shutdown.cancelled().await;
        note("stopping: calls may finish, which takes up to 25 s; Ctrl-C again ends at once");
    };
    let ((), outcome) = tokio::join!(stopping, suite.finish());
    outcome
}

fn ready_line(suite: &Suite) -> String {
    let addresses: Vec<String> = suite
        .addresses()
        .iter()
        .map(|(service, uri)| format!("{service}={uri}"))
        .collect();
    format!("rescate is ready: {}", addresses.join(" "))
}
