//! Why the demo failed.

use domain::id::InvalidId;
use platform::auth::KeyError;
use thiserror::Error;
use tonic::Status;

use crate::replay::{ReplayError, SourceError};
use crate::suite::SuiteError;

/// Why the demo failed.
#[derive(Debug, Error)]
pub(crate) enum DemoError {
    #[error("no temporary folder can be made")]
    Folder(#[source] std::io::Error),
    #[error("the documented settings cannot be read")]
    Defaults(#[source] toml::de::Error),
    #[error("the suite failed")]
    Suite(#[from] SuiteError),
    #[error("the samples of the model cannot be read")]
    Samples(#[source] serde_json::Error),
    #[error("a token cannot be made")]
    Keys(#[from] KeyError),
    #[error("a token cannot be sent")]
    Token(#[source] tonic::metadata::errors::InvalidMetadataValue),
    #[error("an address cannot be used")]
    Endpoint(#[source] tonic::transport::Error),
    #[error("a name cannot be used")]
    Name(#[from] InvalidId),
    #[error("the recording cannot be read")]
    Recording(#[from] SourceError),
    #[error("the recording cannot be replayed")]
    Replay(#[from] ReplayError),
    #[error("{what}")]
    Call {
        what: &'static str,
        #[source]
        status: Box<Status>,
    },
    #[error("an event of the scene `{scene}` was refused for its `{field}`")]
    Rejected { scene: &'static str, field: String },
    #[error("the desk of {0} did not open or was closed")]
    Desk(&'static str),
    #[error("nobody is in the conversation of `{0}`")]
    NobodyThere(String),
    #[error("no {0} came to the page in time")]
    NotShown(&'static str),
    #[error("a simulated person stopped")]
    Task(#[source] tokio::task::JoinError),
    #[error("the report cannot be written as json")]
    Json(#[source] serde_json::Error),
    #[error("interrupted")]
    Interrupted,
    #[error("{0} of the checks did not hold; the report names them")]
    Checks(usize),
}

/// Turns the answer of a call into an error that says what was tried; for `map_err`.
pub(super) fn failed(what: &'static str) -> impl FnOnce(Status) -> DemoError {
    move |status| DemoError::Call {
        what,
        status: Box::new(status),
    }
}
