//! A service's own tokens for the services it calls: short-lived, one for each audience and tenant.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::id::TenantId;
use http::HeaderValue;
use jiff::Timestamp;

use super::{AuthConfig, CallerKind, Grant, KeyError, SigningKey};
use crate::Sources;

/// A token is renewed when less than this is left, so that no call leaves with one that dies on the way.
const RENEW_BEFORE: Duration = Duration::from_mins(1);
const MOST_CACHED: usize = 4_096;

type Cache = HashMap<(String, TenantId), Cached>;

/// Makes and keeps the tokens of one service. Clones share what is kept.
#[derive(Clone)]
pub struct TokenSource {
    inner: Arc<Inner>,
}

struct Inner {
    key: Arc<SigningKey>,
    issuer: String,
    service: String,
    sources: Sources,
    cache: Mutex<Cache>,
}

#[derive(Clone)]
struct Cached {
    bearer: HeaderValue,
    renew_at: Timestamp,
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TokenSource")
            .field("service", &self.inner.service)
            .finish_non_exhaustive()
    }
}

impl TokenSource {
    /// Tokens of `service`, signed by the key that the settings name.
    ///
    /// # Errors
    /// No key is named, or it cannot be used.
    pub fn open(config: &AuthConfig, service: &str, sources: &Sources) -> Result<Self, KeyError> {
        let path = config.signing_key.as_ref().ok_or(KeyError::NotNamed)?;
        let key = Arc::new(SigningKey::from_file(path)?);
        Ok(Self::new(key, &config.issuer, service, sources))
    }

    /// Tokens of `service`, signed by `key` in the name of `issuer`.
    pub fn new(key: Arc<SigningKey>, issuer: &str, service: &str, sources: &Sources) -> Self {
        let inner = Inner {
            key,
            issuer: issuer.to_owned(),
            service: service.to_owned(),
            sources: sources.clone(),
            cache: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The `authorization` header of a call to one audience for one tenant.
    pub fn bearer(&self, audience: &str, tenant: &TenantId) -> Result<HeaderValue, KeyError> {
        let now = self.inner.sources.clock.now();
        let mut cache = self
            .inner
            .cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let name = (audience.to_owned(), tenant.clone());
        if let Some(cached) = cache.get(&name).filter(|cached| now < cached.renew_at) {
            return Ok(cached.bearer.clone());
        }
        if cache.len() >= MOST_CACHED {
            cache.retain(|_, cached| now < cached.renew_at);
        }
        if cache.len() >= MOST_CACHED {
            cache.clear();
        }
        let fresh = self.mint(audience, tenant, now)?;
        cache.insert(name, fresh.clone());
        Ok(fresh.bearer)
    }

    fn mint(&self, audience: &str, tenant: &TenantId, now: Timestamp) -> Result<Cached, KeyError> {
        let Inner {
            key,
            issuer,
            service,
            sources,
            ..
        } = &*self.inner;
        let grant = Grant::new(audience, tenant.clone(), service, CallerKind::Service);
        let token = key.mint(issuer, &grant, now, sources.ids.next_uuid())?;
        let useful = grant.life.saturating_sub(RENEW_BEFORE);
        Ok(Cached {
            bearer: bearer(&token)?,
            renew_at: domain::time::later(now, useful),
        })
    }
}

/// The header value of a token; marked as sensitive, so that nothing prints it.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, KeyError> {
    let mut value =
        HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| KeyError::NotVerified)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, SystemClock};

    struct Hand(Mutex<Timestamp>);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            *self.0.lock().unwrap()
        }
    }

    #[test]
    fn a_token_is_kept_until_it_is_nearly_over() {
        let clock = Arc::new(Hand(Mutex::new(SystemClock.now())));
        let key = Arc::new(SigningKey::generate().unwrap());
        let sources = Sources {
            clock: clock.clone(),
            ..Sources::system()
        };
        let source = TokenSource::new(key, "iss", "risk-scoring", &sources);
        let tenant = TenantId::parse("acme").unwrap();
        let token = |seconds: i64, audience: &str| {
            *clock.0.lock().unwrap() += jiff::SignedDuration::from_secs(seconds);
            source.bearer(audience, &tenant).unwrap()
        };
        let first = token(0, "kpi");
        assert!(first.is_sensitive());
        assert_eq!(token(239, "kpi"), first);
        assert_ne!(token(0, "offers"), first);
        assert_ne!(token(1, "kpi"), first);
    }
}
