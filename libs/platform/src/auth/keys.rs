//! Keys that sign: of the development issuer, of services for their own tokens, of offers.
//!
//! Ed25519 in PKCS#8 version 1, which every library reads. A key is proven when it is read, so that a broken one
//! stops the start of a service and not its first call.

use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;

use super::Grant;

/// The `typ` of a bearer token.
const BEARER: &str = "JWT";
/// The `typ` that RFC 9068 gives access tokens.
const ACCESS: &str = "at+jwt";
const KEY_FILE: &str = "signing-key.pk8";
const JWKS_FILE: &str = "jwks.json";

/// Why a key cannot be used.
#[derive(Debug, Error)]
pub enum KeyError {
    /// A key file cannot be read or written.
    #[error("key file `{}` cannot be used", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A service that must sign is told of no key.
    #[error("`auth.signing_key` must name the key that signs this service's tokens")]
    NotNamed,
    /// The bytes are no Ed25519 key in PKCS#8.
    #[error("not an Ed25519 key in PKCS#8")]
    Malformed,
    /// No key could be made.
    #[error("key cannot be generated")]
    Generation,
    /// The key does not sign, or its signature does not verify.
    #[error("key does not sign and verify")]
    Unproven(#[source] jsonwebtoken::errors::Error),
    /// Bearer tokens are minted, never signed as something else.
    #[error("only a grant makes a bearer token")]
    BearerType,
    /// The token was not signed by this key, or is of another type.
    #[error("token is not verified")]
    NotVerified,
}

/// A private key. It has no `Debug` of its secret and is never serialised.
pub struct SigningKey {
    kid: String,
    public: String,
    pkcs8: Vec<u8>,
    private: EncodingKey,
    verifying: DecodingKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl SigningKey {
    /// Makes a new key.
    pub fn generate() -> Result<Self, KeyError> {
        let document = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new())
            .map_err(|_| KeyError::Generation)?;
        Self::from_pkcs8(document.as_ref())
    }

    /// Reads a key and proves that it signs.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair =
            Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(|_| KeyError::Malformed)?;
        let public = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let key = Self {
            kid: thumbprint(&public),
            pkcs8: pkcs8.to_vec(),
            private: EncodingKey::from_ed_der(pkcs8),
            verifying: DecodingKey::from_ed_components(&public).map_err(KeyError::Unproven)?,
            public,
        };
        let probe = key.sign("probe", &Probe {})?;
        key.verify::<Probe>("probe", &probe).map(|_| key)
    }

    /// Reads a key file, or makes it. Only the owner may read it.
    pub fn create_or_load(path: &Path) -> Result<Self, KeyError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|source| at(folder, source))?;
        }
        if !path.exists() {
            let fresh = Self::generate()?;
            match write_private(path, &fresh.pkcs8) {
                // Another process was faster; its key is as good.
                Err(failure) if failure.kind() == std::io::ErrorKind::AlreadyExists => {}
                result => result.map_err(|source| at(path, source))?,
            }
        }
        Self::from_file(path)
    }

    /// Reads a key file.
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let pkcs8 = fs::read(path).map_err(|source| KeyError::File {
            path: path.to_owned(),
            source,
        })?;
        Self::from_pkcs8(&pkcs8)
    }

    /// The id of the key: the thumbprint of its public half (RFC 7638).
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half: 32 bytes in base64url without padding, the `x` of its JWK.
    pub fn public_key(&self) -> &str {
        &self.public
    }

    /// The public half as a JWK.
    pub fn public_jwk(&self) -> serde_json::Value {
        serde_json::json!({
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
            "kid": self.kid, "x": self.public,
        })
    }

    /// Signs claims, which must be an object, as a token of one type, such as an offer. They stand at the top level, where
    /// any JOSE library looks for `exp`. Types keep tokens from standing in for each other.
    ///
    /// # Errors
    /// [`KeyError::BearerType`] for a `kind` that would make the token a bearer token.
    pub fn sign<T: Serialize>(&self, kind: &str, claims: &T) -> Result<String, KeyError> {
        if is_bearer(Some(kind)) {
            return Err(KeyError::BearerType);
        }
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(kind.to_owned());
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.private).map_err(KeyError::Unproven)
    }

    /// Reads what [`SigningKey::sign`] wrote. Expiry is a claim like any other: the caller judges it.
    pub fn verify<T: DeserializeOwned>(&self, kind: &str, token: &str) -> Result<T, KeyError> {
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        let read = jsonwebtoken::decode::<T>(token, &self.verifying, &rules)
            .map_err(|_| KeyError::NotVerified)?;
        let ours = read.header.typ.as_deref() == Some(kind) && read.header.crit.is_none();
        ours.then_some(read.claims).ok_or(KeyError::NotVerified)
    }

    /// Makes a bearer token.
    pub fn mint(
        &self,
        issuer: &str,
        grant: &Grant,
        now: Timestamp,
        id: Uuid,
    ) -> Result<String, KeyError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(BEARER.to_owned());
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, &grant.claims(issuer, now, id), &self.private)
            .map_err(KeyError::Unproven)
    }
}

