//! The writer: takes what waits, decides, commits, answers.

use std::sync::Arc;
use std::time::Duration;

use domain::time::Timestamp;
use platform::clock::Clock;
use platform::ids::IdSource;
use storage::{StoreError, StoreFault};
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Instant, MissedTickBehavior, timeout_at};

use super::due::DueSessions;
use super::group::Group;
use super::memory::Memory;
use super::queue::{Room, Turns};
use super::residents::Limits;
use super::{Aside, Command, Handed, Ingest, News};
use crate::config::IngestConfig;
use crate::error::SessionError;
use crate::session::Rules;
use crate::snapshot::{SessionKey, Snapshot};
use crate::store::{Heads, Store};

mod forget;
mod keep;
mod rows;
mod standing;

use standing::Standing;

/// What the writer goes by.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) ingest: IngestConfig,
    pub(crate) rules: Arc<Rules>,
    /// Changes that a watcher may fall behind.
    pub(crate) buffered_changes: usize,
}

/// How often a writer asks whether another process has followed it, when nothing else tells it so.
const FOLLOWED_EVERY: Duration = Duration::from_secs(1);

/// Why the writer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Nobody can hand in any more.
    Idle,
    /// Another process has become the writer of the partition.
    Followed,
}

/// The one owner of sessions.
pub(crate) struct Writer {
    settings: Settings,
    store: Store,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    queue: mpsc::UnboundedReceiver<Command>,
    room: Room,
    published: broadcast::Sender<Arc<News>>,
    waiting: Turns<Handed>,
    asides: Vec<Aside>,
    due: DueSessions,
    memory: Memory,
    heads: Heads,
    standing: Standing,
}

