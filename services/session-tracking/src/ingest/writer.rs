//! The writer: takes what waits, decides, commits, answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::id::{PersonId, SessionId, TenantId, VisitorId};
use domain::time::later;
use platform::clock::Clock;
use platform::ids::IdSource;
use platform::status::chain;
use storage::{RequestKey, StoreError, StoreFault};
use tokio::sync::{broadcast, mpsc};

use super::cache::Cache;
use super::group::{Group, Touched};
use super::publish::Draft;
use super::timers::Timers;
use super::touch::Touch;
use super::{Answer, Batch, Command, Ingest, Published, Receipt, Refusal};
use crate::config::{IngestConfig, MomentSettings, SignalSettings};
use crate::error::SessionError;
use crate::session::{Session, Taken};
use crate::snapshot::SessionKey;
use crate::store::{Erased, Heads, Store};

/// What the writer goes by.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) ingest: IngestConfig,
    pub(crate) signals: SignalSettings,
    pub(crate) moments: MomentSettings,
    /// Changes that a watcher may fall behind.
    pub(crate) buffered_changes: usize,
}

/// How many of the timers that are due have fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fired {
    All,
    /// As many as one transaction takes; more may be due.
    AsManyAsMay,
}

/// The one owner of live sessions.
pub(crate) struct Writer {
    settings: Settings,
    store: Store,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    queue: mpsc::Receiver<Command>,
    published: broadcast::Sender<Arc<Published>>,
    cache: Cache,
    timers: Timers,
    /// `None` when a commit failed, since it may have taken effect all the same.
    heads: Option<Heads>,
}

