//! Offer tokens: what a checkout shows a shopper before it asks us, and what it redeems.
//!
//! A compact JWS with `EdDSA`, bound to tenant, offer, person, cart version, amount and expiry. A checkout may verify it
//! offline by the public keys; that it is still good only redeeming it can tell. No offer is secret: who holds the token
//! learns nothing but these claims.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use domain::id::{OfferId, PersonId, TenantId};
use domain::money::Currency;
use domain::remedy::RemedyKind;
use platform::auth::{KeyError, SigningKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::offer::Offer;

/// The `typ` of the token's header.
const KIND: &str = "offer+jwt";
const CURRENT: &str = "offer-signing-key.pk8";
const EXTENSION: &str = "pk8";

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) tenant: TenantId,
    pub(crate) offer: OfferId,
    pub(crate) person: PersonId,
    pub(crate) cart_version: u64,
    pub(crate) remedy: RemedyKind,
    pub(crate) minor_units: i64,
    pub(crate) currency: Currency,
    /// Seconds since 1970, as every JOSE library reads them; the offer itself ends at its millisecond.
    pub(crate) iat: i64,
    /// Rounded down, so that nobody takes a token for good that is not.
    pub(crate) exp: i64,
}

impl Claims {
    /// What the token of an offer says. An offer and its token never differ.
    pub(crate) fn of(tenant: &TenantId, offer: &Offer) -> Self {
        let terms = &offer.terms;
        Self {
            tenant: tenant.clone(),
            offer: terms.id,
            person: terms.person,
            cart_version: terms.cart_version,
            remedy: terms.remedy,
            minor_units: terms.amount.minor_units(),
            currency: terms.amount.currency(),
            iat: terms.created_at.as_second(),
            exp: offer.state.until().as_second(),
        }
    }
}

/// Why the keys cannot be used.
#[derive(Debug, Error)]
pub(crate) enum TokenKeyError {
    /// A key cannot be read or made.
    #[error("a key of offer tokens cannot be used")]
    Key(#[from] KeyError),
    /// The folder cannot be listed.
    #[error("the folder of offer token keys cannot be read")]
    Folder(#[source] std::io::Error),
}

/// The keys of offer tokens. The current one signs; those that were replaced still verify.
#[derive(Debug, Clone)]
pub(crate) struct TokenKeys {
    current: Arc<SigningKey>,
    retired: Arc<[SigningKey]>,
}

impl TokenKeys {
    /// Reads the keys of a folder, and makes the current one on the first start. To rotate, give the current file
    /// another name that ends in `.pk8`, and start again. Replicas share one folder.
    ///
    /// # Errors
    /// The folder cannot be used, or a file in it is no Ed25519 key.
    pub(crate) fn open(folder: &Path) -> Result<Self, TokenKeyError> {
        Self::with(folder, SigningKey::create_or_load(&folder.join(CURRENT))?)
    }

    /// Reads the keys of a folder, and makes none: a new key could prove nothing that an old one has signed.
    ///
    /// # Errors
    /// There is no current key, or a file is no Ed25519 key.
    pub(crate) fn open_existing(folder: &Path) -> Result<Self, TokenKeyError> {
        Self::with(folder, SigningKey::from_file(&folder.join(CURRENT))?)
    }

    fn with(folder: &Path, current: SigningKey) -> Result<Self, TokenKeyError> {
        let path = folder.join(CURRENT);
        let mut others = Vec::new();
        for entry in fs::read_dir(folder).map_err(TokenKeyError::Folder)? {
            let other = entry.map_err(TokenKeyError::Folder)?.path();
            if other != path && other.extension().is_some_and(|ending| ending == EXTENSION) {
                others.push(other);
            }
        }
        others.sort();
        let retired = others.iter().map(|path| SigningKey::from_file(path));
        Ok(Self {
            current: Arc::new(current),
            retired: retired.collect::<Result<_, _>>()?,
        })
    }

    /// All public keys by their ids, the current one first.
    pub(crate) fn public(&self) -> Vec<(String, String)> {
        self.all()
            .map(|key| (key.kid().to_owned(), key.public_key().to_owned()))
            .collect()
    }

    /// The token of an offer. The same offer has the same token, as long as the key stays.
    ///
    /// # Errors
    /// The key does not sign: a fault of ours.
    pub(crate) fn sign(&self, claims: &Claims) -> Result<String, KeyError> {
        self.current.sign(KIND, claims)
    }

    /// What a token says, if it is one of ours. Expiry is judged by the offer.
    ///
    /// # Errors
    /// [`KeyError::NotVerified`]: the token was not signed by any of our keys, or is of another type.
    pub(crate) fn verify(&self, token: &str) -> Result<Claims, KeyError> {
        self.all()
            .find_map(|key| key.verify(KIND, token).ok())
            .ok_or(KeyError::NotVerified)
    }

    /// Something else that this service vouches for, as a token of its own type.
    ///
    /// # Errors
    /// The key does not sign: a fault of ours.
    pub(crate) fn sign_as<T: Serialize>(&self, kind: &str, claims: &T) -> Result<String, KeyError> {
        self.current.sign(kind, claims)
    }

    /// What a token of such a type says, if any of our keys signed it.
    pub(crate) fn read_as<T: DeserializeOwned>(&self, kind: &str, token: &str) -> Option<T> {
        self.all().find_map(|key| key.verify(kind, token).ok())
    }

    fn all(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&*self.current).chain(&*self.retired)
    }
}

#[cfg(test)]
mod tests {
    use testkit::builders::tenant;
    use testkit::ids::nth;

