//! Tokens that were found genuine under one reading of the keys. A client sends the same token with each call for minutes, and
//! a signature that was good stays good while the keys are the same; everything else about a token is asked each time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::claims::Claims;

/// Most tokens that are remembered. One is at most 8 KiB long and mostly half of one, so that this is a few megabytes, and at worst 32 MiB.
const MOST: usize = 4_096;

/// What a genuine token says, and by which key it was signed.
#[derive(Debug, Clone)]
pub(super) struct Proven {
    pub(super) kid: String,
    pub(super) claims: Claims,
}

/// What was proven so far. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Genuine {
    tokens: Arc<Mutex<HashMap<Box<str>, Arc<Proven>>>>,
}

impl Genuine {
    pub(super) fn find(&self, token: &str) -> Option<Arc<Proven>> {
        self.tokens().get(token).map(Arc::clone)
    }

    /// Remembers a token. When there are too many, all are forgotten and proven again.
    pub(super) fn remember(&self, token: &str, proven: Proven) -> Arc<Proven> {
        let proven = Arc::new(proven);
        let mut tokens = self.tokens();
        if tokens.len() >= MOST {
            tokens.clear();
        }
        tokens.insert(token.into(), Arc::clone(&proven));
        proven
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<Proven>>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::claims::Audience;
    use super::*;

    fn proven(subject: &str) -> Proven {
        Proven {
            kid: "key".to_owned(),
            claims: Claims {
                iss: "issuer".to_owned(),
                aud: Audience::One("offers".to_owned()),
                sub: subject.to_owned(),
                exp: 2,
                iat: 1,
                nbf: None,
                jti: "token".to_owned(),
                tenant: "acme".to_owned(),
                scope: String::new(),
                kind: "service".to_owned(),
                partner: None,
                session: None,
                act: None,
            },
        }
    }

    #[test]
    fn a_token_is_known_by_all_of_its_text() {
        let genuine = Genuine::default();
        genuine.remember("a.b.c", proven("ana"));

        let subject = |token| genuine.find(token).map(|found| found.claims.sub.clone());
        assert_eq!(subject("a.b.c").as_deref(), Some("ana"));
        assert_eq!(subject("a.b.d"), None);
        assert_eq!(subject("a.b"), None);
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        let genuine = Genuine::default();
        for number in 0..=MOST {
            genuine.remember(&number.to_string(), proven("ana"));
            assert!(genuine.tokens().len() <= MOST);
        }
        assert!(genuine.find(&MOST.to_string()).is_some());
    }
}
