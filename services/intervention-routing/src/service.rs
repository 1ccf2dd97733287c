//! The use cases, in domain terms. Each write is one transaction with its messages and, for calls, its request key.

mod abandoned;
mod answer;
mod background;
mod contact;
mod deciding;
mod desk;
mod dispatch;
mod explain;
mod freshness;
mod interventions;
mod overtake;
mod plays;
mod propose;
mod prospects;
mod record;
mod release;
mod rows;
mod shopper;
mod simulate;
mod storefront;
mod timers;
mod trace;
mod upkeep;
mod verdict;
mod work;

use std::sync::Arc;

use platform::Sources;
use platform::clock::Clock;
use platform::ids::IdSource;

use crate::desk::Desks;
use crate::hub::Hub;
use crate::settings::Settings;
use crate::store::Store;
use crate::upstreams::Clients;

use dispatch::Dispatchers;

pub(crate) use answer::{Answer, Held};
pub(crate) use contact::NewContact;
pub(crate) use deciding::Proposal;
pub(crate) use desk::StaffedDesk;
pub(crate) use explain::Explained;
pub(crate) use interventions::Viewer;
pub(crate) use plays::{PlayChange, PlayDraft, PlayName};
pub(crate) use propose::Proposed;
pub(crate) use shopper::{OwnInvitation, Reply};
pub(crate) use simulate::Simulation;
pub(crate) use storefront::{ShopperNews, Watching};
pub(crate) use work::{Step, WrapUp};

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
    dispatchers: Dispatchers,
}

impl Service {
    pub(crate) fn new(
        store: Store,
        sources: Sources,
        settings: Settings,
        clients: Clients,
    ) -> Self {
        let Sources { clock, ids } = sources;
        let desks = Desks::new(settings.desks.per_agent);
        let hub = Hub::new(settings.invitations.streams);
        Self {
            inner: Arc::new(Inner {
                store,
                clock,
                ids,
                settings,
                clients,
                hub,
                desks,
                dispatchers: Dispatchers::default(),
            }),
        }
    }
}