/// What a key signs to show that it can.
#[derive(Serialize, serde::Deserialize)]
struct Probe {}

/// Whether a token of this `typ` may stand as a bearer token.
pub(super) fn is_bearer(kind: Option<&str>) -> bool {
    kind.is_none_or(|kind| kind.eq_ignore_ascii_case(BEARER) || kind.eq_ignore_ascii_case(ACCESS))
}

fn thumbprint(public: &str) -> String {
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{public}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(canonical.as_bytes()))
}

/// The issuer of a development suite: one key in a folder, and the key set that services read.
#[derive(Debug, Clone)]
pub struct DevelopmentKeys {
    key: Arc<SigningKey>,
    folder: PathBuf,
}

impl DevelopmentKeys {
    /// Reads the keys of a folder, or makes them. Only the owner may read the private one.
    pub fn create_or_load(folder: &Path) -> Result<Self, KeyError> {
        let key = SigningKey::create_or_load(&folder.join(KEY_FILE))?;
        let keys = Self {
            key: Arc::new(key),
            folder: folder.to_owned(),
        };
        keys.publish()?;
        Ok(keys)
    }

    /// The key that signs.
    pub fn signing_key(&self) -> Arc<SigningKey> {
        Arc::clone(&self.key)
    }

    /// The private key, for `auth.signing_key`.
    pub fn key_path(&self) -> PathBuf {
        self.folder.join(KEY_FILE)
    }

    /// The public keys, for `auth.jwks`.
    pub fn jwks_path(&self) -> PathBuf {
        self.folder.join(JWKS_FILE)
    }

    fn publish(&self) -> Result<(), KeyError> {
        let path = self.jwks_path();
        let set = serde_json::json!({ "keys": [self.key.public_jwk()] }).to_string();
        if fs::read_to_string(&path).is_ok_and(|current| current == set) {
            return Ok(());
        }
        replace(&path, set.as_bytes()).map_err(|source| at(&path, source))
    }
}

fn at(path: &Path, source: std::io::Error) -> KeyError {
    KeyError::File {
        path: path.to_owned(),
        source,
    }
}

/// A reader never sees half a key: it appears under its name when it is whole, and never replaces another.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let draft = draft_of(path);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    linked
}

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let draft = draft_of(path);
    fs::write(&draft, bytes)?;
    fs::rename(&draft, path)
}

fn draft_of(path: &Path) -> PathBuf {
    path.with_extension(format!("{:016x}.draft", rand::random::<u64>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let first = DevelopmentKeys::create_or_load(folder.path()).unwrap();
        let second = DevelopmentKeys::create_or_load(folder.path()).unwrap();
        assert_eq!(first.signing_key().kid(), second.signing_key().kid());
        let names = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 2, "no draft is left");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_the_private_key() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let keys = DevelopmentKeys::create_or_load(folder.path()).unwrap();
        let mode = fs::metadata(keys.key_path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_broken_key_is_refused_when_it_is_read() {
        assert!(matches!(
            SigningKey::from_pkcs8(b"no key"),
            Err(KeyError::Malformed)
        ));
    }

    #[test]
    fn signed_claims_read_back_under_their_type_and_key_only() {
        let (key, other) = (
            SigningKey::generate().unwrap(),
            SigningKey::generate().unwrap(),
        );
        let claims = serde_json::json!({ "offer": "off_1", "exp": 5 });
        let token = key.sign("offer+jwt", &claims).unwrap();
        let read: serde_json::Value = key.verify("offer+jwt", &token).unwrap();
        assert_eq!(read, claims);
        assert!(key.verify::<serde_json::Value>("JWT", &token).is_err());
        assert!(
            other
                .verify::<serde_json::Value>("offer+jwt", &token)
                .is_err()
        );
    }

    #[test]
    fn nothing_secret_is_printed() {
        let key = SigningKey::generate().unwrap();
        let text = format!("{key:?}");
        assert_eq!(text, format!("SigningKey {{ kid: {:?}, .. }}", key.kid()));
    }
}
