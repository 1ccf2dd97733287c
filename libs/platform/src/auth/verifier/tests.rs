use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::auth::{CallerKind, DevelopmentKeys, Role, SigningKey};
use crate::clock::SystemClock;
use crate::testing::{AUDIENCE, ISSUER, auth_config};

mod keys;
mod vectors;

struct Fixture {
    keys: DevelopmentKeys,
    clock: Arc<Hand>,
    verifier: Verifier,
    folder: tempfile::TempDir,
}

struct Hand(StdMutex<Timestamp>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl Hand {
    fn step(&self, seconds: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = DevelopmentKeys::create_or_load(folder.path()).unwrap();
        let clock = Arc::new(Hand(StdMutex::new(SystemClock.now())));
        let verifier = Verifier::open(&auth_config(&keys), clock.clone())
            .await
            .unwrap();
        Self {
            keys,
            clock,
            verifier,
            folder,
        }
    }

    /// The claims of a genuine platform token.
    fn claims(&self) -> Value {
        let now = self.clock.now().as_second();
        json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "shop", "iat": now, "exp": now + 600,
            "jti": "1", "tenant": "acme", "scope": "offers:read", "kind": "platform",
        })
    }

    fn header(&self) -> Value {
        json!({"alg": "EdDSA", "typ": "JWT", "kid": self.keys.signing_key().kid()})
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let private = std::fs::read(self.keys.key_path()).unwrap();
        sign(
            header,
            claims,
            &EncodingKey::from_ed_der(&private),
            Algorithm::EdDSA,
        )
    }

    fn with_claims(&self, changes: Value) -> String {
        self.token(&self.header(), &merged(self.claims(), changes))
    }

    fn with_header(&self, changes: Value) -> String {
        self.token(&merged(self.header(), changes), &self.claims())
    }

    async fn accepts(&self, token: &str) -> bool {
        self.verifier.verify(token).await.is_ok()
    }
}

/// `null` removes.
fn merged(mut base: Value, changes: Value) -> Value {
    let (Value::Object(fields), Value::Object(changes)) = (&mut base, changes) else {
        panic!("not objects");
    };
    for (name, value) in changes {
        if value.is_null() {
            fields.remove(&name);
        } else {
            fields.insert(name, value);
        }
    }
    base
}

