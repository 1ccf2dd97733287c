//! Refusals of the platform itself, which have no service error behind them.

use std::fmt;
use std::time::Duration;

use proto::error::v1::ErrorReason;
use tonic::Status;

use super::{Kind, ServiceError, to_status};

/// A refusal in fixed words. Services have error enums of their own; this serves layers and streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    kind: Kind,
    reason: ErrorReason,
    message: &'static str,
    retry_after: Option<Duration>,
    quota: Option<&'static str>,
    resume_token: Option<String>,
}

impl Fault {
    /// A refusal with the reason of its kind.
    pub fn new(kind: Kind, message: &'static str) -> Self {
        Self {
            kind,
            reason: kind.reason(),
            message,
            retry_after: None,
            quota: None,
            resume_token: None,
        }
    }

    /// The same refusal for a finer reason.
    #[must_use]
    pub fn because(mut self, reason: ErrorReason) -> Self {
        self.reason = reason;
        self
    }

    /// The same refusal, worth another try after this long.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// The same refusal, naming the limit that was reached.
    #[must_use]
    pub fn quota(mut self, quota: &'static str) -> Self {
        self.quota = Some(quota);
        self
    }

    /// The same refusal of a stream that can go on where it ended.
    #[must_use]
    pub fn resume(mut self, token: String) -> Self {
        self.resume_token = Some(token);
        self
    }

    /// The refusal on the wire.
    pub fn to_status(&self) -> Status {
        to_status(self)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.message)
    }
}

impl std::error::Error for Fault {}

impl ServiceError for Fault {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn reason(&self) -> ErrorReason {
        self.reason
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    fn quota(&self) -> Option<&str> {
        self.quota
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        self.resume_token
            .iter()
            .map(|token| ("resume_token", token.clone()))
            .collect()
    }
}

impl From<Fault> for Status {
    fn from(fault: Fault) -> Self {
        fault.to_status()
    }
}
