//! The public keys of an issuer, and where they are read.
//!
//! The algorithm of a key is fixed here, when the key is read; the header of a token can only agree with it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use thiserror::Error;
use tracing::warn;

const MAX_BYTES: usize = 256 * 1024;
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);
/// 2048 bits.
const MIN_RSA_BYTES: usize = 256;

/// Why keys cannot be read.
#[derive(Debug, Error)]
pub enum JwksError {
    /// The file cannot be read.
    #[error("key file `{}` cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The address does not answer.
    #[error("key server cannot be reached")]
    Fetch(#[source] reqwest::Error),
    /// The address answers something else than keys.
    #[error("key server answered with status {0}")]
    Answer(u16),
    /// More than 256 KiB.
    #[error("key set is too large")]
    TooLarge,
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

/// Where keys are read.
#[derive(Debug, Clone)]
pub(super) enum Source {
    File(PathBuf),
    Url {
        client: reqwest::Client,
        url: String,
    },
}

impl Source {
    pub(super) fn file(path: &Path) -> Self {
        Self::File(path.to_owned())
    }

    pub(super) fn url(url: &str) -> Result<Self, JwksError> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(FETCH_TIMEOUT)
            .build()
            .map_err(JwksError::Fetch)?;
        let url = url.to_owned();
        Ok(Self::Url { client, url })
    }

    pub(super) async fn read(&self) -> Result<KeySet, JwksError> {
        let json = match self {
            Self::File(path) => tokio::fs::read(path)
                .await
                .map_err(|source| JwksError::File {
                    path: path.clone(),
                    source,
                })?,
            Self::Url { client, url } => fetch(client, url).await?,
        };
        if json.len() > MAX_BYTES {
            return Err(JwksError::TooLarge);
        }
        KeySet::parse(&json)
    }
}

async fn fetch(client: &reqwest::Client, url: &str) -> Result<Vec<u8>, JwksError> {
    let mut response = client.get(url).send().await.map_err(JwksError::Fetch)?;
    if response.status() != http::StatusCode::OK {
        return Err(JwksError::Answer(response.status().as_u16()));
    }
    let mut json = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(JwksError::Fetch)? {
        json.extend_from_slice(&chunk);
        if json.len() > MAX_BYTES {
            return Err(JwksError::TooLarge);
        }
    }
    Ok(json)
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
