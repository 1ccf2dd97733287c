//! Tenants by number, so that a session is named by a few bytes wherever the writer keeps it.

use std::collections::HashMap;

use domain::id::{SessionId, TenantId};

use crate::snapshot::SessionKey;

/// A tenant, in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Tenant(u32);

/// A session, in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) tenant: Tenant,
    pub(super) session: SessionId,
}

/// A table by session. Ids are made by clients, so each table has a seed of its own.
pub(super) type BySession<T> = HashMap<Key, T, foldhash::fast::RandomState>;

/// All tenants that the writer has met, in that order. There are as many as a deployment has shops.
#[derive(Debug, Default)]
pub(super) struct Tenants {
    names: Vec<TenantId>,
    numbers: HashMap<TenantId, Tenant>,
}

impl Tenants {
    pub(super) fn number(&mut self, name: &TenantId) -> Tenant {
        if let Some(known) = self.numbers.get(name) {
            return *known;
        }
        let number = Tenant(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        self.names.push(name.clone());
        self.numbers.insert(name.clone(), number);
        number
    }

    pub(super) fn key(&mut self, key: &SessionKey) -> Key {
        Key {
            tenant: self.number(&key.tenant),
            session: key.session,
        }
    }

    /// The key as the rest of the service knows it. `None` for a tenant of another process.
    pub(super) fn name(&self, key: Key) -> Option<SessionKey> {
        Some(SessionKey {
            tenant: self.tenant(key.tenant)?.clone(),
            session: key.session,
        })
    }

    pub(super) fn tenant(&self, number: Tenant) -> Option<&TenantId> {
        self.names.get(usize::try_from(number.0).ok()?)
    }
}
