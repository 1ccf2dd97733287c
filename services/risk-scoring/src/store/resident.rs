//! By what the moments of each tenant are assessed, kept in memory for a short while.
//!
//! One task reads for all of a tenant who wait. What is kept is as old as the beginning of its reading. A change that is made
//! here takes it away once it is durable, so that whoever comes after its answer reads anew.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::id::TenantId;
use domain::time::{Timestamp, elapsed};

use crate::assess::Basis;

/// How old what was read may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fresh {
    pub(crate) now: Timestamp,
    /// It is younger than this.
    pub(crate) most: Duration,
}

/// What is resident, by tenant. Clones share everything.
#[derive(Clone)]
pub(super) struct Residents(Arc<Mutex<HashMap<TenantId, Arc<Place>>>>);

/// Where what was read of one tenant is kept; locked by whoever looks, and by whoever reads anew.
type Place = tokio::sync::Mutex<Option<Resident>>;

struct Resident {
    basis: Arc<Basis>,
    read_at: Timestamp,
}

impl Residents {
    pub(super) fn new() -> Self {
        Self(Arc::default())
    }

    /// What is resident of a tenant if it is fresh, or else what `read` finds.
    pub(super) async fn get<E>(
        &self,
        tenant: &TenantId,
        fresh: Fresh,
        read: impl Future<Output = Result<Basis, E>>,
    ) -> Result<Arc<Basis>, E> {
        let place = self.place(tenant, fresh);
        let mut resident = place.lock().await;
        if let Some(resident) = resident.as_ref().filter(|found| fresh.holds(found)) {
            return Ok(Arc::clone(&resident.basis));
        }
        let basis = Arc::new(read.await?);
        *resident = Some(Resident {
            basis: Arc::clone(&basis),
            read_at: fresh.now,
        });
        Ok(basis)
    }

    /// Takes a tenant's place away: a reading under way is kept in it, where nobody looks any more.
    pub(super) fn forget(&self, tenant: &TenantId) {
        self.lock().remove(tenant);
    }

    fn place(&self, tenant: &TenantId, fresh: Fresh) -> Arc<Place> {
        let mut places = self.lock();
        if let Some(place) = places.get(tenant) {
            return Arc::clone(place);
        }
        // Tenants of whom nobody asks any more make room for a new one.
        places.retain(|_, place| is_wanted(place, fresh));
        let place = Arc::<Place>::default();
        places.insert(tenant.clone(), Arc::clone(&place));
        place
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, Arc<Place>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fresh {
    /// What was read after now is not fresh: the clock was set back since.
    fn holds(self, resident: &Resident) -> bool {
        let Self { now, most } = self;
        resident.read_at <= now && elapsed(resident.read_at, now) < most
    }
}

fn is_wanted(place: &Place, fresh: Fresh) -> bool {
    let Ok(resident) = place.try_lock() else {
        return true;
    };
    resident.as_ref().is_some_and(|found| fresh.holds(found))
}

impl fmt::Debug for Residents {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Residents").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
