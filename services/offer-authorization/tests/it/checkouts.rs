//! The examples for a checkout, in three languages, against one table of good and forged tokens. What one takes, all take.

mod forging;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use platform::auth::SigningKey;
use proto::offers::v1 as pb;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::World;
use forging::{kid_of, posing, shared_secret, strangers, three, unsigned};

const KIND: &str = "offer+jwt";
/// Node that runs TypeScript as it is.
const OLDEST_NODE: (u32, u32) = (22, 18);

/// A token to show a checkout, and what it must make of it.
struct Row {
    what: &'static str,
    token: String,
    /// Tenant, person, cart version, and seconds since 1970.
    arguments: [String; 4],
    refused: Option<&'static str>,
}

/// A program that verifies tokens.
struct Checkout {
    language: &'static str,
    command: Vec<PathBuf>,
}

impl Checkout {
    fn says(&self, keys: &Path, row: &Row) -> Value {
        let output = self.run(keys, &row.token, &row.arguments);
        let refused = row.refused.is_some();
        let code = output.status.code();
        assert_eq!(
            code,
            Some(i32::from(refused)),
            "{}: {}",
            self.language,
            row.what
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn run(&self, keys: &Path, token: &str, arguments: &[String]) -> Output {
        let [program, own @ ..] = self.command.as_slice() else {
            panic!("{} has no command", self.language);
        };
        let mut child = Command::new(program)
            .args(own)
            .arg(keys)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        // Whoever refuses its arguments need not read on.
        let _ = input.write_all(token.as_bytes());
        drop(input);
        child.wait_with_output().unwrap()
    }
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/checkout")
}

fn checkouts(folder: &Path) -> Vec<Checkout> {
    let found = [rust(), python(), typescript(folder)];
    found.into_iter().flatten().collect()
}

/// Cargo builds examples along with the tests, beside them.
fn rust() -> Option<Checkout> {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent()?.parent()?.join("examples/verify_offer");
    if !program.exists() {
        return without(
            "Rust",
            "the example was not built: run the tests of the whole package",
        );
    }
    Some(Checkout {
        language: "Rust",
        command: vec![program],
    })
}

fn python() -> Option<Checkout> {
    if !succeeds("python3", &["-c", "import cryptography"]) {
        return without(
            "Python",
            "python3 with the package `cryptography` is not there",
        );
    }
    Some(Checkout {
        language: "Python",
        command: vec!["python3".into(), examples().join("python/verify_offer.py")],
    })
}

/// As it is where Node can, else without its types, if the tools of the storefront are installed.
fn typescript(folder: &Path) -> Option<Checkout> {
    let source = examples().join("typescript/verify-offer.ts");
    let Some(version) = node() else {
        return without("TypeScript", "node is not there");
    };
    if version >= OLDEST_NODE {
        let command = vec!["node".into(), source];
        return Some(Checkout {
            language: "TypeScript",
            command,
        });
    }
    let esbuild = esbuild();
    let plain = folder.join("verify-offer.mjs");
    let out = format!("--outfile={}", plain.display());
    let source = source.display().to_string();
    let stripped = esbuild.is_file()
        && succeeds(
            &esbuild.display().to_string(),
            &[&source, "--format=esm", "--log-level=error", &out],
        );
    if !stripped {
        return without(
            "TypeScript",
            "this node cannot run it, and esbuild is not installed",
        );
    }
    Some(Checkout {
        language: "TypeScript",
        command: vec!["node".into(), plain],
    })
}

/// The one that `cargo xtask test` names, else that of the storefront's tools.
#[expect(
    clippy::disallowed_methods,
    reason = "the tools of a test run are no configuration of a service"
)]
fn esbuild() -> PathBuf {
    std::env::var_os("RESCATE_ESBUILD").map_or_else(
        || examples().join("../storefront/node_modules/.bin/esbuild"),
        PathBuf::from,
    )
}

fn node() -> Option<(u32, u32)> {
    let output = Command::new("node").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut parts = text.trim().strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program)
        .args(arguments)
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test that is left out must be seen, and on a build machine it must not be"
)]
fn without(language: &str, why: &str) -> Option<Checkout> {
    assert!(std::env::var_os("CI").is_none(), "{language}: {why}");
    eprintln!("SKIPPED: the checkout in {language}, as {why}");
    None
}

/// The claims of a token, unproven.
fn claims_of(token: &str) -> Value {
    jsonwebtoken::dangerous::insecure_decode::<Value>(token)
        .unwrap()
        .claims
}

fn write_keys(folder: &TempDir, keys: &[pb::OfferKey]) -> PathBuf {
    let keys: Vec<Value> = keys
        .iter()
        .map(|key| json!({"keyId": key.key_id, "publicKey": key.public_key}))
        .collect();
    let path = folder.path().join("keys.json");
    std::fs::write(&path, json!({ "keys": keys }).to_string()).unwrap();
    path
}

/// A good token, from which others are made.
struct Original<'a> {
    token: &'a str,
    claims: Value,
    /// What it is good for.
    arguments: [String; 4],
}

impl<'a> Original<'a> {
    fn new(token: &'a str) -> Self {
        let claims = claims_of(token);
        let text = |name: &str| claims[name].as_str().unwrap().to_owned();
        let before_its_end = claims["exp"].as_i64().unwrap() - 1;
        let arguments = [
            text("tenant"),
            text("person"),
            claims["cart_version"].to_string(),
            before_its_end.to_string(),
        ];
        Self {
            token,
            claims,
            arguments,
        }
    }

