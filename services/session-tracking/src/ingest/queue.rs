//! What waits for the writer: bounded in bytes over all callers and for each tenant, and taken in turns.
//!
//! A tenant may fill half of the room, so that one who sends more than can be taken neither keeps the others out nor
//! keeps them waiting: groups are made of the batches of all tenants in turn.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use domain::id::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::error::SessionError;

/// Bytes of one unit of room.
const UNIT: usize = 1_024;

/// Room for batches. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Room {
    all: Arc<Semaphore>,
    tenants: Arc<Mutex<HashMap<TenantId, Arc<Semaphore>>>>,
    units: u32,
}

/// The room that one batch takes, until it is settled.
#[derive(Debug)]
pub(super) struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_tenant: OwnedSemaphorePermit,
}

impl Room {
    pub(super) fn of(bytes: usize) -> Self {
        // Far more than any machine has would be more than a semaphore counts.
        let units = u32::try_from(bytes / UNIT).unwrap_or(u32::MAX >> 3).max(2);
        Self {
            all: Arc::new(Semaphore::new(count(units))),
            tenants: Arc::default(),
            units,
        }
    }

    /// Takes room at once, or refuses.
    pub(super) fn try_take(&self, tenant: &TenantId, bytes: usize) -> Result<Place, SessionError> {
        let units = self.units(bytes);
        let of_tenant = self.of_tenant(tenant).try_acquire_many_owned(units);
        let of_tenant = of_tenant.map_err(|refused| refusal(&refused))?;
        let of_all = Arc::clone(&self.all).try_acquire_many_owned(units);
        Ok(Place {
            _of_all: of_all.map_err(|refused| refusal(&refused))?,
            _of_tenant: of_tenant,
        })
    }

    /// Takes room as soon as there is some. Whoever came first gets it first.
    pub(super) async fn take(
        &self,
        tenant: &TenantId,
        bytes: usize,
    ) -> Result<Place, SessionError> {
        let units = self.units(bytes);
        let of_tenant = self.of_tenant(tenant).acquire_many_owned(units).await;
        let of_tenant = of_tenant.map_err(|_| SessionError::Stopping)?;
        let of_all = Arc::clone(&self.all).acquire_many_owned(units).await;
        Ok(Place {
            _of_all: of_all.map_err(|_| SessionError::Stopping)?,
            _of_tenant: of_tenant,
        })
    }

    /// Refuses whoever comes, and whoever waits.
    pub(super) fn close(&self) {
        self.all.close();
        let tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        for tenant in tenants.values() {
            tenant.close();
        }
    }

    /// A batch that is larger than all that a tenant may have takes that all.
    fn units(&self, bytes: usize) -> u32 {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        units.clamp(1, self.units / 2)
    }

    fn of_tenant(&self, tenant: &TenantId) -> Arc<Semaphore> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = tenants.get(tenant) {
            return Arc::clone(known);
        }
        let room = Arc::new(Semaphore::new(count(self.units / 2)));
        if self.all.is_closed() {
            room.close();
        }
        tenants.insert(tenant.clone(), Arc::clone(&room));
        room
    }
}

fn count(units: u32) -> usize {
    usize::try_from(units).unwrap_or(usize::MAX)
}

fn refusal(refused: &TryAcquireError) -> SessionError {
    match refused {
        TryAcquireError::NoPermits => SessionError::QueueFull,
        TryAcquireError::Closed => SessionError::Stopping,
    }
}

/// What was handed in, by tenant, each tenant's own in its order.
#[derive(Debug)]
pub(super) struct Turns<T> {
    of: HashMap<TenantId, VecDeque<T>>,
    /// Tenants of whom something waits, the next one first.
    order: VecDeque<TenantId>,
}

impl<T> Default for Turns<T> {
    fn default() -> Self {
        Self {
            of: HashMap::new(),
            order: VecDeque::new(),
        }
    }
}

impl<T> Turns<T> {
    pub(super) fn push(&mut self, tenant: &TenantId, item: T) {
        if let Some(waiting) = self.of.get_mut(tenant) {
            waiting.push_back(item);
            return;
        }
        self.of.insert(tenant.clone(), VecDeque::from([item]));
        self.order.push_back(tenant.clone());
    }

    /// The next one, of the tenant whose turn it is.
    pub(super) fn pop(&mut self) -> Option<T> {
        let tenant = self.order.pop_front()?;
        let waiting = self.of.get_mut(&tenant)?;
        let item = waiting.pop_front();
        if waiting.is_empty() {
            self.of.remove(&tenant);
        } else {
            self.order.push_back(tenant);
        }
        item
    }

    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(name: &str) -> TenantId {
        TenantId::parse(name).unwrap()
    }

    #[test]
    fn a_tenant_fills_half_of_the_room_and_no_more() {
        let room = Room::of(8 * UNIT);
        let (loud, quiet) = (tenant("loud"), tenant("quiet"));

        let held: Vec<_> = (0..4)
            .map(|_| room.try_take(&loud, UNIT).unwrap())
            .collect();

        let refused = room.try_take(&loud, 1).unwrap_err();
        assert!(matches!(refused, SessionError::QueueFull));
        room.try_take(&quiet, 4 * UNIT).unwrap();
        drop(held);
        room.try_take(&loud, 99 * UNIT).unwrap();
    }

    #[tokio::test]
    async fn nobody_waits_for_room_that_will_not_come() {
        let room = Room::of(2 * UNIT);
        let held = room.try_take(&tenant("acme"), UNIT).unwrap();
        let acme = tenant("acme");
        let waits = room.take(&acme, UNIT);

        let (waited, ()) = tokio::join!(waits, async { room.close() });

        assert!(matches!(waited, Err(SessionError::Stopping)));
        assert!(matches!(
            room.try_take(&tenant("new"), 1),
            Err(SessionError::Stopping)
        ));
        drop(held);
    }

    #[test]
    fn tenants_take_turns() {
        let mut turns = Turns::default();
        for n in 0..3 {
            turns.push(&tenant("loud"), n);
        }
        turns.push(&tenant("quiet"), 9);

        let order: Vec<i32> = std::iter::from_fn(|| turns.pop()).collect();

        assert_eq!(order, [0, 9, 1, 2]);
        assert!(turns.is_empty());
    }
}