impl Writer {
    /// The writer of a partition, with all that the log holds and the rows do not, and the way to it. From now on, an
    /// earlier writer of the partition can write no more.
    pub(crate) async fn new(
        settings: Settings,
        store: Store,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Result<(Self, Ingest), StoreError> {
        let (sender, queue) = mpsc::unbounded_channel();
        let (published, _) = broadcast::channel(settings.buffered_changes);
        let room = Room::of(settings.ingest.queue_bytes);
        let mut memory = Memory::new(Limits {
            live: settings.ingest.live_sessions,
            resting_bytes: settings.ingest.memory_bytes,
        });
        let partition = settings.ingest.partition;
        let heads = store.claim(partition).await?;
        let rules = Arc::clone(&settings.rules);
        memory.recover(&store, &rules, (partition, heads)).await?;
        let (first, rest) = DueSessions::of(store.clone()).await?;
        let ingest = Ingest {
            room: room.clone(),
            queue: sender,
            published: published.clone(),
        };
        let mut writer = Self {
            settings,
            due: rest,
            store,
            clock,
            ids,
            queue,
            room,
            published,
            waiting: Turns::default(),
            asides: Vec::new(),
            memory,
            heads,
            standing: Standing::Sure,
        };
        writer.arm(&first);
        Ok((writer, ingest))
    }

    /// Runs until nobody can hand in any more and everything that was handed in is answered, or until another process
    /// has become the writer.
    pub(crate) async fn run(mut self) -> Ended {
        let mut tick = tokio::time::interval(self.settings.ingest.timer_tick);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut claim = tokio::time::interval(FOLLOWED_EVERY);
        claim.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                command = self.queue.recv() => match command {
                    Some(command) => self.serve(command).await,
                    None => return self.end().await,
                },
                found = self.due.next() => self.arm(&found),
                _ = tick.tick() => self.settle(Group::at(self.clock.now())).await,
                _ = claim.tick() => self.look_for_follower().await,
            }
            if self.is_more_due() {
                tick.reset_immediately();
            }
            if self.standing == Standing::Followed {
                tracing::error!(
                    "another process writes to this partition of the log: this one ends"
                );
                self.room.close();
                return Ended::Followed;
            }
        }
    }

    /// Whether timers are due that did not fit into the last transaction, or that were only just read.
    fn is_more_due(&self) -> bool {
        let now = self.clock.now();
        let is_due = self.memory.timers.next().is_some_and(|next| next <= now);
        is_due && self.standing == Standing::Sure
    }

    /// Leaves little to do for whoever begins next.
    async fn end(mut self) -> Ended {
        // What is left, the log holds.
        let _left = self.write_all_rows().await;
        Ended::Idle
    }

    /// Takes a command and what else waits, a group at a time, until nothing does. What must happen beside the batches
    /// happens between two groups, since batches may never stop coming.
    async fn serve(&mut self, command: Command) {
        self.accept(command);
        self.gather().await;
        loop {
            for aside in std::mem::take(&mut self.asides) {
                self.step_aside(aside).await;
            }
            if self.waiting.is_empty() || self.standing == Standing::Followed {
                return;
            }
            self.settle_next().await;
            while let Ok(command) = self.queue.try_recv() {
                self.accept(command);
            }
            if let Some(found) = self.due.try_next() {
                self.arm(&found);
            }
        }
    }

    /// Lets more batches come for a moment, so that they share a commit.
    async fn gather(&mut self) {
        let deadline = Instant::now() + self.settings.ingest.group_max_delay;
        loop {
            while let Ok(command) = self.queue.try_recv() {
                self.accept(command);
            }
            if self.waiting.is_empty() || self.settings.ingest.group_max_delay.is_zero() {
                return;
            }
            match timeout_at(deadline, self.queue.recv()).await {
                Ok(Some(command)) => self.accept(command),
                Ok(None) | Err(_) => return,
            }
        }
    }

    fn accept(&mut self, command: Command) {
        match command {
            Command::Record(handed) => {
                let tenant = handed.batch.tenant.clone();
                self.waiting.push(&tenant, handed);
            }
            Command::Aside(Aside::Read(key, answer)) if self.standing == Standing::Sure => {
                let _gone = answer.send(self.read(&key));
            }
            Command::Aside(aside) => self.asides.push(aside),
        }
    }

    async fn step_aside(&mut self, aside: Aside) {
        match aside {
            Aside::Settle(tenant, answer) => {
                let written = self.write_rows_of(&tenant).await;
                let _gone = answer.send(written.map(|()| self.heads.change));
            }
            Aside::Erase(request, person, answer) => {
                while !self.waiting.is_empty() {
                    self.settle_next().await;
                }
                let _gone = answer.send(self.erase(request, person).await);
            }
            Aside::Read(key, answer) => {
                let sure = self.make_sure().await.map_err(SessionError::from);
                let _gone = answer.send(sure.and_then(|()| self.read(&key)));
            }
            Aside::Forget(tenant, sessions, limit, answer) => {
                let _gone = answer.send(self.forget(&tenant, (sessions, limit)).await);
            }
        }
    }

    fn read(&mut self, key: &SessionKey) -> Result<Option<Snapshot>, SessionError> {
        let own = self.memory.tenants.key(key);
        if let Some(place) = self.memory.unreadable.get(&own) {
            return Err(Store::unreadable(*place).into());
        }
        let store = &self.store;
        let read = |session: &_| store.snapshot(key.session, session);
        Ok(self.memory.residents.read(own, read).flatten())
    }

    pub(super) fn arm(&mut self, found: &[(Timestamp, SessionKey)]) {
        for (due, key) in found {
            let key = self.memory.tenants.key(key);
            self.memory.timers.set(key, *due);
        }
    }

    async fn settle_next(&mut self) {
        let mut group = Group::at(self.clock.now());
        while group.events < self.settings.ingest.group_max_events
            && let Some(handed) = self.waiting.pop()
        {
            group.add(handed);
        }
        self.settle(group).await;
    }

    /// Makes a group and what is due durable, and answers its batches.
    async fn settle(&mut self, mut group: Group) {
        let sure = self.make_sure().await;
        if sure.is_ok() {
            let limit = self.settings.ingest.timer_max_sessions;
            group.due = self.memory.timers.due(group.now, limit);
        }
        self.settle_as_it_is(group, sure).await;
    }

    async fn settle_as_it_is(&mut self, group: Group, sure: Result<(), StoreError>) {
        let kept = match sure {
            Ok(()) => self.keep(&group).await,
            Err(failure) => Err(failure),
        };
        // An answer that cannot be sent is one whose caller has gone; the events are kept all the same.
        match kept {
            Ok(receipts) => {
                self.memory.timers.taken(&group.due);
                for (answer, receipt) in group.answers().zip(receipts) {
                    let _gone = answer.send(Ok(receipt));
                }
            }
            Err(failure) if group.is_mixed() && is_worth_a_second_look(&failure) => {
                self.doubt(&failure);
                self.settle_one_by_one(group).await;
            }
            Err(failure) => {
                self.doubt(&failure);
                self.put_off(&group, &failure);
                let failure = Arc::new(failure);
                for answer in group.answers() {
                    let _gone = answer.send(Err(SessionError::NotKept(Arc::clone(&failure))));
                }
            }
        }
        self.evict().await;
    }
}

/// Whether the same group, in parts, may be taken: the store works, and refused something in it.
fn is_worth_a_second_look(failure: &StoreError) -> bool {
    match failure.fault() {
        StoreFault::Broken | StoreFault::Conflict | StoreFault::RequestIdReused => true,
        StoreFault::Unavailable | StoreFault::Busy => false,
    }
}
