//! Why a measurement could not be made.

use std::io;
use std::path::PathBuf;

use platform::client::ClientError;
use storage::StoreError;
use thiserror::Error;
use tonic::Status;

/// Why a measurement could not be made.
#[derive(Debug, Error)]
pub(crate) enum LoadError {
    #[error("`{}` cannot be used", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the recorded sessions cannot be read")]
    Recording(#[from] csv::Error),
    #[error("the recorded sessions cannot be read: row {row} names no known event")]
    Row { row: usize },
    #[error("the setting `{0}` cannot be used: it must be SECTION.KEY=VALUE in TOML")]
    Setting(String),
    #[error("the system says nothing useful of process {0}")]
    Process(u32),
    #[error("the store cannot be used")]
    Store(#[from] StoreError),
    #[error("no connection can be set up")]
    Client(#[from] ClientError),
    #[error("a call failed")]
    Call(#[source] Box<Status>),
    #[error("the server did not {0} in time")]
    TooLate(&'static str),
    #[error("a part of the measurement ended early")]
    Panicked(#[from] tokio::task::JoinError),
    #[error("the server could not serve")]
    Serve(#[from] tonic::transport::Error),
    /// A server that loses, doubles or refuses events is not measured but found out.
    #[error("{0}")]
    Wrong(String),
    #[error("interrupted")]
    Interrupted,
}

impl From<Status> for LoadError {
    fn from(status: Status) -> Self {
        Self::Call(Box::new(status))
    }
}

impl LoadError {
    /// For a file or folder that is not as it must be.
    pub(crate) fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::File { path, source }
    }
}
