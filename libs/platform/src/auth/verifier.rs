//! The one place that decides whether a token is genuine.
//!
//! `kid` is looked up in the cached keys of the configured issuer and nowhere else. Keys are read anew in the
//! background; the last good set serves while the key server is away, for a day.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jsonwebtoken::{Header, Validation};
use thiserror::Error;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::{debug, error, warn};

use super::claims::{Claims, InvalidClaims};
use super::document::{Document, DocumentError};
use super::genuine::{Genuine, Proven};
use super::jwks::{JwksError, KeySet, PublicKey};
use super::keys::is_bearer;
use super::revocation::{RevocationError, Revocations};
use super::{AuthConfig, Caller};
use crate::clock::Clock;
use crate::limits;

/// Keys older than this are read anew in the background.
const SOFT_AGE: Duration = Duration::from_mins(10);
/// Keys older than this are no keys.
const HARD_AGE: Duration = Duration::from_hours(24);
/// Keys are read at most this often, whatever tokens name.
const PAUSE: Duration = Duration::from_secs(30);

/// Why no verifier could be made.
#[derive(Debug, Error)]
pub enum VerifierError {
    /// There are no keys.
    #[error("public keys of the issuer cannot be read")]
    Keys(#[from] JwksError),
    /// A list of revoked tokens is named and there is none.
    #[error("revoked tokens cannot be read")]
    Revocations(#[from] RevocationError),
}

impl From<DocumentError> for VerifierError {
    fn from(failure: DocumentError) -> Self {
        Self::Keys(failure.into())
    }
}

/// Why a token was refused; for the log only. Callers get one answer for all of these but the last, which only a genuine token
/// gets.
#[derive(Debug, Error)]
pub(crate) enum InvalidToken {
    #[error("token is too long")]
    Oversize,
    #[error("token header is malformed")]
    Header(#[source] jsonwebtoken::errors::Error),
    #[error("token header holds a forbidden field or type")]
    Forbidden,
    #[error("token names no key that the issuer has")]
    UnknownKey,
    #[error("token is not genuine")]
    Signature(#[source] jsonwebtoken::errors::Error),
    #[error("token claims are refused")]
    Claims(#[source] InvalidClaims),
    #[error("token is revoked")]
    Revoked,
}

/// Verifies bearer tokens for one audience. Clones share the keys.
#[derive(Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
}

struct Inner {
    issuer: String,
    audience: String,
    leeway: i64,
    clock: Arc<dyn Clock>,
    source: Document,
    revocations: Revocations,
    keys: RwLock<Keys>,
    /// When keys were last asked for; held while they are, so that one asks for all.
    asked: Mutex<Instant>,
}

#[derive(Clone)]
struct Keys {
    set: Arc<KeySet>,
    read_at: Instant,
    /// What was proven by these keys.
    genuine: Genuine,
}

impl Keys {
    fn read_now(set: KeySet) -> Self {
        Self {
            set: Arc::new(set),
            read_at: Instant::now(),
            genuine: Genuine::default(),
        }
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Verifier")
            .field("issuer", &self.inner.issuer)
            .field("audience", &self.inner.audience)
            .finish_non_exhaustive()
    }
}

impl Verifier {
    /// A verifier as the settings say: keys, and revoked tokens if a list of them is named, each from a file or from an
    /// http(s) URL.
    ///
    /// # Errors
    /// The keys or the list cannot be read now: a service does not start without.
    pub async fn open(config: &AuthConfig, clock: Arc<dyn Clock>) -> Result<Self, VerifierError> {
        let source = Document::at(&config.jwks)?;
        let keys = Keys::read_now(KeySet::read(&source).await?);
        let revocations = match &config.revocations {
            Some(place) => Revocations::follow(place).await?,
            None => Revocations::none(),
        };
        let inner = Inner {
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            leeway: i64::try_from(config.leeway_seconds).unwrap_or(0),
            clock,
            source,
            revocations,
            asked: Mutex::new(keys.read_at),
            keys: RwLock::new(keys),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The caller that a token proves.
    pub(crate) async fn verify(&self, token: &str) -> Result<Caller, InvalidToken> {
        if token.len() > limits::TOKEN {
            return Err(InvalidToken::Oversize);
        }
        let proven = match self
            .current_keys()
            .and_then(|keys| keys.genuine.find(token))
        {
            Some(proven) => proven,
            None => self.prove(token).await?,
        };
        let now = self.inner.clock.now();
        let Proven { kid, claims } = &*proven;
        let caller = claims.clone().into_caller(kid, now, self.inner.leeway);
        let caller = caller.map_err(InvalidToken::Claims)?;
        if self.inner.revocations.revoke(&caller) {
            return Err(InvalidToken::Revoked);
        }
        Ok(caller)
    }

    /// Checks by whom a token was signed, and for whom.
    async fn prove(&self, token: &str) -> Result<Arc<Proven>, InvalidToken> {
        let header = jsonwebtoken::decode_header(token).map_err(InvalidToken::Header)?;
        let kid = accepted(&header)?;
        let (keys, key) = self.key(kid).await.ok_or(InvalidToken::UnknownKey)?;
        let read = jsonwebtoken::decode::<Claims>(token, &key.key, &self.rules(&key))
            .map_err(InvalidToken::Signature)?;
        let kid = kid.to_owned();
        let claims = read.claims;
        Ok(keys.genuine.remember(token, Proven { kid, claims }))
    }

    /// The tokens that are revoked, for streams that outlive the call that opened them.
    pub(crate) fn revocations(&self) -> &Revocations {
        &self.inner.revocations
    }

    /// The rules that the crate checks only when asked. Times are ours: they follow the injected clock.
    fn rules(&self, key: &PublicKey) -> Validation {
        let mut rules = Validation::new(key.algorithm);
        rules.set_audience(&[&self.inner.audience]);
        rules.set_issuer(&[&self.inner.issuer]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        rules.validate_exp = false;
        rules
    }

    /// The key of this id, and the reading of the keys that it is from.
    async fn key(&self, kid: &str) -> Option<(Keys, PublicKey)> {
        let find = |keys: Keys| {
            let key = keys.set.get(kid).cloned()?;
            Some((keys, key))
        };
        if let Some(found) = self.current_keys().and_then(find) {
            return Some(found);
        }
        // A key may be new: then its first token waits for it, once for all callers.
        self.refresh().await;
        self.current_keys().and_then(find)
    }

    /// The keys, unless they are too old to be any. Old ones are read anew in the background.
    fn current_keys(&self) -> Option<Keys> {
        let keys = self.keys();
        let age = keys.read_at.elapsed();
        if age >= SOFT_AGE {
            let verifier = self.clone();
            tokio::spawn(async move { verifier.refresh_in_background().await });
        }
        (age < HARD_AGE).then_some(keys)
    }

    fn keys(&self) -> Keys {
        self.inner
            .keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn refresh_in_background(&self) {
        if let Ok(asked) = self.inner.asked.try_lock() {
            self.read_unless_recent(asked).await;
        }
    }

    async fn refresh(&self) {
        self.read_unless_recent(self.inner.asked.lock().await).await;
    }

    async fn read_unless_recent(&self, mut asked: tokio::sync::MutexGuard<'_, Instant>) {
        if asked.elapsed() < PAUSE {
            return;
        }
        *asked = Instant::now();
        match KeySet::read(&self.inner.source).await {
            Ok(set) => {
                debug!("public keys read anew");
                let mut keys = self
                    .inner
                    .keys
                    .write()
                    .unwrap_or_else(PoisonError::into_inner);
                *keys = Keys::read_now(set);
            }
            Err(failure) => {
                let text = crate::status::chain(&failure);
                if self.keys().read_at.elapsed() >= HARD_AGE {
                    error!(error = %text, "public keys are over a day old, all tokens are refused");
                } else {
                    warn!(error = %text, "public keys cannot be read, the last ones serve");
                }
            }
        }
    }
}

/// The key id of a header, if it holds nothing by which a token could choose how it is checked.
fn accepted(header: &Header) -> Result<&str, InvalidToken> {
    let steers = header.jku.is_some()
        || header.jwk.is_some()
        || header.x5u.is_some()
        || header.x5c.is_some()
        || header.crit.is_some()
        || header.extras.inner().contains_key("b64");
    if steers || !is_bearer(header.typ.as_deref()) {
        return Err(InvalidToken::Forbidden);
    }
    header.kid.as_deref().ok_or(InvalidToken::UnknownKey)
}

#[cfg(test)]
mod tests;
