//! What clients sent, and what the suite said yes to.

use std::collections::BTreeMap;
use std::sync::Mutex;

use proto::session::v1::Event;

/// Notes that clients write and the test reads.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Notes>);

#[derive(Debug, Default, Clone)]
pub(super) struct Notes {
    /// Events by session.
    pub(super) events: BTreeMap<String, Events>,
    /// Offers by the request that asked for them; `None` when no answer came.
    pub(super) holds: BTreeMap<String, Option<String>>,
    /// Sessions whose yes to an invitation was acknowledged.
    pub(super) yeses: Vec<String>,
    /// Reservations that came to the desk.
    pub(super) reservations: Vec<Reserved>,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Events {
    pub(super) sent: usize,
    pub(super) acknowledged: Vec<Event>,
}

/// A reservation, and what its agent did about it.
#[derive(Debug, Clone)]
pub(super) struct Reserved {
    pub(super) reservation: String,
    pub(super) task: String,
    pub(super) intervention: String,
    pub(super) accept: Call,
    pub(super) wrap_up: Call,
}

/// How far a call came, with its request id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    NotMade,
    /// It was made, and no answer came.
    Unknown(String),
    Acknowledged(String),
}

impl Call {
    /// Notes that the call is about to be made, and gives its id: the one under which it was made before, if it was.
    pub(super) fn begin(&mut self, fresh: impl FnOnce() -> String) -> String {
        let id = match self {
            Self::NotMade => fresh(),
            Self::Unknown(id) | Self::Acknowledged(id) => return id.clone(),
        };
        *self = Self::Unknown(id.clone());
        id
    }

    fn is_acknowledged(&self) -> bool {
        matches!(self, Self::Acknowledged(_))
    }
}

impl Known {
    pub(super) fn note<T>(&self, note: impl FnOnce(&mut Notes) -> T) -> T {
        note(&mut self.0.lock().unwrap())
    }

    /// All that is known now.
    pub(super) fn notes(&self) -> Notes {
        self.note(|notes| notes.clone())
    }

    /// Whether events, a hold, a yes and reservations at each step have been acknowledged; else what has been.
    pub(super) fn some_of_everything(&self) -> Result<(), String> {
        self.note(|notes| {
            let events: usize = notes.events.values().map(|it| it.acknowledged.len()).sum();
            let holds = notes.holds.values().flatten().count();
            let yeses = notes.yeses.len();
            let at = |wanted: fn(&Reserved) -> bool| {
                notes.reservations.iter().filter(|it| wanted(it)).count()
            };
            let waiting = at(|it| it.accept == Call::NotMade);
            let accepted = at(|it| it.accept.is_acknowledged() && it.wrap_up == Call::NotMade);
            let wrapped_up = at(|it| it.wrap_up.is_acknowledged());
            let found = [events, holds, yeses, waiting, accepted, wrapped_up];
            if found.iter().all(|count| *count > 0) {
                return Ok(());
            }
            Err(format!(
                "events, holds, yeses, reservations waiting, accepted, wrapped up: {found:?}"
            ))
        })
    }
}
