//! The writer: takes what waits, decides, commits, answers.

use std::collections::HashMap;
use std::sync::Arc;

use domain::id::{PersonId, SessionId, TenantId, VisitorId};
use platform::clock::Clock;
use platform::ids::IdSource;
use storage::{RequestKey, StoreError};
use tokio::sync::{broadcast, mpsc};

use super::cache::Cache;
use super::group::{Group, Touched, sessions_of};
use super::publish::Draft;
use super::timers::Timers;
use super::touch::Touch;
use super::{Answer, Batch, Command, Ingest, Published, Receipt};
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

/// Sessions that cannot be read, with the reason.
type Broken = HashMap<SessionKey, Arc<StoreError>>;

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
                _ = tick.tick() => self.fire().await,
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

    async fn fire(&mut self) {
        let due = self.due();
        let group = Group {
            due,
            ..Group::default()
        };
        self.settle(group).await;
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
        let answers = match self.load(&group).await {
            Ok(broken) => self.write(&mut group, &broken).await,
            Err(failure) => {
                let failure = Arc::new(failure);
                tracing::warn!(error = %failure, "sessions could not be read");
                let refused = |_: &_| Err(SessionError::NotKept(Arc::clone(&failure)));
                group.batches.iter().map(refused).collect()
            }
        };
        for ((_, answer), outcome) in group.batches.into_iter().zip(answers) {
            // The caller may have gone; the events are kept all the same.
            let _gone = answer.send(outcome);
        }
        self.cache.end_turn();
    }

    async fn write(
        &mut self,
        group: &mut Group,
        broken: &Broken,
    ) -> Vec<Result<Receipt, SessionError>> {
        let mut touched = Touched::default();
        let mut outcomes = Vec::with_capacity(group.batches.len());
        for (batch, _) in &mut group.batches {
            outcomes.push(self.fold(batch, broken, &mut touched));
        }
        for key in &group.due {
            if let Some(failure) = broken.get(key) {
                // Looked at again after a restart; until then it would only fail again.
                tracing::error!(session = %key.session, error = %failure, "a session cannot be read");
                self.timers.set(key, None);
            } else {
                touched
                    .sessions
                    .entry(key.clone())
                    .or_insert(Touch::Untraced);
            }
        }
        if touched.sessions.is_empty() {
            return outcomes;
        }
        let failure = match self.commit(&touched).await {
            Ok(()) => return outcomes,
            Err(failure) => Arc::new(failure),
        };
        tracing::warn!(error = %platform::status::chain(failure.as_ref()), "a commit failed");
        self.heads = None;
        for key in touched.sessions.keys() {
            self.cache.evict(key);
        }
        if failure.fault() == storage::StoreFault::Conflict {
            self.cache.clear();
        }
        outcomes
            .into_iter()
            .map(|outcome| outcome.and(Err(SessionError::NotKept(Arc::clone(&failure)))))
            .collect()
    }

    /// Brings the sessions of a group into memory. Answers with those that are there and cannot be read.
    async fn load(&mut self, group: &Group) -> Result<Broken, StoreError> {
        let mut broken = Broken::new();
        for (tenant, mut wanted) in group.wanted() {
            let key = |session| SessionKey {
                tenant: tenant.clone(),
                session,
            };
            wanted.retain(|session, _| !self.cache.contains(&key(*session)));
            let ids: Vec<SessionId> = wanted.keys().copied().collect();
            for (id, session) in self.store.load(&tenant, &ids).await? {
                wanted.remove(&id);
                match session {
                    Ok(session) => self.cache.insert(session),
                    Err(failure) => {
                        broken.insert(key(id), Arc::new(failure));
                    }
                }
            }
            self.begin(&tenant, wanted).await?;
        }
        Ok(broken)
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
    fn fold(
        &mut self,
        batch: &mut Batch,
        broken: &Broken,
        touched: &mut Touched,
    ) -> Result<Receipt, SessionError> {
        let key = |session| SessionKey {
            tenant: batch.tenant.clone(),
            session,
        };
        let sessions = sessions_of(batch);
        if let Some(failure) = sessions
            .iter()
            .find_map(|session| broken.get(&key(*session)))
        {
            return Err(SessionError::NotKept(Arc::clone(failure)));
        }
        let touch = Touch::of_batch(batch.trace.as_ref(), sessions.len());
        let mut receipt = Receipt::default();
        for (index, event) in std::mem::take(&mut batch.events) {
            let key = key(event.session);
            let Some(session) = self.cache.get_mut(&key) else {
                continue;
            };
            let (limit, signals) = (
                self.settings.ingest.session_max_events,
                &self.settings.signals,
            );
            match session.take(event, limit, signals) {
                Taken::New => {
                    receipt.accepted += 1;
                    touched.sessions.insert(key, touch.clone());
                }
                Taken::Duplicate => receipt.duplicates += 1,
                Taken::Full => receipt.full.push(index),
            }
        }
        Ok(receipt)
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
        for (key, touch) in &touched.sessions {
            match self.cache.get_mut(key) {
                Some(session) => draft.add(session, touch),
                None => self.timers.set(key, None),
            }
        }
        let (commit, heads, published, due) = draft.finish();
        self.store.commit(commit).await?;
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
