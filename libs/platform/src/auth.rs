//! Who calls, for which tenant, and what they may do.
//!
//! A bearer token is proven here, once, before a message is decoded; handlers see a [`Caller`] or are not reached.
//! Each service is its own audience. Which partner, session or agent a row belongs to is the service's own check.

use std::path::PathBuf;

use serde::Deserialize;

use crate::config::{Faults, Validate};

pub mod access;
mod caller;
mod claims;
mod document;
mod genuine;
mod jwks;
pub mod keys;
mod revocation;
mod role;
mod scope;
mod source;
mod verifier;

pub use access::{Access, Table};
pub use caller::{Caller, CallerKind};
pub use claims::Grant;
pub use keys::{DevelopmentKeys, KeyError, SigningKey};
pub use revocation::RevocationError;
pub(crate) use revocation::Revocations;
pub use role::Role;
pub use scope::{Scope, Scopes};
pub use source::TokenSource;
pub(crate) use source::bearer;
pub(crate) use verifier::InvalidToken;
pub use verifier::{Verifier, VerifierError};

/// Longest leeway that still means "clocks differ" and not "tokens live longer".
const MAX_LEEWAY_SECONDS: u64 = 120;

/// Settings of access.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    /// Who signs tokens.
    pub issuer: String,
    /// The name of this service, which tokens must name.
    pub audience: String,
    /// Public keys of the issuer: a path, or an http(s) URL.
    pub jwks: String,
    /// Tokens that count no more before they end: a path, or an http(s) URL.
    #[serde(default, deserialize_with = "crate::config::empty_as_none")]
    pub revocations: Option<String>,
    /// Private key that signs this service's own tokens for other services.
    #[serde(default, deserialize_with = "crate::config::empty_as_none")]
    pub signing_key: Option<PathBuf>,
    /// How far clocks may differ, in seconds.
    #[serde(default = "default_leeway")]
    pub leeway_seconds: u64,
}

fn default_leeway() -> u64 {
    30
}

impl Validate for AuthConfig {
    fn validate(&self, faults: &mut Faults) {
        faults.check(!self.issuer.is_empty(), "issuer", "must be given");
        faults.check(!self.audience.is_empty(), "audience", "must be given");
        faults.check(
            !self.jwks.is_empty(),
            "jwks",
            "must be a path or an http(s) URL",
        );
        faults.range(
            "leeway_seconds",
            self.leeway_seconds,
            0..=MAX_LEEWAY_SECONDS,
        );
    }
}
