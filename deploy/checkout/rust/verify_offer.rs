//! Verifies an offer token offline: who signed it, for whom, for which cart, and until when.
//!
//! The caller redeems it afterwards with `RedeemOffer`; see ../README.md. Needs `jsonwebtoken` with a backend, and `serde`.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::UNIX_EPOCH;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};

const KIND: &str = "offer+jwt";
const LONGEST_TOKEN: usize = 8 * 1024;

/// What a token promises, and to whom.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Claims {
    tenant: String,
    person: String,
    cart_version: u64,
    exp: i64,
    #[serde(flatten)]
    terms: Terms,
}

/// What the shopper gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Terms {
    offer: String,
    remedy: String,
    minor_units: i64,
    currency: String,
}

/// Who shops, and what is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Expected {
    tenant: String,
    person: String,
    cart_version: u64,
    /// Seconds since 1970.
    now: i64,
}

/// Why a token is no offer for this shopper and cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Refused {
    Malformed,
    UnknownKey,
    BadSignature,
    Expired,
    OtherTenant,
    OtherPerson,
    OtherCart,
}

/// An answer of `GetOfferKeys` in JSON.
#[derive(Debug, Deserialize)]
struct Keys {
    keys: Vec<Key>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Key {
    key_id: String,
    public_key: String,
}

/// The terms of a token.
fn verify_offer(
    token: &str,
    keys: &BTreeMap<String, DecodingKey>,
    expected: &Expected,
) -> Result<Terms, Refused> {
    if token.len() > LONGEST_TOKEN {
        return Err(Refused::Malformed);
    }
    let header = decode_header(token).map_err(|_| Refused::Malformed)?;
    // The key decides the algorithm, never the token.
    let ours = header.alg == Algorithm::EdDSA && header.typ.as_deref() == Some(KIND);
    if !ours || header.crit.is_some() {
        return Err(Refused::Malformed);
    }
    let key = header.kid.and_then(|kid| keys.get(&kid));
    let claims: Claims = claims(token, key.ok_or(Refused::UnknownKey)?)?;
    if expected.now >= claims.exp {
        return Err(Refused::Expired);
    }
    if claims.tenant != expected.tenant {
        return Err(Refused::OtherTenant);
    }
    if claims.person != expected.person {
        return Err(Refused::OtherPerson);
    }
    if claims.cart_version != expected.cart_version {
        return Err(Refused::OtherCart);
    }
    Ok(claims.terms)
}

/// What a token says, once its signature is proven.
fn claims(token: &str, key: &DecodingKey) -> Result<Claims, Refused> {
    let mut rules = Validation::new(Algorithm::EdDSA);
    // An offer has no audience, and its end is judged by the caller's clock.
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.required_spec_claims.clear();
    match decode(token, key, &rules) {
        Ok(read) => Ok(read.claims),
        Err(fault) if matches!(fault.kind(), ErrorKind::InvalidSignature) => {
            Err(Refused::BadSignature)
        }
        Err(_) => Err(Refused::Malformed),
    }
}

fn read_keys(path: &str) -> Result<BTreeMap<String, DecodingKey>, Box<dyn Error>> {
    let Keys { keys } = serde_json::from_reader(std::fs::File::open(path)?)?;
    let mut by_id = BTreeMap::new();
    for Key { key_id, public_key } in keys {
        by_id.insert(key_id, DecodingKey::from_ed_components(&public_key)?);
    }
    Ok(by_id)
}

const USAGE: &str = "usage: verify_offer KEYS.json TENANT PERSON CART_VERSION [NOW] < token";
/// The exit code of wrong usage, apart from that of a refusal.
const MISUSED: u8 = 2;

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [keys, tenant, person, cart_version, now @ ..] = arguments.as_slice() else {
        return Err(USAGE.into());
    };
    let now = match now.first() {
        Some(now) => now.parse()?,
        None => i64::try_from(UNIX_EPOCH.elapsed()?.as_secs())?,
    };
    let expected = Expected {
        tenant: tenant.clone(),
        person: person.clone(),
        cart_version: cart_version.parse()?,
        now,
    };
    let mut token = String::new();
    std::io::stdin().read_to_string(&mut token)?;
    let verdict = verify_offer(token.trim(), &read_keys(keys)?, &expected);
    let (answer, code) = match verdict {
        Ok(terms) => (serde_json::to_string(&terms)?, ExitCode::SUCCESS),
        Err(reason) => {
            let refused = BTreeMap::from([("refused", reason)]);
            (serde_json::to_string(&refused)?, ExitCode::FAILURE)
        }
    };
    writeln!(std::io::stdout(), "{answer}")?;
    Ok(code)
}

fn main() -> ExitCode {
    run().unwrap_or_else(|fault| {
        // Nobody is left to tell when even this cannot be written.
        let _ = writeln!(std::io::stderr(), "{fault}");
        ExitCode::from(MISUSED)
    })
}
