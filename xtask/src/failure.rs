//! Why a developer command stopped. A person reads these: each says what was being done, and what would help.

use std::io;
use std::process::ExitStatus;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("cannot start `{command}`")]
    Start { command: String, source: io::Error },
    #[error("`{command}` ended with {status}{detail}")]
    Ended {
        command: String,
        status: ExitStatus,
        /// What the program said, on a line of its own, when its output was not shown already.
        detail: String,
    },
    #[error("interrupted")]
    Interrupted,
    #[error("cannot {doing}")]
    File { doing: String, source: io::Error },
    #[error("cannot read {what} as JSON")]
    Json {
        what: &'static str,
        source: serde_json::Error,
    },
    #[error("cannot read {path}")]
    Toml {
        path: String,
        source: toml::de::Error,
    },
    #[error("{what} is missing; {help}")]
    Missing { what: String, help: String },
    #[error("{count} findings to mend")]
    Findings { count: usize },
}

impl Failure {
    /// For `map_err` on file operations: `doing` completes the sentence "cannot …".
    pub(crate) fn file(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::File { doing, source }
    }
}