    use super::*;

    fn claims() -> Claims {
        Claims {
            tenant: tenant(),
            offer: nth(1),
            person: PersonId::Visitor(nth(2)),
            cart_version: 3,
            remedy: RemedyKind::AmountOff,
            minor_units: 1_000,
            currency: Currency::USD,
            iat: 1,
            exp: 901,
        }
    }

    #[test]
    fn the_key_is_made_once_and_a_token_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let keys = TokenKeys::open(&folder.path().join("keys")).unwrap();
        let again = TokenKeys::open(&folder.path().join("keys")).unwrap();

        let token = keys.sign(&claims()).unwrap();

        assert_eq!(again.sign(&claims()).unwrap(), token);
        assert_eq!(again.verify(&token).unwrap(), claims());
        assert_eq!(again.public(), keys.public());
    }

    #[test]
    fn keys_that_are_not_there_are_not_made_for_whoever_proves() {
        let folder = tempfile::tempdir().unwrap();

        assert!(TokenKeys::open_existing(folder.path()).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let made = TokenKeys::open(folder.path()).unwrap();
        let found = TokenKeys::open_existing(folder.path()).unwrap();
        assert_eq!(found.public(), made.public());
    }

    #[test]
    fn a_replaced_key_still_verifies() {
        let folder = tempfile::tempdir().unwrap();
        let token = TokenKeys::open(folder.path())
            .unwrap()
            .sign(&claims())
            .unwrap();
        fs::rename(folder.path().join(CURRENT), folder.path().join("2026.pk8")).unwrap();

        let rotated = TokenKeys::open(folder.path()).unwrap();

        assert_eq!(rotated.verify(&token).unwrap(), claims());
        assert_eq!(rotated.public().len(), 2);
        assert_ne!(rotated.sign(&claims()).unwrap(), token);
    }

    #[test]
    fn what_we_did_not_sign_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        let keys = TokenKeys::open(folder.path()).unwrap();
        let stranger = SigningKey::generate().unwrap();
        let token = keys.sign(&claims()).unwrap();
        let (signed, _) = token.rsplit_once('.').unwrap();

        for forged in [
            stranger.sign(KIND, &claims()).unwrap(),
            keys.current.sign("other+jwt", &claims()).unwrap(),
            format!("{signed}."),
            String::new(),
        ] {
            assert!(matches!(keys.verify(&forged), Err(KeyError::NotVerified)));
        }
    }
}
