//! Desks, reservations and tasks.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::fact::Pointless;
use domain::id::{QueueId, TaskId};
use platform::paging::{Page, PageRequest};
use proto::convert::time::wire_timestamp;
use proto::error::v1::ErrorReason;
use proto::field::{self, FieldFault, InvalidField, Unspecified, WireField};
use proto::routing::v1 as pb;
use proto::routing::v1::open_desk_request::Message as Heard;
use proto::routing::v1::open_desk_response::Message as Told;

use crate::decide::Order;
use crate::desk::{DeskNews, PresenceNow, SessionNews};
use crate::matching::{Presence, Profile};
use crate::reservation::{DeclineReason, Reservation, ReservationState};
use crate::service::{Held, WrapUp};
use crate::store::TaskCursor;
use crate::task::{Task, TaskState};

const MOST_CAPACITY: u32 = 20;
const MOST_QUEUES: usize = 20;
const MOST_SKILLS: usize = 50;
const MOST_LANGUAGES: usize = 20;
const LONGEST_HANDLING: Duration = Duration::from_hours(24);

/// One message of a desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::grpc) enum DeskMessage {
    Presence(Profile),
    Heartbeat,
}

impl TryFrom<pb::OpenDeskRequest> for DeskMessage {
    type Error = InvalidField;

    fn try_from(request: pb::OpenDeskRequest) -> Result<Self, InvalidField> {
        let pb::OpenDeskRequest { message } = request;
        match field::required("message", message)? {
            Heard::Presence(presence) => Profile::try_from(presence)
                .map(Self::Presence)
                .map_err(|fault| fault.within("presence")),
            Heard::Heartbeat(pb::DeskHeartbeat {}) => Ok(Self::Heartbeat),
        }
    }
}

impl TryFrom<pb::DeskPresence> for Profile {
    type Error = InvalidField;

    fn try_from(wire: pb::DeskPresence) -> Result<Self, InvalidField> {
        let pb::DeskPresence {
            presence,
            capacity,
            queue_ids,
            skills,
            languages,
        } = wire;
        let presence: Presence = field::enumerated::<pb::Presence, _>("presence", presence)?;
        if presence == Presence::NotResponding {
            let why = "is said by the server alone";
            return Err(InvalidField::new("presence", ErrorReason::OutOfRange, why));
        }
        if !(1..=MOST_CAPACITY).contains(&capacity) {
            let why = "must be 1 to 20";
            return Err(InvalidField::new("capacity", ErrorReason::OutOfRange, why));
        }
        Ok(Self {
            presence,
            capacity,
            queues: some("queue_ids", queue_ids, MOST_QUEUES)?,
            skills: set("skills", skills, MOST_SKILLS)?,
            languages: some("languages", languages, MOST_LANGUAGES)?,
        })
    }
}

/// A set of short texts that may be empty.
fn set<T: Ord + WireField<String>>(
    name: &str,
    texts: Vec<String>,
    most: usize,
) -> Result<BTreeSet<T>, InvalidField> {
    field::within_count(name, texts.len(), most)?;
    texts
        .into_iter()
        .enumerate()
        .map(|(index, text)| field::read("", text).map_err(|fault| fault.within_index(name, index)))
        .collect()
}

/// A set of short texts that must not be empty.
fn some<T: Ord + WireField<String>>(
    name: &str,
    texts: Vec<String>,
    most: usize,
) -> Result<BTreeSet<T>, InvalidField> {
    if texts.is_empty() {
        return Err(InvalidField::absent(name));
    }
    set(name, texts, most)
}

impl TryFrom<pb::Presence> for Presence {
    type Error = Unspecified;

    fn try_from(wire: pb::Presence) -> Result<Self, Unspecified> {
        match wire {
            pb::Presence::Unspecified => Err(Unspecified),
            pb::Presence::Offline => Ok(Self::Offline),
            pb::Presence::Available => Ok(Self::Available),
            pb::Presence::Busy => Ok(Self::Busy),
            pb::Presence::Break => Ok(Self::Break),
            pb::Presence::Wrapping => Ok(Self::Wrapping),
            pb::Presence::NotResponding => Ok(Self::NotResponding),
        }
    }
}

