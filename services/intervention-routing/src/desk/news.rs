//! What a desk is told.

use std::sync::Arc;

use domain::cart::Cart;
use domain::id::{ReservationId, TaskId};
use domain::moment::Page;

use super::Presence;
use crate::decide::Order;
use crate::reservation::{Reservation, ReservationState};
use crate::task::Task;

/// One thing to tell a desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DeskNews {
    /// The presence that counts now.
    Presence(PresenceNow),
    /// A task is held for the agent.
    Reserved(Arc<(Reservation, Task)>),
    /// A reservation is no longer theirs.
    Rescinded {
        reservation: ReservationId,
        state: ReservationState,
    },
    /// The session behind a task changed.
    Session(Arc<SessionNews>),
}

impl DeskNews {
    pub(crate) fn reserved(reservation: Reservation, task: Task) -> Self {
        Self::Reserved(Arc::new((reservation, task)))
    }
}

/// The presence that counts now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PresenceNow {
    pub(crate) presence: Presence,
    /// Units in use.
    pub(crate) used: u32,
}

/// What a session looks like now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionNews {
    pub(crate) task: TaskId,
    pub(crate) cart: Cart,
    pub(crate) page: Option<Page>,
    pub(crate) order: Order,
}

/// Why a desk was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It did not read what it was told.
    Slow,
    /// It was not heard of.
    Silent,
}
