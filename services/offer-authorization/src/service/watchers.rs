//! Who watches approvals: the open streams of this process, stirred when the trail of their tenant has grown.
//!
//! A stir carries nothing. A stream that is stirred looks at the store, so that it hears what other replicas did as it hears
//! what this one did: there is one way, which is to look where the trails end. Nobody looks while nobody watches.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::id::TenantId;
use platform::status::chain;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::Service;
use crate::error::OfferError;
use crate::store::audit;

/// Streams that one person may have open.
const PER_PERSON: usize = 2;

/// Whoever watches, by the subject of the token.
type Person = (TenantId, String);

/// All watchers of this process. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Watchers {
    watched: Arc<Mutex<Watched>>,
    limit: usize,
}

#[derive(Debug, Default)]
struct Watched {
    /// Where the trail of a tenant ended when it was looked at.
    ends: HashMap<TenantId, watch::Sender<i64>>,
    /// Streams of each person.
    persons: HashMap<Person, usize>,
}

/// One stream's place among the watchers; left when it is dropped.
#[derive(Debug)]
pub(super) struct Watcher {
    watchers: Watchers,
    person: Person,
    stirs: watch::Receiver<i64>,
}

impl Watchers {
    /// Room for so many streams.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            watched: Arc::default(),
            limit,
        }
    }

    /// Takes a place.
    ///
    /// # Errors
    /// As many streams are open as allowed, of the person or of all.
    pub(super) fn join(&self, tenant: &TenantId, subject: &str) -> Result<Watcher, OfferError> {
        let mut watched = self.lock();
        let person = (tenant.clone(), subject.to_owned());
        let of_person = watched.persons.get(&person).copied().unwrap_or_default();
        if of_person >= PER_PERSON || watched.persons.values().sum::<usize>() >= self.limit {
            return Err(OfferError::TooManyStreams);
        }
        watched.persons.insert(person.clone(), of_person + 1);
        let ends = watched.ends.entry(tenant.clone());
        let stirs = ends.or_insert_with(|| watch::channel(0).0).subscribe();
        Ok(Watcher {
            watchers: self.clone(),
            person,
            stirs,
        })
    }

    /// The tenants of whom somebody watches.
    fn tenants(&self) -> Vec<TenantId> {
        self.lock().ends.keys().cloned().collect()
    }

    /// Tells where the trail of a tenant ends, which stirs the streams unless they know.
    fn tell(&self, tenant: &TenantId, end: i64) {
        if let Some(known) = self.lock().ends.get(tenant) {
            known.send_if_modified(|known| std::mem::replace(known, end) != end);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        // Nobody panics while holding the lock; and if they did, the maps are whole.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher {
    /// Waits for a stir since the last wait.
    pub(super) async fn stirred(&mut self) {
        if self.stirs.changed().await.is_err() {
            // INVARIANT: the sender stays for as long as a watcher does.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut watched = self.watchers.lock();
        let left = watched
            .persons
            .get(&self.person)
            .map_or(0, |streams| streams.saturating_sub(1));
        if left == 0 {
            watched.persons.remove(&self.person);
        } else {
            watched.persons.insert(self.person.clone(), left);
        }
        let (tenant, _) = &self.person;
        // This watcher still counts as a receiver.
        let receivers = watched.ends.get(tenant).map(watch::Sender::receiver_count);
        if receivers.is_some_and(|receivers| receivers <= 1) {
            watched.ends.remove(tenant);
        }
    }
}

impl Service {
    /// Looks where the trails of those end who are watched, until `stop`.
    pub(crate) async fn stir_watchers_until(self, stop: CancellationToken) {
        let mut due = tokio::time::interval(self.settings().watch_poll);
        while stop.run_until_cancelled(due.tick()).await.is_some() {
            if let Err(failure) = self.stir_watchers().await {
                let error = chain(&failure);
                warn!(
                    error,
                    "the ends of audit trails cannot be read for those who watch"
                );
            }
        }
    }

    pub(super) async fn stir_watchers(&self) -> Result<(), OfferError> {
        let watchers = &self.inner.watchers;
        let tenants = watchers.tenants();
        if tenants.is_empty() {
            return Ok(());
        }
        for (tenant, end) in audit::ends_of(self.database().read(), &tenants).await? {
            watchers.tell(&tenant, end);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use testkit::builders::{other_tenant, tenant};

    use super::*;

    #[tokio::test]
    async fn a_stir_reaches_the_watchers_of_its_tenant_once() {
        let watchers = Watchers::new(100);
        let mut here = watchers.join(&tenant(), "sol").unwrap();
        let mut elsewhere = watchers.join(&other_tenant(), "sol").unwrap();

        watchers.tell(&tenant(), 7);

        here.stirred().await;
        watchers.tell(&tenant(), 7);
        assert_eq!(here.stirred().now_or_never(), None);
        assert_eq!(elsewhere.stirred().now_or_never(), None);
    }

    #[test]
    fn a_person_has_two_streams_and_leaves_nothing_behind() {
        let watchers = Watchers::new(100);
        let both = [(); PER_PERSON].map(|()| watchers.join(&tenant(), "sol").unwrap());
        let is_full = |subject| watchers.join(&tenant(), subject).is_err();

        assert!(is_full("sol") && !is_full("eva"));

        drop(both);
        assert!(!is_full("sol"));
        assert!(watchers.tenants().is_empty() && watchers.lock().persons.is_empty());
    }

    #[test]
    fn all_together_have_a_bounded_number_of_streams() {
        let watchers = Watchers::new(2);
        let first = watchers.join(&tenant(), "sol").unwrap();
        let _second = watchers.join(&other_tenant(), "eva").unwrap();

        let third = watchers.join(&tenant(), "kim");
        assert!(matches!(third, Err(OfferError::TooManyStreams)));

        drop(first);
        assert!(watchers.join(&tenant(), "kim").is_ok());
    }
}
