//! Tokens that count no more although they have not ended: of a lost laptop, a dismissed agent, a leaked key.
//!
//! An operator keeps one list, and every server reads it again by itself, so that an entry counts everywhere within five
//! seconds, in calls and in streams that are open. Deliberately absent: an RPC to revoke. Access is the issuer's to give and to
//! take, and the list must be readable when nothing else is.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::id::{PartnerId, TenantId};
use jiff::Timestamp;
use serde::Deserialize;
use thiserror::Error;
use tokio::sync::watch;
use tonic::Request;
use tracing::{error, info};

use super::Caller;
use super::document::{Document, DocumentError};

/// How often the list is read. With the two seconds that an address has to answer, an entry counts within five.
const PAUSE: Duration = Duration::from_secs(2);
const MAX_BYTES: usize = 1024 * 1024;
const MAX_ENTRIES: usize = 10_000;

/// Why a list cannot be used.
#[derive(Debug, Error)]
pub enum RevocationError {
    /// It cannot be read from where it is.
    #[error("list of revoked tokens cannot be read")]
    Document(#[from] DocumentError),
    /// It is no such list.
    #[error("list of revoked tokens is malformed")]
    Malformed(#[source] serde_json::Error),
    /// It has more entries than are looked at.
    #[error("list of revoked tokens has more than {MAX_ENTRIES} entries")]
    TooMany,
    /// An entry would revoke every token of a shop, or of all.
    #[error(
        "entry {0} of the list of revoked tokens names no token, subject, partner, key or instant"
    )]
    Everybody(usize),
}

/// Which tokens are revoked. Clones see each new list.
#[derive(Debug, Clone)]
pub(crate) struct Revocations(watch::Receiver<Arc<List>>);

/// The entries, by what finds them fastest.
#[derive(Debug, Default)]
struct List {
    by_token: HashMap<String, Vec<Entry>>,
    by_subject: HashMap<String, Vec<Entry>>,
    others: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    revoked: Vec<Entry>,
}

/// A token is meant by an entry when all that the entry names is true of it. The names are those of claims and headers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    jti: Option<String>,
    sub: Option<String>,
    kid: Option<String>,
    tenant: Option<TenantId>,
    partner: Option<PartnerId>,
    issued_before: Option<Timestamp>,
}

impl Revocations {
    /// Nothing is ever revoked.
    pub(crate) fn none() -> Self {
        Self(watch::channel(Arc::default()).1)
    }

    /// The list at this path or http(s) URL, read again until nobody looks at it any more.
    pub(super) async fn follow(place: &str) -> Result<Self, RevocationError> {
        let document = Document::at(place)?;
        let bytes = document.read(MAX_BYTES).await?;
        let (sender, receiver) = watch::channel(Arc::new(List::parse(&bytes)?));
        tokio::spawn(read_again(document, bytes, sender));
        Ok(Self(receiver))
    }

    /// Those that the server of a request knows.
    pub(crate) fn of<T>(request: &Request<T>) -> Self {
        let known = request.extensions().get::<Self>().cloned();
        known.unwrap_or_else(Self::none)
    }

    /// Whether the token of a caller is revoked.
    pub(crate) fn revoke(&self, caller: &Caller) -> bool {
        self.0.borrow().names(caller)
    }

    /// Waits until the token of a caller is revoked.
    pub(crate) async fn revoked(&self, caller: &Caller) {
        let mut lists = self.0.clone();
        while !lists.borrow_and_update().names(caller) {
            if lists.changed().await.is_err() {
                // There is no list, and there will be none.
                return std::future::pending().await;
            }
        }
    }
}

/// Reads the list again and again. One that cannot be read is told once, and the last good one counts on: it cannot be older than
/// the tokens that it revokes by much, and no list at all would let them all in again.
async fn read_again(document: Document, mut known: Vec<u8>, sender: watch::Sender<Arc<List>>) {
    let mut is_failing = false;
    loop {
        tokio::select! {
            () = sender.closed() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        let read = document.read(MAX_BYTES).await;
        let changed = match read.map_err(RevocationError::from) {
            Ok(bytes) if bytes == known => Ok(None),
            Ok(bytes) => List::parse(&bytes).map(|list| Some((bytes, list))),
            Err(failure) => Err(failure),
        };
        match changed {
            Ok(changed) => {
                is_failing = false;
                if let Some((bytes, list)) = changed {
                    info!(
                        entries = list.len(),
                        "the list of revoked tokens is another"
                    );
                    known = bytes;
                    sender.send_replace(Arc::new(list));
                }
            }
            Err(_) if is_failing => {}
            Err(failure) => {
                is_failing = true;
                let error = crate::status::chain(&failure);
                error!(error, "revoked tokens cannot be read, the last list counts");
            }
        }
    }
}

impl List {
    fn parse(json: &[u8]) -> Result<Self, RevocationError> {
        let Wire { revoked } = serde_json::from_slice(json).map_err(RevocationError::Malformed)?;
        if revoked.len() > MAX_ENTRIES {
            return Err(RevocationError::TooMany);
        }
        let mut list = Self::default();
        for (index, entry) in revoked.into_iter().enumerate() {
            if entry.names_everybody() {
                return Err(RevocationError::Everybody(index));
            }
            let place = match (&entry.jti, &entry.sub) {
                (Some(token), _) => list.by_token.entry(token.clone()).or_default(),
                (None, Some(subject)) => list.by_subject.entry(subject.clone()).or_default(),
                (None, None) => &mut list.others,
            };
            place.push(entry);
        }
        Ok(list)
    }

    fn names(&self, caller: &Caller) -> bool {
        let of_token = self.by_token.get(caller.token_id());
        let of_subject = self.by_subject.get(caller.subject());
        let found = of_token.into_iter().chain(of_subject).flatten();
        found.chain(&self.others).any(|entry| entry.names(caller))
    }

    fn len(&self) -> usize {
        let named = self.by_token.values().chain(self.by_subject.values());
        named.map(Vec::len).sum::<usize>() + self.others.len()
    }
}

impl Entry {
    fn names_everybody(&self) -> bool {
        let Self {
            jti,
            sub,
            kid,
            tenant: _,
            partner,
            issued_before,
        } = self;
        let texts = [jti, sub, kid];
        texts.iter().all(|text| text.is_none()) && partner.is_none() && issued_before.is_none()
    }

    fn names(&self, caller: &Caller) -> bool {
        let Self {
            jti,
            sub,
            kid,
            tenant,
            partner,
            issued_before,
        } = self;
        let is = |named: &Option<String>, text: &str| named.as_deref().is_none_or(|it| it == text);
        is(jti, caller.token_id())
            && is(sub, caller.subject())
            && is(kid, &caller.key_id)
            && tenant.as_ref().is_none_or(|it| it == caller.tenant())
            && partner
                .as_ref()
                .is_none_or(|it| Some(it) == caller.partner())
            && issued_before.is_none_or(|instant| caller.issued_at < instant)
    }
}

#[cfg(test)]
mod tests;
