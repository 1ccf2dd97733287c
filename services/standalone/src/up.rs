//! `rescate up`: the suite until Ctrl-C.

use std::path::PathBuf;

use clap::Args;
use platform::lifecycle::shutdown_on_signal;

use crate::output::line;
use crate::suite::{Overrides, Ports, Suite, SuiteError, SuiteOptions};

/// Run all five services in this process until Ctrl-C.
///
/// Each service listens on its own port of 127.0.0.1, keeps its own `SQLite` database below the data folder, and speaks gRPC with
/// the others. The first Ctrl-C lets calls finish, a second one ends at once.
#[derive(Debug, Args)]
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
    let suite = Suite::start(&options, shutdown_on_signal()).await?;
    line(ready_line(&suite));
    suite.finish().await
}

fn ready_line(suite: &Suite) -> String {
    let addresses: Vec<String> = suite
        .addresses()
        .iter()
        .map(|(service, uri)| format!("{service}={uri}"))
        .collect();
    format!("rescate is ready: {}", addresses.join(" "))
}