fn encode(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn sign(header: &Value, claims: &Value, key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

#[tokio::test]
async fn a_genuine_token_gives_its_caller() {
    let fixture = Fixture::new().await;
    let session = "ses_0192f0c1-0000-7000-8000-000000000001";
    let token = fixture.with_claims(json!({
        "kind": "storefront", "session": session, "scope": "events:write x:y shopper:invitations",
        "act": {"sub": "session-tracking", "scope": "events:write offers:redeem"},
    }));
    let caller = fixture.verifier.verify(&token).await.unwrap();
    assert_eq!(caller.tenant().as_str(), "acme");
    assert_eq!(caller.session().unwrap().to_string(), session);
    assert_eq!(
        caller.scopes().to_string(),
        "events:write",
        "rights are the intersection"
    );
    assert_eq!(caller.acting_service(), Some("session-tracking"));
}

#[tokio::test]
async fn forged_claims_are_refused() {
    let fixture = Fixture::new().await;
    assert!(fixture.accepts(&fixture.with_claims(json!({}))).await);
    let now = fixture.clock.now().as_second();
    let session = "ses_0192f0c1-0000-7000-8000-000000000001";
    for changes in [
        json!({"iss": "https://evil.test"}),
        json!({"iss": null}),
        json!({"aud": "kpi"}),
        json!({"aud": ["kpi", "risk-scoring"]}),
        json!({"aud": null}),
        json!({"sub": null}),
        json!({"sub": ""}),
        json!({"jti": null}),
        json!({"tenant": null}),
        json!({"tenant": "../etc"}),
        json!({"tenant": ["acme", "other"]}),
        json!({"scope": null}),
        json!({"scope": ["offers:read"]}),
        json!({"kind": null}),
        json!({"kind": "admin"}),
        json!({"exp": null}),
        json!({"exp": (now + 600).to_string()}),
        json!({"exp": 1.5}),
        json!({"exp": -1}),
        json!({"exp": i64::MAX}),
        json!({"exp": now - 31, "iat": now - 600}),
        json!({"iat": null}),
        json!({"iat": now + 31}),
        json!({"iat": now - 3_601}),
        json!({"exp": now, "iat": now}),
        json!({"nbf": now + 31}),
        json!({"nbf": "soon"}),
        json!({"kind": "agent"}),
        json!({"kind": "agent", "partner": "bpo-1", "sub": "Ana Ruiz"}),
        json!({"kind": "agent", "partner": "bpo-1", "session": session}),
        json!({"kind": "supervisor"}),
        json!({"kind": "storefront"}),
        json!({"kind": "storefront", "session": "1"}),
        json!({"kind": "platform", "partner": "bpo-1"}),
        json!({"kind": "operator", "session": session}),
        json!({"act": "session-tracking"}),
    ] {
        let token = fixture.with_claims(changes.clone());
        assert!(!fixture.accepts(&token).await, "{changes}");
    }
}

#[tokio::test]
async fn forged_headers_are_refused() {
    let fixture = Fixture::new().await;
    let jwk = fixture.keys.signing_key().public_jwk();
    for changes in [
        json!({"kid": "other"}),
        json!({"kid": "../../dev/null"}),
        json!({"kid": null}),
        json!({"jku": "https://evil.test/keys"}),
        json!({"x5u": "https://evil.test/cert"}),
        json!({"x5c": ["AAAA"]}),
        json!({"jwk": jwk}),
        json!({"crit": ["exp"]}),
        json!({"b64": false}),
        json!({"typ": "offer+jwt"}),
        json!({"alg": "ES256"}),
        json!({"alg": ["EdDSA"]}),
        json!({"alg": null}),
    ] {
        let token = fixture.with_header(changes.clone());
        assert!(!fixture.accepts(&token).await, "{changes}");
    }
}

#[tokio::test]
async fn forged_signatures_are_refused() {
    let fixture = Fixture::new().await;
    let (header, claims) = (fixture.header(), fixture.claims());
    let genuine = fixture.with_claims(json!({}));
    let (message, signature) = genuine.rsplit_once('.').unwrap();
    let key = fixture.keys.signing_key();
    let public = key.public_jwk()["x"].as_str().unwrap().to_owned();
    let public = EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(public).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let other = DevelopmentKeys::create_or_load(folder.path())
        .unwrap()
        .key_path();
    let other = EncodingKey::from_ed_der(&std::fs::read(other).unwrap());
    let hs256 = merged(header.clone(), json!({"alg": "HS256"}));
    let none = merged(header.clone(), json!({"alg": "none"}));
    let wider = merged(claims.clone(), json!({"scope": "offers:redeem"}));
    for (what, token) in [
        (
            "alg none",
            format!("{}.{}.", encode(&none), encode(&claims)),
        ),
        ("no signature", format!("{message}.")),
        (
            "public key as secret",
            sign(&hs256, &claims, &public, Algorithm::HS256),
        ),
        (
            "another key",
            sign(&header, &claims, &other, Algorithm::EdDSA),
        ),
        (
            "swapped claims",
            format!("{}.{}.{signature}", encode(&header), encode(&wider)),
        ),
        ("an offer", key.sign("offer+jwt", &claims).unwrap()),
    ] {
        assert!(!fixture.accepts(&token).await, "{what}");
    }
    assert!(fixture.accepts(&genuine).await);
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    let fixture = Fixture::new().await;
    let genuine = fixture.with_claims(json!({}));
    let long = fixture.with_claims(json!({"x": "x".repeat(9_000)}));
    for token in [
        long.as_str(),
        &format!("{genuine}.x"),
        &format!("{genuine}="),
        &format!(" {genuine}"),
        "",
        "..",
        "\u{0}\u{7f}.é.%",
    ] {
        assert!(!fixture.accepts(token).await, "{token}");
    }
}

#[tokio::test]
async fn lives_are_limited_by_kind() {
    let fixture = Fixture::new().await;
    let now = fixture.clock.now().as_second();
    let session = "ses_0192f0c1-0000-7000-8000-000000000001";
    for (role, seconds) in [
        (Role::Service, 300),
        (Role::Agent, 900),
        (Role::Supervisor, 900),
        (Role::Storefront, 3_600),
        (Role::Operator, 3_600),
    ] {
        let mut claims = json!({"kind": role.as_str()});
        if matches!(role, Role::Agent | Role::Supervisor) {
            claims["partner"] = "bpo-1".into();
        }
        if role == Role::Storefront {
            claims["session"] = session.into();
        }
        for (life, accepted) in [(seconds, true), (seconds + 1, false)] {
            claims["exp"] = (now + life).into();
            let token = fixture.with_claims(claims.clone());
            assert_eq!(fixture.accepts(&token).await, accepted, "{role:?} {life}");
        }
    }
}

#[tokio::test]
async fn clocks_may_differ_a_little() {
    let fixture = Fixture::new().await;
    let token = fixture.with_claims(json!({}));
    for (step, accepted) in [
        (-25, true),
        (-95, false),
        (120, true),
        (600 + 25, true),
        (10, false),
        (3_600, false),
    ] {
        fixture.clock.step(step);
        assert_eq!(fixture.accepts(&token).await, accepted, "{step}");
    }
}

#[tokio::test]
async fn a_token_that_was_seen_is_still_asked_for_all_but_its_signature() {
    let fixture = Fixture::new().await;
    let token = fixture.with_claims(json!({}));
    for _ in 0..3 {
        assert!(fixture.accepts(&token).await);
    }
    // What is not all of its text is another token.
    let (body, signature) = token.rsplit_once('.').unwrap();
    let other = fixture.with_claims(json!({"jti": "2"}));
    let (other_body, _) = other.rsplit_once('.').unwrap();
    assert!(!fixture.accepts(&format!("{other_body}.{signature}")).await);
    assert!(!fixture.accepts(body).await);

    fixture.clock.step(3_600);

    assert!(!fixture.accepts(&token).await);
}
