//! Keeping plays: the starter plays of a new tenant, new versions, what is live and what is paused.

use std::sync::Arc;

use domain::id::{PlayId, TenantId};
use domain::time::Timestamp;
use futures::FutureExt;
use platform::paging::{Page, PageRequest};
use storage::{RequestKey, Tx};

use super::Service;
use crate::error::RoutingError;
use crate::play::{Play, PlayRule, PlayState};
use crate::starter;
use crate::store::{Guard, Store, Version};

/// A play that somebody wants to have, checked.
#[derive(Debug, Clone)]
pub(crate) struct PlayDraft {
    pub(crate) id: PlayId,
    pub(crate) rule: PlayRule,
}

/// A version of a play by name.
#[derive(Debug, Clone)]
pub(crate) struct PlayName {
    pub(crate) id: PlayId,
    pub(crate) version: Version,
}

/// A change to a play.
#[derive(Debug, Clone)]
pub(crate) enum PlayChange {
    /// Store it as a draft: its first version, or the next.
    Create(Box<PlayDraft>),
    /// Make a version live in place of the one that is.
    Activate(PlayName),
    /// Pause the live version.
    Pause(PlayId),
}

const UNKNOWN: RoutingError = RoutingError::NotFound { what: "play" };

impl Service {
    /// Gives a tenant the starter plays, live, when it is seen for the first time.
    pub(super) async fn give_starter_plays(&self, tenant: &TenantId) -> Result<(), RoutingError> {
        let store = &self.inner.store;
        if store.has_starter_plays(tenant).await? {
            return Ok(());
        }
        let (service, tenant) = (self.clone(), tenant.clone());
        let now = self.inner.clock.now();
        let give = store.database.write(move |tx| {
            let (service, tenant) = (service.clone(), tenant.clone());
            async move {
                let store = &service.inner.store;
                if !store.claim_starter_plays(tx, &tenant, now).await? {
                    return Ok(());
                }
                for play in starter::plays()? {
                    store.insert_play(tx, &tenant, &play, now).await?;
                }
                Ok(())
            }
            .boxed()
        });
        give.await
    }

    /// Lists plays in their newest version, by id.
    pub(crate) async fn list_plays(
        &self,
        tenant: &TenantId,
        request: &PageRequest<PlayId>,
    ) -> Result<Page<Play>, RoutingError> {
        self.give_starter_plays(tenant).await?;
        Ok(self.inner.store.list_plays(tenant, request).await?)
    }

    /// Reads one version of a play.
    pub(crate) async fn play(
        &self,
        tenant: &TenantId,
        name: &PlayName,
    ) -> Result<Play, RoutingError> {
        self.give_starter_plays(tenant).await?;
        let store = &self.inner.store;
        let found = store.play(store.database.read(), tenant, &name.id, name.version);
        found.await?.ok_or(UNKNOWN)
    }

    /// Makes one change to a play. Changes to the plays of a tenant take turns.
    pub(crate) async fn change_play(
        &self,
        key: RequestKey,
        change: PlayChange,
    ) -> Result<Play, RoutingError> {
        let tenant = key.tenant.clone();
        self.give_starter_plays(&tenant).await?;
        let (service, change) = (self.clone(), Arc::new(change));
        let now = self.inner.clock.now();
        let database = &self.inner.store.database;
        let changed = database.write_once(key, now, move |tx| {
            let (service, change) = (service.clone(), Arc::clone(&change));
            let tenant = tenant.clone();
            async move {
                let store = &service.inner.store;
                store.guard(tx, &tenant, &[Guard::Plays], now).await?;
                let changing = Changing {
                    store,
                    tx,
                    tenant: &tenant,
                    now,
                };
                match &*change {
                    PlayChange::Create(draft) => changing.create(draft).await,
                    PlayChange::Activate(name) => changing.activate(name).await,
                    PlayChange::Pause(id) => changing.pause(id).await,
                }
            }
            .boxed()
        });
        changed.await
    }
}

/// A change to the plays of one tenant, under their guard.
struct Changing<'a> {
    store: &'a Store,
    tx: &'a Tx,
    tenant: &'a TenantId,
    now: Timestamp,
}

impl Changing<'_> {
    async fn create(&self, draft: &PlayDraft) -> Result<Play, RoutingError> {
        let newest = self.find(&draft.id, Version::Newest).await?;
        let created = Play {
            id: draft.id.clone(),
            version: newest.map_or(0, |play| play.version).saturating_add(1),
            state: PlayState::Draft,
            rule: draft.rule.clone(),
        };
        self.store
            .insert_play(self.tx, self.tenant, &created, self.now)
            .await?;
        Ok(created)
    }

    async fn activate(&self, name: &PlayName) -> Result<Play, RoutingError> {
        let chosen = self.find(&name.id, name.version).await?.ok_or(UNKNOWN)?;
        let live = chosen.activated()?;
        let in_use = self
            .store
            .play_in_use(self.tx, self.tenant, &name.id)
            .await?;
        // INVARIANT: the old version goes before the new one comes; the schema allows one at a time.
        if let Some(old) = in_use.filter(|old| old.version != live.version) {
            self.save(&old.retired()).await?;
        }
        self.save(&live).await?;
        Ok(live)
    }

    async fn pause(&self, id: &PlayId) -> Result<Play, RoutingError> {
        let in_use = self.store.play_in_use(self.tx, self.tenant, id).await?;
        let play = match in_use {
            Some(play) => play,
            None => self.find(id, Version::Newest).await?.ok_or(UNKNOWN)?,
        };
        let paused = play.paused()?;
        self.save(&paused).await?;
        Ok(paused)
    }

    async fn find(&self, id: &PlayId, version: Version) -> Result<Option<Play>, RoutingError> {
        Ok(self.store.play(self.tx, self.tenant, id, version).await?)
    }

    async fn save(&self, play: &Play) -> Result<(), RoutingError> {
        self.store
            .save_play_state(self.tx, self.tenant, play, self.now)
            .await?;
        Ok(())
    }
}