impl From<Presence> for pb::Presence {
    fn from(presence: Presence) -> Self {
        match presence {
            Presence::Offline => Self::Offline,
            Presence::Available => Self::Available,
            Presence::Busy => Self::Busy,
            Presence::Break => Self::Break,
            Presence::Wrapping => Self::Wrapping,
            Presence::NotResponding => Self::NotResponding,
        }
    }
}

/// Why an agent declines; the empty text stands for not told.
pub(in crate::grpc) fn decline_reason(reason: &str) -> Result<Option<DeclineReason>, InvalidField> {
    if reason.is_empty() {
        return Ok(None);
    }
    DeclineReason::parse(reason)
        .map(Some)
        .map_err(|fault| InvalidField::new("reason", fault.reason(), fault.description()))
}

/// A contact that is over, and its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::grpc) struct WrappedTask {
    pub(in crate::grpc) task: TaskId,
    pub(in crate::grpc) end: WrapUp,
}

impl TryFrom<pb::WrapUpRequest> for WrappedTask {
    type Error = InvalidField;

    fn try_from(request: pb::WrapUpRequest) -> Result<Self, InvalidField> {
        let pb::WrapUpRequest {
            request_id: _,
            task_id,
            resolution,
            cause,
            empowerment,
            handle_time,
        } = request;
        let task = field::read("task_id", task_id)?;
        let end = WrapUp {
            resolution: field::read("resolution", resolution)?,
            cause: field::read("cause", cause)?,
            pointless: field::enumerated::<pb::Empowerment, _>("empowerment", empowerment)
                .map(|Had(pointless)| pointless)?,
            handle_time: field::read("handle_time", handle_time)?,
        };
        if end.handle_time > LONGEST_HANDLING {
            let why = "must be at most 24 hours";
            return Err(InvalidField::new(
                "handle_time",
                ErrorReason::OutOfRange,
                why,
            ));
        }
        Ok(Self { task, end })
    }
}

/// What the agent's power came to.
struct Had(Pointless);

impl TryFrom<pb::Empowerment> for Had {
    type Error = Unspecified;

    fn try_from(wire: pb::Empowerment) -> Result<Self, Unspecified> {
        match wire {
            pb::Empowerment::Unspecified => Err(Unspecified),
            pb::Empowerment::Able => Ok(Self(Pointless::No)),
            pb::Empowerment::HadToRefuse => Ok(Self(Pointless::Yes)),
        }
    }
}

/// A task that is handed on, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::grpc) struct Transfer {
    pub(in crate::grpc) task: TaskId,
    pub(in crate::grpc) queue: QueueId,
}

impl TryFrom<pb::TransferTaskRequest> for Transfer {
    type Error = InvalidField;

    fn try_from(request: pb::TransferTaskRequest) -> Result<Self, InvalidField> {
        let pb::TransferTaskRequest {
            request_id: _,
            task_id,
            queue_id,
        } = request;
        Ok(Self {
            task: field::read("task_id", task_id)?,
            queue: field::read("queue_id", queue_id)?,
        })
    }
}

/// The page of tasks that is asked for.
pub(in crate::grpc) fn task_page(
    request: &pb::ListMyTasksRequest,
) -> Result<PageRequest<TaskCursor>, InvalidField> {
    let pb::ListMyTasksRequest {
        page_size,
        page_token,
    } = request;
    PageRequest::parse(*page_size, page_token)
}

/// A page of tasks.
pub(in crate::grpc) fn listed(page: Page<Task>) -> pb::ListMyTasksResponse {
    let Page {
        items,
        next_page_token,
    } = page;
    pb::ListMyTasksResponse {
        tasks: items.into_iter().map(Into::into).collect(),
        next_page_token,
    }
}

