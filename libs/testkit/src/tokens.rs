//! Bearer tokens of every kind of caller, and broken ones. They are made by the keys of a development issuer in a
//! temporary folder, and services read them exactly as those of a real issuer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::id::{AgentId, PartnerId, SessionId};
use domain::time::{Timestamp, earlier, later};
use platform::auth::{AuthConfig, CallerKind, DevelopmentKeys, Grant, Role, Scope, SigningKey};
use platform::clock::{Clock, SystemClock};
use platform::ids::{IdSource, SystemIds};
use tempfile::TempDir;

use crate::builders::{agent, other_tenant, partner, tenant};
use crate::ids::nth;

const ISSUER: &str = "https://issuer.test";
const LEEWAY_SECONDS: u64 = 30;

/// Longer than any token lives, and than any leeway.
const LONG: Duration = Duration::from_hours(2);

/// An issuer with keys of its own. Its files go when it is dropped, so it must outlive the services that read them.
pub struct Issuer {
    keys: DevelopmentKeys,
    clock: Arc<dyn Clock>,
    _folder: TempDir,
}

impl Issuer {
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock))
    }

    /// For services that live by another clock than the machine's.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            keys: DevelopmentKeys::create_or_load(folder.path()).unwrap(),
            clock,
            _folder: folder,
        }
    }

    /// The section `auth` of the service with this audience.
    pub fn auth_config(&self, audience: &str) -> AuthConfig {
        AuthConfig {
            issuer: ISSUER.to_owned(),
            audience: audience.to_owned(),
            jwks: self.keys.jwks_path().display().to_string(),
            revocations: None,
            signing_key: Some(self.keys.key_path()),
            leeway_seconds: LEEWAY_SECONDS,
        }
    }

    /// The keys themselves, for a service's own tokens.
    pub fn keys(&self) -> &DevelopmentKeys {
        &self.keys
    }

    /// Tokens for one service, of the tenant [`acme`](tenant).
    pub fn tokens_for(&self, audience: &str) -> Tokens {
        Tokens {
            audience: audience.to_owned(),
            key: self.keys.signing_key(),
            clock: Arc::clone(&self.clock),
        }
    }
}

impl Default for Issuer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").finish_non_exhaustive()
    }
}

/// Makes tokens for one audience. Each has all rights of its role, for as long as the role allows.
#[derive(Clone)]
pub struct Tokens {
    audience: String,
    key: Arc<SigningKey>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

impl Tokens {
    pub fn platform(&self) -> String {
        self.of(Role::Platform)
    }

    /// A shopper's browser, bound to a session.
    pub fn storefront(&self, session: SessionId) -> String {
        self.mint(&self.grant(CallerKind::Storefront { session }))
    }

    /// The agent `ana` of the partner `north`.
    pub fn agent(&self) -> String {
        self.of(Role::Agent)
    }

    pub fn agent_of(&self, partner: PartnerId, agent: AgentId) -> String {
        self.mint(&self.grant(CallerKind::Agent { partner, agent }))
    }

    /// A supervisor, `ana`, of the partner `north`.
    pub fn supervisor(&self) -> String {
        self.of(Role::Supervisor)
    }

    pub fn supervisor_of(&self, partner: PartnerId, agent: AgentId) -> String {
        self.mint(&self.grant(CallerKind::Supervisor { partner, agent }))
    }

    pub fn checkout(&self) -> String {
        self.of(Role::Checkout)
    }

    pub fn operator(&self) -> String {
        self.of(Role::Operator)
    }

    pub fn service(&self) -> String {
        self.of(Role::Service)
    }

    /// A caller of this role, bound to the session, partner and agent of the [`builders`](crate::builders).
    pub fn of(&self, role: Role) -> String {
        self.mint(&self.grant(usual_kind(role)))
    }

    /// The same caller at another tenant: genuine, but it may see nothing of the first.
    pub fn of_other_tenant(&self, role: Role) -> String {
        self.mint(&Grant {
            tenant: other_tenant(),
            ..self.grant(usual_kind(role))
        })
    }

    /// The same caller with some of its rights only.
    pub fn narrowed(&self, role: Role, scopes: &[Scope]) -> String {
        self.mint(&Grant {
            scopes: scopes.iter().copied().collect(),
            ..self.grant(usual_kind(role))
        })
    }

    pub fn expired(&self, role: Role) -> String {
        self.mint_at(
            earlier(self.clock.now(), LONG),
            &self.grant(usual_kind(role)),
        )
    }

    pub fn for_other_audience(&self, role: Role) -> String {
        self.mint(&Grant {
            audiences: vec!["another-service".to_owned()],
            ..self.grant(usual_kind(role))
        })
    }

    /// Every way in which a token of this role can be no token, each with its name. All are answered alike.
    pub fn broken(&self, role: Role) -> Vec<(&'static str, String)> {
        let grant = self.grant(usual_kind(role));
        let good = self.mint(&grant);
        let now = self.clock.now();
        let stranger = SigningKey::generate().unwrap();
        let by = |key: &SigningKey, issuer: &str| {
            key.mint(issuer, &grant, now, SystemIds.next_uuid())
                .unwrap()
        };
        vec![
            ("expired", self.expired(role)),
            ("not yet valid", self.mint_at(later(now, LONG), &grant)),
            ("for another audience", self.for_other_audience(role)),
            ("of another issuer", by(&self.key, "https://elsewhere.test")),
            ("signed by a stranger", by(&stranger, ISSUER)),
            (
                "with swapped claims",
                spliced(&good, &self.of_other_tenant(role)),
            ),
            ("without signature", without_signature(&good)),
            (
                "of another type",
                self.key.sign("offer+jwt", &"claims").unwrap(),
            ),
            ("garbage", "garbage".to_owned()),
            ("empty", String::new()),
        ]
    }

    /// What [`mint`](Self::mint) makes a token of, to be changed by a test that needs another.
    pub fn grant(&self, kind: CallerKind) -> Grant {
        Grant::new(&self.audience, tenant(), "tester", kind)
    }

    pub fn mint(&self, grant: &Grant) -> String {
        self.mint_at(self.clock.now(), grant)
    }

    fn mint_at(&self, now: Timestamp, grant: &Grant) -> String {
        let id = SystemIds.next_uuid();
        self.key.mint(ISSUER, grant, now, id).unwrap()
    }
}

fn usual_kind(role: Role) -> CallerKind {
    let (partner, agent) = (partner(), agent());
    match role {
        Role::Platform => CallerKind::Platform,
        Role::Storefront => CallerKind::Storefront { session: nth(102) },
        Role::Agent => CallerKind::Agent { partner, agent },
        Role::Supervisor => CallerKind::Supervisor { partner, agent },
        Role::Checkout => CallerKind::Checkout,
        Role::Operator => CallerKind::Operator,
        Role::Service => CallerKind::Service,
    }
}

/// The header and signature of one token around the claims of another.
fn spliced(outer: &str, inner: &str) -> String {
    let (header, rest) = outer.split_once('.').expect("a token");
    let (_claims, signature) = rest.rsplit_once('.').expect("a token");
    let (signed, _signature) = inner.rsplit_once('.').expect("a token");
    let (_header, claims) = signed.split_once('.').expect("a token");
    format!("{header}.{claims}.{signature}")
}

fn without_signature(token: &str) -> String {
    let (signed, _signature) = token.rsplit_once('.').expect("a token");
    format!("{signed}.")
}

#[cfg(test)]
mod tests;
