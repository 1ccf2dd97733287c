//! Tokens as a thief would make them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use platform::auth::SigningKey;
use serde_json::Value;

use super::KIND;

pub(super) fn three(token: &str) -> [&str; 3] {
    let parts: Vec<&str> = token.split('.').collect();
    parts.try_into().unwrap()
}

pub(super) fn kid_of(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

/// Signed by somebody else in their own name.
pub(super) fn strangers(claims: &Value) -> String {
    SigningKey::generate().unwrap().sign(KIND, claims).unwrap()
}

/// Signed by somebody else in our name.
pub(super) fn posing(token: &str, claims: &Value) -> String {
    let [_, body, signature] = three(&strangers(claims)).map(str::to_owned);
    let [header, ..] = three(token);
    format!("{header}.{body}.{signature}")
}

/// Signed with our public key as if it were a secret.
pub(super) fn shared_secret(token: &str, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some(KIND.to_owned());
    header.kid = Some(kid_of(token));
    encode(
        &header,
        claims,
        &EncodingKey::from_secret(kid_of(token).as_bytes()),
    )
    .unwrap()
}

pub(super) fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}