    fn rows(&self) -> Vec<Row> {
        let good = Row {
            what: "a good one",
            token: self.token.to_owned(),
            arguments: self.arguments.clone(),
            refused: None,
        };
        let mut rows = vec![good];
        rows.extend(self.forged());
        rows.extend(self.shown_elsewhere());
        rows
    }

    fn forged(&self) -> Vec<Row> {
        let [header, body, signature] = three(self.token);
        let mut richer = self.claims.clone();
        richer["minor_units"] = json!(999_999);
        let richer = unsigned(&self.header(&json!({})), &richer);
        let under = |change: Value| {
            let signed = unsigned(&self.header(&change), &self.claims);
            format!("{signed}.{signature}")
        };
        let posing = posing(self.token, &self.claims);
        let secret = shared_secret(self.token, &self.claims);
        let tokens = [
            ("a stranger's", strangers(&self.claims), "unknown_key"),
            ("a stranger's under our key id", posing, "bad_signature"),
            (
                "a richer one",
                format!("{richer}.{signature}"),
                "bad_signature",
            ),
            (
                "without a signature",
                format!("{header}.{body}."),
                "bad_signature",
            ),
            (
                "of no algorithm",
                under(json!({"alg": "none"})),
                "malformed",
            ),
            ("of a shared secret", secret, "malformed"),
            (
                "of another type",
                under(json!({"typ": "at+jwt"})),
                "malformed",
            ),
            ("with demands", under(json!({"crit": ["exp"]})), "malformed"),
            ("of two parts", format!("{header}.{body}"), "malformed"),
            ("of nothing", String::new(), "malformed"),
            ("of noise", "a.b.c".to_owned(), "malformed"),
        ];
        let rows = tokens.map(|(what, token, reason)| Row {
            what,
            token,
            arguments: self.arguments.clone(),
            refused: Some(reason),
        });
        rows.into()
    }

    fn shown_elsewhere(&self) -> Vec<Row> {
        let stranger = "vis_00000000-0000-7000-8000-000000000000".to_owned();
        let end = self.claims["exp"].to_string();
        let places = [
            ("at its end", 3, end, "expired"),
            ("in another shop", 0, "other".to_owned(), "other_tenant"),
            ("for another shopper", 1, stranger, "other_person"),
            ("for another cart", 2, "99".to_owned(), "other_cart"),
        ];
        let rows = places.map(|(what, place, value, reason)| {
            let mut arguments = self.arguments.clone();
            arguments[place] = value;
            Row {
                what,
                token: self.token.to_owned(),
                arguments,
                refused: Some(reason),
            }
        });
        rows.into()
    }

    /// The header of the token, with some of it changed.
    fn header(&self, change: &Value) -> Value {
        let mut header = json!({"typ": KIND, "alg": "EdDSA", "kid": kid_of(self.token)});
        for (name, value) in change.as_object().unwrap() {
            header[name] = value.clone();
        }
        header
    }
}

#[tokio::test]
async fn every_checkout_takes_what_we_signed_and_nothing_else() {
    let world = World::with_case().await;
    let token = world.hold(1_500).await.offer_token;
    let mut checkout = world.checkout();
    let published = checkout.get_offer_keys(pb::GetOfferKeysRequest {}).await;
    let folder = tempfile::tempdir().unwrap();
    let keys = write_keys(&folder, &published.unwrap().into_inner().keys);
    let terms = claims_of(&token);

    for checkout in checkouts(folder.path()) {
        for row in Original::new(&token).rows() {
            let said = checkout.says(&keys, &row);
            let expected = match row.refused {
                Some(reason) => json!({ "refused": reason }),
                None => json!({
                    "offer": terms["offer"], "remedy": "amount_off", "minor_units": 1_500, "currency": "USD",
                }),
            };
            assert_eq!(said, expected, "{}: {}", checkout.language, row.what);
        }
    }
    world.stop().await;
}

/// In some languages nothing is a number, and large numbers are equal to their neighbours.
#[tokio::test]
async fn what_is_no_count_is_no_cart_and_no_clock() {
    let folder = tempfile::tempdir().unwrap();
    let key = SigningKey::generate().unwrap();
    let claims = json!({
        "tenant": "acme", "offer": "off", "person": "vis", "cart_version": 9_007_199_254_740_993_u64,
        "remedy": "amount_off", "minor_units": 5, "currency": "USD", "iat": 1, "exp": 901,
    });
    let token = key.sign(KIND, &claims).unwrap();
    let published = pb::OfferKey {
        key_id: key.kid().to_owned(),
        public_key: key.public_key().to_owned(),
    };
    let keys = write_keys(&folder, &[published]);
    let with = |cart: &str, now: &str| ["acme", "vis", cart, now].map(str::to_owned);

    for checkout in checkouts(folder.path()) {
        for (cart, now) in [
            ("", "900"),
            ("1", ""),
            ("1", "soon"),
            ("-1", "900"),
            ("1", "9e2"),
        ] {
            let output = checkout.run(&keys, &token, &with(cart, now));
            let code = output.status.code();
            assert_eq!(code, Some(2), "{}: {cart:?} at {now:?}", checkout.language);
            assert!(output.stdout.is_empty());
        }
        let neighbour = checkout.run(&keys, &token, &with("9007199254740992", "900"));
        assert!(!neighbour.status.success(), "{}", checkout.language);
    }
}
