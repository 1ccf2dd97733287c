//! The desks of the simulated agents: they hear of work over `OpenDesk`, take it, and help as far as they may.

mod contact;
mod remedy;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use platform::auth::CallerKind;
use proto::routing::v1::agent_desk_service_client::AgentDeskServiceClient;
use proto::routing::v1::open_desk_request::Message as Says;
use proto::routing::v1::open_desk_response::Message as Hears;
use proto::routing::v1::{
    DeskHeartbeat, DeskPresence, OpenDeskRequest, OpenDeskResponse, Presence, Reservation,
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Streaming;

use super::cast::{AGENTS, AgentCast};
use super::chat::Chats;
use super::clients::{Doors, Line};
use super::{DemoError, failed};
use contact::Contact;

const HEARTBEAT: Duration = Duration::from_secs(10);
/// A desk that is not acknowledged by then will not be.
const OPENING: Duration = Duration::from_secs(10);

/// All desks, open.
#[derive(Debug)]
pub(super) struct Floor {
    desks: JoinSet<Result<(), DemoError>>,
    closing: CancellationToken,
    log: Arc<Log>,
}

/// What the desks were told, by session.
#[derive(Debug, Default)]
pub(super) struct Log {
    reserved: Mutex<HashMap<String, Instant>>,
    /// Tasks of which the desk heard that their shopper has bought.
    ordered: watch::Sender<BTreeSet<String>>,
    /// Why contacts broke off.
    broken: Mutex<Vec<String>>,
}

/// One desk and the stream to it.
struct Desk {
    cast: &'static AgentCast,
    caller: CallerKind,
    doors: Doors,
    client: AgentDeskServiceClient<Line>,
    says: mpsc::Sender<OpenDeskRequest>,
    hears: Streaming<OpenDeskResponse>,
    chats: Arc<Chats>,
    log: Arc<Log>,
    contacts: JoinSet<()>,
}

impl Floor {
    /// Opens every desk, and waits until each takes work.
    pub(super) async fn open(doors: &Doors, chats: &Arc<Chats>) -> Result<Self, DemoError> {
        let mut floor = Self {
            desks: JoinSet::new(),
            closing: CancellationToken::new(),
            log: Arc::default(),
        };
        for cast in AGENTS {
            let (ready, is_ready) = oneshot::channel();
            let desk = Desk::open(cast, doors, chats, &floor.log).await?;
            floor.desks.spawn(desk.work(ready, floor.closing.clone()));
            let opened = tokio::time::timeout(OPENING, is_ready).await;
            opened
                .ok()
                .and_then(Result::ok)
                .ok_or(DemoError::Desk(cast.name))?;
        }
        Ok(floor)
    }

    /// Closes every desk when its contacts are over, and tells what the desks were told.
    pub(super) async fn close(mut self) -> Result<Arc<Log>, DemoError> {
        self.closing.cancel();
        while let Some(ended) = self.desks.join_next().await {
            ended.map_err(DemoError::Task)??;
        }
        Ok(self.log)
    }
}

impl Log {
    /// When an agent was first reserved for a session.
    pub(super) fn reserved_at(&self, session: &str) -> Option<Instant> {
        let reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        reserved.get(session).copied()
    }

    /// How many desks were told that the shopper they talk with has bought.
    pub(super) fn told_of_orders(&self) -> usize {
        self.ordered.borrow().len()
    }

    /// Waits until the desk has heard that the shopper of a task has bought, or for so long.
    async fn hears_of_order(&self, task: &str, limit: Duration) {
        let mut ordered = self.ordered.subscribe();
        // Whether it came is counted at the end.
        let _ = tokio::time::timeout(limit, ordered.wait_for(|tasks| tasks.contains(task))).await;
    }

    /// Why contacts broke off; empty when all came to their wrap-up.
    pub(super) fn broken_contacts(&self) -> Vec<String> {
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        broken.clone()
    }

    fn note_broken(&self, failure: &DemoError) {
        let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        broken.push(platform::status::chain(failure));
    }

    fn note_reservation(&self, session: &str) {
        let mut reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        reserved
            .entry(session.to_owned())
            .or_insert_with(Instant::now);
    }

    fn note_order(&self, task: String) {
        self.ordered.send_modify(|tasks| {
            tasks.insert(task);
        });
    }
}

impl Desk {
    async fn open(
        cast: &'static AgentCast,
        doors: &Doors,
        chats: &Arc<Chats>,
        log: &Arc<Log>,
    ) -> Result<Self, DemoError> {
        let caller = cast.caller()?;
        let mut client = doors.desk(caller.clone())?;
        let (says, waiting) = mpsc::channel(8);
        let present = say(Says::Presence(presence(cast)));
        // INVARIANT: the channel is open and empty, so this cannot fail.
        let _ = says.send(present).await;
        let hears = client
            .open_desk(ReceiverStream::new(waiting))
            .await
            .map_err(failed("a desk cannot be opened"))?
            .into_inner();
        Ok(Self {
            cast,
            caller,
            doors: doors.clone(),
            client,
            says,
            hears,
            chats: Arc::clone(chats),
            log: Arc::clone(log),
            contacts: JoinSet::new(),
        })
    }

    /// Works until the floor closes and the last contact is over.
    async fn work(
        mut self,
        ready: oneshot::Sender<()>,
        closing: CancellationToken,
    ) -> Result<(), DemoError> {
        let mut ready = Some(ready);
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        loop {
            tokio::select! {
                // A contact hears through its desk, which therefore stays open until the last one is over.
                () = closing.cancelled(), if self.contacts.is_empty() => return Ok(()),
                Some(ended) = self.contacts.join_next() => ended.map_err(DemoError::Task)?,
                _ = heartbeat.tick() => {
                    let _ = self.says.send(say(Says::Heartbeat(DeskHeartbeat {}))).await;
                }
                message = self.hears.message() => {
                    let message = message.map_err(failed("a desk was cut off"))?;
                    let Some(message) = message.and_then(|message| message.message) else {
                        return Err(DemoError::Desk(self.cast.name));
                    };
                    if let Hears::Presence(_) = message && let Some(ready) = ready.take() {
                        let _ = ready.send(());
                    }
                    self.hear(message)?;
                }
            }
        }
    }

    fn hear(&mut self, message: Hears) -> Result<(), DemoError> {
        match message {
            Hears::Reservation(reservation) => self.take(reservation),
            Hears::SessionUpdate(update) => {
                if update.ordered {
                    self.log.note_order(update.task_id);
                }
                Ok(())
            }
            Hears::Presence(_) | Hears::Rescinded(_) | Hears::Heartbeat(_) => Ok(()),
        }
    }

    fn take(&mut self, reservation: Reservation) -> Result<(), DemoError> {
        let Some(task) = reservation.task else {
            return Ok(());
        };
        self.log.note_reservation(&task.session_id);
        let contact = Contact {
            desk: self.client.clone(),
            offers: self.doors.offers(self.caller.clone())?,
            supervisor: self.doors.offers(self.cast.supervisor()?)?,
            chats: Arc::clone(&self.chats),
            log: Arc::clone(&self.log),
            reservation: reservation.reservation_id,
            task,
        };
        let log = Arc::clone(&self.log);
        self.contacts.spawn(async move {
            if let Err(failure) = contact.handle().await {
                log.note_broken(&failure);
            }
        });
        Ok(())
    }
}

fn presence(cast: &AgentCast) -> DeskPresence {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    DeskPresence {
        presence: Presence::Available.into(),
        capacity: cast.capacity,
        queue_ids: owned(cast.queues),
        skills: owned(cast.skills),
        languages: owned(&[cast.language]),
    }
}

fn say(message: Says) -> OpenDeskRequest {
    OpenDeskRequest {
        message: Some(message),
    }
}
