//! The public keys of an issuer.
//!
//! The algorithm of a key is fixed here, when the key is read; the header of a token can only agree with it.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use thiserror::Error;
use tracing::warn;

use super::document::{Document, DocumentError};

const MAX_BYTES: usize = 256 * 1024;
/// 2048 bits.
const MIN_RSA_BYTES: usize = 256;

/// Why keys cannot be read.
#[derive(Debug, Error)]
pub enum JwksError {
    /// They cannot be read from where they are.
    #[error("public keys cannot be read")]
    Document(#[from] DocumentError),
    /// Not a key set.
    #[error("key set is malformed")]
    Malformed(#[source] serde_json::Error),
    /// A key set without a key for signatures that we accept.
    #[error("key set holds no usable key")]
    Empty,
}

/// A public key with the one algorithm it may be used with.
#[derive(Debug, Clone)]
pub(super) struct PublicKey {
    pub(super) key: DecodingKey,
    pub(super) algorithm: Algorithm,
}

/// Keys by their id.
#[derive(Debug, Clone, Default)]
pub(super) struct KeySet(HashMap<String, PublicKey>);

impl KeySet {
    pub(super) async fn read(from: &Document) -> Result<Self, JwksError> {
        Self::parse(&from.read(MAX_BYTES).await?)
    }

    pub(super) fn parse(json: &[u8]) -> Result<Self, JwksError> {
        let set: JwkSet = serde_json::from_slice(json).map_err(JwksError::Malformed)?;
        let keys: HashMap<_, _> = set.keys.iter().filter_map(usable).collect();
        if keys.is_empty() {
            return Err(JwksError::Empty);
        }
        Ok(Self(keys))
    }

    pub(super) fn get(&self, kid: &str) -> Option<&PublicKey> {
        self.0.get(kid)
    }
}

/// Keys that we cannot or must not use are left out, so that one new key of an issuer does not end all access.
fn usable(jwk: &Jwk) -> Option<(String, PublicKey)> {
    let kid = jwk.common.key_id.clone()?;
    let algorithm = algorithm(jwk);
    let declared = jwk.common.key_algorithm.as_ref();
    let agrees = declared.is_none_or(|declared| {
        matches!(
            (declared, algorithm),
            (KeyAlgorithm::EdDSA, Some(Algorithm::EdDSA))
                | (KeyAlgorithm::ES256, Some(Algorithm::ES256))
                | (KeyAlgorithm::RS256, Some(Algorithm::RS256))
        )
    });
    let signs = jwk
        .common
        .public_key_use
        .as_ref()
        .is_none_or(|usage| *usage == PublicKeyUse::Signature);
    let key = DecodingKey::from_jwk(jwk).ok();
    match (algorithm, key) {
        (Some(algorithm), Some(key)) if agrees && signs => {
            Some((kid, PublicKey { key, algorithm }))
        }
        _ => {
            warn!(kid, "key is not usable and left out");
            None
        }
    }
}

fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    if let AlgorithmParameters::OctetKeyPair(pair) = &jwk.algorithm {
        return (pair.curve == EllipticCurve::Ed25519).then_some(Algorithm::EdDSA);
    }
    if let AlgorithmParameters::EllipticCurve(point) = &jwk.algorithm {
        return (point.curve == EllipticCurve::P256).then_some(Algorithm::ES256);
    }
    if let AlgorithmParameters::RSA(rsa) = &jwk.algorithm {
        let modulus = URL_SAFE_NO_PAD.decode(&rsa.n).ok()?;
        return (modulus.len() >= MIN_RSA_BYTES).then_some(Algorithm::RS256);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

    fn kinds(keys: &[&str]) -> Result<usize, JwksError> {
        let json = format!(r#"{{"keys":[{}]}}"#, keys.join(","));
        KeySet::parse(json.as_bytes()).map(|set| set.0.len())
    }

    #[test]
    fn unusable_keys_do_not_spoil_the_set() {
        let small_rsa = r#"{"kty":"RSA","kid":"b","n":"AQAB","e":"AQAB"}"#;
        let secret = r#"{"kty":"oct","kid":"c","k":"c2VjcmV0"}"#;
        let encrypts = ED.replace(r#""kid":"a""#, r#""kid":"d","use":"enc""#);
        let liar = ED.replace(r#""kid":"a""#, r#""kid":"e","alg":"HS256""#);
        let nameless = ED.replace(r#""kid":"a","#, "");
        let stranger = r#"{"kty":"new","kid":"f"}"#;
        let keys = [ED, small_rsa, secret, &encrypts, &liar, &nameless, stranger];
        assert_eq!(kinds(&keys).unwrap(), 1);
    }

    #[test]
    fn a_set_without_keys_is_refused() {
        assert!(matches!(kinds(&[]), Err(JwksError::Empty)));
        assert!(matches!(
            KeySet::parse(b"<html>"),
            Err(JwksError::Malformed(_))
        ));
    }
}