/// After a failure, so long until what it touched is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Writer {
    /// A writer with the timers of all sessions in the store, and the way to it.
    pub(crate) async fn new(
        settings: Settings,
        store: Store,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Result<(Self, Ingest), StoreError> {
        let (sender, queue) = mpsc::channel(settings.ingest.queue_batches);
        let (published, _) = broadcast::channel(settings.buffered_changes);
        let mut timers = Timers::default();
        for (due, key) in store.due().await? {
            timers.set(&key, Some(due));
        }
        let ingest = Ingest {
            queue: sender,
            published: published.clone(),
        };
        let writer = Self {
            cache: Cache::new(settings.ingest.cached_sessions),
            settings,
            store,
            clock,
            ids,
            queue,
            published,
            timers,
            heads: None,
        };
        Ok((writer, ingest))
    }

    /// Runs until nobody can hand in any more, and everything that was handed in is answered.
    pub(crate) async fn run(mut self) {
        let mut tick = tokio::time::interval(self.settings.ingest.timer_tick);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                command = self.queue.recv() => match command {
                    Some(command) => self.take(command).await,
                    None => return,
                },
                _ = tick.tick() => {
                    if self.fire().await == Fired::AsManyAsMay {
                        tick.reset_immediately();
                    }
                }
            }
        }
    }

    /// Takes a command and, with a batch, all further ones that wait, up to the size of a group.
    async fn take(&mut self, command: Command) {
        let mut group = Group::default();
        let mut next = Some(command);
        while let Some(command) = next {
            match command {
                Command::Record(batch, answer) => group.add(batch, answer),
                Command::Erase(key, person, answer) => {
                    self.settle(std::mem::take(&mut group)).await;
                    self.erase(key, person, answer).await;
                }
            }
            let ingest = &self.settings.ingest;
            let full = group.batches.len() >= ingest.group_max_batches
                || group.events >= ingest.group_max_events;
            next = if full {
                None
            } else {
                self.queue.try_recv().ok()
            };
        }
        group.due = self.due();
        self.settle(group).await;
    }

    async fn fire(&mut self) -> Fired {
        let due = self.due();
        let fired = if due.len() < self.settings.ingest.timer_max_sessions {
            Fired::All
        } else {
            Fired::AsManyAsMay
        };
        let group = Group {
            due,
            ..Group::default()
        };
        self.settle(group).await;
        fired
    }

    fn due(&self) -> Vec<SessionKey> {
        let limit = self.settings.ingest.timer_max_sessions;
        self.timers.due(self.clock.now(), limit)
    }

    /// Makes a group durable and answers its batches.
    async fn settle(&mut self, mut group: Group) {
        if group.batches.is_empty() && group.due.is_empty() {
            return;
        }
        let mut touched: Touched = group
            .due
            .iter()
            .map(|key| (key.clone(), Touch::Untraced))
            .collect();
        // An answer that cannot be sent is one whose caller has gone; the events are kept all the same.
        match self.keep(&mut group, &mut touched).await {
            Ok(receipts) => {
                for ((_, answer), receipt) in group.batches.into_iter().zip(receipts) {
                    let _gone = answer.send(Ok(receipt));
                }
            }
            Err(failure) => {
                tracing::warn!(error = %chain(&failure), "a group of batches was not kept");
                self.look_again(&touched, &failure);
                let failure = Arc::new(failure);
                for (_, answer) in group.batches {
                    let _gone = answer.send(Err(SessionError::NotKept(Arc::clone(&failure))));
                }
            }
        }
        self.cache.end_turn();
    }

    /// Decides a group and makes it durable.
    async fn keep(
        &mut self,
        group: &mut Group,
        touched: &mut Touched,
    ) -> Result<Vec<Receipt>, StoreError> {
        self.load(group).await?;
        let receipts = group
            .batches
            .iter_mut()
            .map(|(batch, _)| self.fold(batch, touched))
            .collect();
        self.commit(touched).await?;
        Ok(receipts)
    }

    /// After a failure, what is in memory may differ from what is stored, as the commit may have taken effect all the
    /// same. So each session is read again, and looked at soon: its timers may have been set by that very commit.
    fn look_again(&mut self, touched: &Touched, failure: &StoreError) {
        self.heads = None;
        if failure.fault() == StoreFault::Conflict {
            // Another process writes to the same store.
            self.cache.clear();
        }
        let soon = later(self.clock.now(), LOOK_AGAIN);
        for key in touched.keys() {
            self.cache.evict(key);
            self.timers.set(key, Some(soon));
        }
    }

    /// Brings the sessions of a group into memory, but for those that are corrupt.
    async fn load(&mut self, group: &Group) -> Result<(), StoreError> {
        for (tenant, mut wanted) in group.wanted() {
            wanted.retain(|session, _| {
                let tenant = tenant.clone();
                let session = *session;
                !self.cache.contains(&SessionKey { tenant, session })
            });
            let ids: Vec<SessionId> = wanted.keys().copied().collect();
            for (id, session) in self.store.load(&tenant, &ids).await? {
                wanted.remove(&id);
                match session {
                    Ok(session) => self.cache.insert(session),
                    Err(failure) => {
                        tracing::error!(session = %id, error = %chain(&failure), "a session cannot be read");
                    }
                }
            }
            self.begin(&tenant, wanted).await?;
        }
        Ok(())
    }

    /// Begins sessions that nothing is known of.
    async fn begin(
        &mut self,
        tenant: &TenantId,
        wanted: HashMap<SessionId, Option<VisitorId>>,
    ) -> Result<(), StoreError> {
        let visitors: Vec<VisitorId> = wanted.values().flatten().copied().collect();
        let histories = self.store.histories(tenant, &visitors).await?;
        for (session, visitor) in wanted {
            let counts = visitor.and_then(|visitor| histories.get(&visitor).copied());
            let key = SessionKey {
                tenant: tenant.clone(),
                session,
            };
            let history = counts.unwrap_or_default().history();
            self.cache.insert(Session::new(key, history));
        }
        Ok(())
    }

    /// Takes the events of one batch into their sessions.
    fn fold(&mut self, batch: &mut Batch, touched: &mut Touched) -> Receipt {
        let limit = self.settings.ingest.session_max_events;
        let touch = Touch::of_batch(batch);
        let mut receipt = Receipt::default();
        for (index, event) in std::mem::take(&mut batch.events) {
            let key = SessionKey {
                tenant: batch.tenant.clone(),
                session: event.session,
            };
            // INVARIANT: what is wanted and not in memory cannot be read.
            let Some(session) = self.cache.get_mut(&key) else {
                receipt.refused.push((index, Refusal::SessionUnreadable));
                continue;
            };
            match session.take(event, limit, &self.settings.signals) {
                Taken::New => {
                    receipt.accepted += 1;
                    touched.insert(key, touch.clone());
                }
                Taken::Duplicate => receipt.duplicates += 1,
                Taken::Full => receipt.refused.push((index, Refusal::SessionFull)),
            }
        }
        receipt
    }

    async fn commit(&mut self, touched: &Touched) -> Result<(), StoreError> {
        let partition = self.settings.ingest.partition;
        let heads = match self.heads {
            Some(heads) => heads,
            None => self.store.heads(partition).await?,
        };
        let settings = (&self.settings.signals, &self.settings.moments);
        let now = self.clock.now();
        let mut draft = Draft::new(settings, self.ids.as_ref(), partition, heads, now);
        for (key, touch) in touched {
            match self.cache.get_mut(key) {
                Some(session) => draft.add(session, touch),
                // It cannot be read, and until a restart it would only fail again.
                None => self.timers.set(key, None),
            }
        }
        let (commit, published, due) = draft.finish();
        let heads = commit.heads;
        if !commit.sessions.is_empty() {
            self.store.commit(commit).await?;
        }
        self.heads = Some(heads);
        for (key, due) in due {
            self.timers.set(&key, due);
        }
        for change in published {
            // Nobody may be watching.
            let _unwatched = self.published.send(Arc::new(change));
        }
        Ok(())
    }

    async fn erase(&mut self, key: RequestKey, person: PersonId, answer: Answer<Erased>) {
        let now = self.clock.now();
        let erased = self.store.erase(key, person, now).await;
        self.cache.evict_person(person);
        let _gone = answer.send(erased.map_err(SessionError::from));
    }
}
