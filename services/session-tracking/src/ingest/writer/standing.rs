//! What the writer does after a failure: it trusts nothing that it holds until it has read it from the store again.

use std::sync::Arc;
use std::time::Duration;

use platform::status::chain;
use storage::StoreError;
use tokio::time::Instant;

use super::super::News;
use super::super::due::DueSessions;
use super::super::group::Group;
use super::{Writer, is_worth_a_second_look};
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
        for part in group.into_parts(self.clock.now()) {
            let sure = self.make_sure().await;
            Box::pin(self.settle_as_it_is(part, sure)).await;
        }
    }

    /// A timer whose transaction is refused by itself is left alone for a while: else each look at the timers would end in
    /// making all of memory again.
    pub(super) fn put_off(&mut self, group: &Group, failure: &StoreError) {
        if group.handed.is_empty() && is_worth_a_second_look(failure) {
            for key in &group.due {
                tracing::error!(session = %key.session, error = %chain(failure), "a timer is put off");
                self.memory.timers.put_off(*key, group.now);
            }
        }
    }

    /// Asks whether another process writes: one that has no batches and no timers would not notice otherwise.
    pub(super) async fn look_for_follower(&mut self) {
        let partition = self.settings.ingest.partition;
        match self.store.heads(partition).await {
            Ok(heads) if heads.epoch != self.heads.epoch => self.standing = Standing::Followed,
            Ok(_) => {}
            // The next look, or the next commit, will tell.
            Err(failure) => tracing::debug!(error = %chain(&failure), "the log was not asked"),
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
        let from = match self.standing {
            Standing::Sure => return Ok(()),
            Standing::Unsure(from) => from,
            // What is in memory may never have been committed.
            Standing::Followed => return Err(Store::followed()),
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
        if heads.change != self.heads.change {
            // A commit took effect whose answer was lost, and nobody was told of its changes. Nobody may be watching.
            let _unwatched = self.published.send(Arc::new(News::Unknown));
        }
        self.heads = heads;
        self.standing = Standing::Sure;
        Ok(())
    }
}