impl From<Held> for pb::Reservation {
    fn from(held: Held) -> Self {
        let Held { reservation, task } = held;
        let Reservation {
            id,
            state,
            expires_at,
            ..
        } = reservation;
        Self {
            reservation_id: id.into_wire(),
            task: Some(task.into()),
            state: pb::ReservationState::from(state).into(),
            expires_at: Some(wire_timestamp(expires_at)),
        }
    }
}

impl From<ReservationState> for pb::ReservationState {
    fn from(state: ReservationState) -> Self {
        match state {
            ReservationState::Pending => Self::Pending,
            ReservationState::Accepted => Self::Accepted,
            ReservationState::Rejected => Self::Rejected,
            ReservationState::TimedOut => Self::TimedOut,
            ReservationState::Rescinded => Self::Rescinded,
            ReservationState::Cancelled => Self::Cancelled,
            ReservationState::Wrapping => Self::Wrapping,
            ReservationState::Completed => Self::Completed,
        }
    }
}

impl From<Task> for pb::Task {
    fn from(task: Task) -> Self {
        let brief = task.brief;
        let language = brief.language.map(|language| language.as_str().to_owned());
        Self {
            task_id: task.id.into_wire(),
            state: pb::TaskState::from(task.state).into(),
            intervention_id: task.intervention.into_wire(),
            session_id: task.session.into_wire(),
            channel: task.channel.into_wire(),
            queue_id: task.queue.into_wire(),
            language: language.unwrap_or_default(),
            causes: brief.causes.into_wire(),
            signals: brief.signals.into_wire(),
            cart: Some(brief.cart.into()),
            page: brief.page.map(String::from).unwrap_or_default(),
            remedy_ladder: brief.ladder.into_wire(),
            created_at: Some(wire_timestamp(task.created_at)),
            expires_at: Some(wire_timestamp(task.expires_at)),
        }
    }
}

impl From<TaskState> for pb::TaskState {
    fn from(state: TaskState) -> Self {
        match state {
            TaskState::Pending => Self::Pending,
            TaskState::Reserved => Self::Reserved,
            TaskState::Assigned => Self::Assigned,
            TaskState::Wrapping => Self::Wrapping,
            TaskState::Completed => Self::Completed,
            TaskState::Cancelled => Self::Cancelled,
        }
    }
}

impl From<DeskNews> for pb::OpenDeskResponse {
    fn from(news: DeskNews) -> Self {
        let message = match news {
            DeskNews::Presence(PresenceNow { presence, used }) => {
                Told::Presence(pb::PresenceAcknowledged {
                    presence: pb::Presence::from(presence).into(),
                    used_capacity: used,
                })
            }
            DeskNews::Reserved(held) => {
                let (reservation, task) = (*held).clone();
                Told::Reservation(Held { reservation, task }.into())
            }
            DeskNews::Rescinded { reservation, state } => {
                Told::Rescinded(pb::ReservationRescinded {
                    reservation_id: reservation.into_wire(),
                    state: pb::ReservationState::from(state).into(),
                })
            }
            DeskNews::Session(session) => Told::SessionUpdate((*session).clone().into()),
        };
        Self {
            message: Some(message),
        }
    }
}

impl From<SessionNews> for pb::SessionUpdate {
    fn from(news: SessionNews) -> Self {
        let SessionNews {
            task,
            cart,
            page,
            order,
        } = news;
        Self {
            task_id: task.into_wire(),
            cart: Some(cart.into()),
            page: page.map(String::from).unwrap_or_default(),
            ordered: order == Order::Placed,
        }
    }
}

/// The server is alive.
pub(in crate::grpc) fn desk_heartbeat() -> pb::OpenDeskResponse {
    pb::OpenDeskResponse {
        message: Some(Told::Heartbeat(pb::DeskHeartbeat {})),
    }
}

#[cfg(test)]
mod tests;
