//! The use cases, in domain terms. Each write is one transaction with its messages and, for calls, its request key.

mod contact;
mod explain;
mod interventions;
mod overtake;
mod plays;
mod propose;
mod prospects;
mod record;
mod simulate;
mod verdict;

use std::sync::Arc;

use domain::id::TenantId;
use platform::clock::Clock;
use platform::ids::IdSource;
use platform::lifecycle::Tasks;

use crate::Sources;
use crate::desk::Desks;
use crate::hub::Hub;
use crate::settings::Settings;
use crate::store::Store;
use crate::upstreams::Clients;

pub(crate) use contact::NewContact;
pub(crate) use explain::Explained;
pub(crate) use plays::{PlayDraft, PlayName};
pub(crate) use propose::{Proposal, Proposed};
pub(crate) use simulate::Simulation;

/// The service. Clones share everything.
#[derive(Clone)]
pub(crate) struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    settings: Settings,
    clients: Clients,
    hub: Hub,
    desks: Desks,
}

impl Service {
    pub(crate) fn new(store: Store, sources: Sources, settings: Settings, clients: Clients) -> Self {
        let Sources { clock, ids } = sources;
        Self {
            inner: Arc::new(Inner {
                store,
                clock,
                ids,
                settings,
                clients,
                hub: Hub::new(),
                desks: Desks::new(),
            }),
        }
    }

    /// Starts what runs without a call: dispatch and timers.
    pub(crate) fn start_background(&self, tasks: &Tasks) {
        let _ = tasks;
    }
}
