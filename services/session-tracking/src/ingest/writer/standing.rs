//! What the writer does after a failure: it trusts nothing that it holds until it has read it from the store again.

use std::time::Duration;

use platform::status::chain;
use storage::StoreError;
use tokio::time::Instant;

use super::super::due::DueSessions;
use super::super::group::Group;
use super::Writer;
use crate::store::Store;

/// Whether what is in memory is what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Sure,
    /// A commit failed, and may have taken effect all the same. Looked at again from this instant on.
    Unsure(Instant),
    /// Another process writes.
    Followed,
}

/// After a failure, so long until the store is asked again what it holds.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

impl Writer {
    /// After a group that the store can not take: one of its batches or timers may be to blame, and harms no other then.
    pub(super) async fn settle_one_by_one(&mut self, group: Group) {
        if matches!(self.standing, Standing::Unsure(_)) {
            self.standing = Standing::Unsure(Instant::now());
        }
        for handed in group.handed {
            let mut alone = Group::default();
            alone.add(handed);
            Box::pin(self.settle_as_it_is(alone)).await;
        }
    }

    pub(super) fn doubt(&mut self, failure: &StoreError) {
        if self.standing == Standing::Sure {
            tracing::warn!(error = %chain(failure), "a group of batches was not kept");
            self.standing = Standing::Unsure(Instant::now());
        }
    }

    /// After a failure, makes everything in memory again from what is stored.
    pub(super) async fn make_sure(&mut self) -> Result<(), StoreError> {
        let Standing::Unsure(from) = self.standing else {
            return Ok(());
        };
        tokio::time::sleep_until(from).await;
        let recovered = self.recover().await;
        if recovered.is_err() && self.standing != Standing::Followed {
            self.standing = Standing::Unsure(Instant::now() + LOOK_AGAIN);
        }
        recovered
    }

    pub(super) async fn recover(&mut self) -> Result<(), StoreError> {
        let partition = self.settings.ingest.partition;
        let heads = self.store.heads(partition).await?;
        if heads.epoch != self.heads.epoch {
            self.standing = Standing::Followed;
            return Err(Store::followed());
        }
        let place = (partition, heads);
        self.memory
            .recover(&self.store, &self.settings.rules, place)
            .await?;
        let (first, rest) = DueSessions::of(self.store.clone()).await?;
        self.arm(&first);
        self.due = rest;
        self.heads = heads;
        self.standing = Standing::Sure;
        Ok(())
    }
}
