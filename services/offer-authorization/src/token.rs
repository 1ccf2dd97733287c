//! Offer tokens: what a checkout shows a shopper before it asks us, and what it redeems.
//!
//! A compact JWS with `EdDSA`, bound to tenant, offer, person, cart version, amount and expiry. A checkout may verify it
//! offline by the public keys; that it is still good only redeeming it can tell. No offer is secret: who holds the token
//! learns nothing but these claims.

use std::fs;
use std::io::{ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::id::{OfferId, PersonId, TenantId};
use domain::money::Currency;
use domain::remedy::RemedyKind;
use platform::auth::{KeyError, SigningKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::audit::Checkpoint;
use crate::offer::Offer;

/// The `typ` of the token's header.
const KIND: &str = "offer+jwt";
/// The `typ` of a checkpoint of an audit trail.
const CHECKPOINT: &str = "audit-checkpoint";
const CHECKPOINTS: &str = "audit-checkpoints.jws";
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
    /// The checkpoints of audit trails cannot be read or written.
    #[error("the checkpoints of audit trails cannot be read or written")]
    Checkpoints(#[source] std::io::Error),
}

/// What is kept of the checkpoints of audit trails.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KeptCheckpoints {
    /// Those that a key of ours signed.
    pub(crate) checkpoints: Vec<Checkpoint>,
    /// The lines, counted from 1, that no key of ours signed: what they would prove is not known.
    pub(crate) unverifiable: Vec<usize>,
}

/// The keys of offer tokens. The current one signs; those that were replaced still verify.
#[derive(Debug, Clone)]
pub(crate) struct TokenKeys {
    folder: PathBuf,
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
            folder: folder.to_owned(),
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

    /// A checkpoint of an audit trail, signed.
    ///
    /// # Errors
    /// The key does not sign: a fault of ours.
    pub(crate) fn sign_checkpoint(&self, checkpoint: &Checkpoint) -> Result<String, KeyError> {
        self.current.sign(CHECKPOINT, checkpoint)
    }

    /// What a signed checkpoint says, if any of our keys signed it.
    pub(crate) fn read_checkpoint(&self, signed: &str) -> Option<Checkpoint> {
        self.all()
            .find_map(|key| key.verify(CHECKPOINT, signed).ok())
    }

    /// Signs a checkpoint and keeps it beside the keys, where the database cannot reach it.
    ///
    /// # Errors
    /// It cannot be signed or written.
    pub(crate) async fn write_checkpoint(
        &self,
        checkpoint: &Checkpoint,
    ) -> Result<(), TokenKeyError> {
        let line = self.sign_checkpoint(checkpoint)?;
        let written = append_line(&self.folder.join(CHECKPOINTS), &line).await;
        written.map_err(TokenKeyError::Checkpoints)
    }

    /// All checkpoints that are kept, and which of them cannot be verified. None when there is no file of them.
    ///
    /// # Errors
    /// They cannot be read.
    pub(crate) fn checkpoints(&self) -> Result<KeptCheckpoints, TokenKeyError> {
        let mut kept = KeptCheckpoints::default();
        let lines = match fs::read(self.folder.join(CHECKPOINTS)) {
            Err(failure) if failure.kind() == ErrorKind::NotFound => return Ok(kept),
            read => read.map_err(TokenKeyError::Checkpoints)?,
        };
        // Also bytes that are no text are a line that nobody signed.
        let lines = String::from_utf8_lossy(&lines);
        for (line, number) in lines.lines().zip(1_usize..) {
            match self.read_checkpoint(line) {
                Some(checkpoint) => kept.checkpoints.push(checkpoint),
                None => kept.unverifiable.push(number),
            }
        }
        Ok(kept)
    }

    /// Where the keys are.
    #[cfg(test)]
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn all(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&*self.current).chain(&*self.retired)
    }
}

/// Appends a whole line in one write, since replicas share the file. A line that a crash has torn is left as it is, to be
/// found, and takes no other with it.
async fn append_line(path: &Path, line: &str) -> std::io::Result<()> {
    let mut options = tokio::fs::OpenOptions::new();
    let mut file = options
        .create(true)
        .read(true)
        .append(true)
        .open(path)
        .await?;
    let is_torn = file.metadata().await?.len() > 0 && {
        file.seek(SeekFrom::End(-1)).await?;
        file.read_u8().await? != b'\n'
    };
    let before = if is_torn { "\n" } else { "" };
    file.write_all(format!("{before}{line}\n").as_bytes())
        .await?;
    file.sync_all().await
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

    #[tokio::test]
    async fn a_torn_checkpoint_is_found_and_takes_no_other_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let keys = TokenKeys::open(folder.path()).unwrap();
        let checkpoint = Checkpoint {
            tenant: tenant(),
            number: 1,
            hash: String::new(),
            at_ms: 0,
        };
        keys.write_checkpoint(&checkpoint).await.unwrap();
        let path = folder.path().join(CHECKPOINTS);
        let whole = fs::read_to_string(&path).unwrap();
        let (torn, _) = whole.split_at(whole.len() / 2);
        fs::write(&path, format!("{whole}{torn}")).unwrap();

        keys.write_checkpoint(&checkpoint).await.unwrap();

        let kept = keys.checkpoints().unwrap();
        assert_eq!(kept.checkpoints, [checkpoint.clone(), checkpoint]);
        assert_eq!(kept.unverifiable, [2]);
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
