//! An open desk: what the agent says of what they can do, and what they are told.

use domain::id::{PartnerId, TenantId};
use platform::paging::{Page, PageRequest};
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;

use super::Service;
use crate::desk::{Cut, Desk, DeskNews};
use crate::error::RoutingError;
use crate::intervention::AssignedAgent;
use crate::matching::Profile;
use crate::store::{TaskCursor, TaskHolder};
use crate::task::Task;

/// A desk with its agent at it.
#[derive(Debug)]
pub(crate) struct StaffedDesk {
    desk: Desk,
    /// Whether the agent has been told what waits for an answer.
    caught_up: CaughtUp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CaughtUp {
    NotYet,
    Yes,
}

impl Service {
    /// Opens a desk. It takes work from its first presence on.
    pub(crate) fn open_desk(
        &self,
        tenant: &TenantId,
        agent: &AssignedAgent,
    ) -> Result<StaffedDesk, RoutingError> {
        let now = self.inner.clock.now();
        let desk = self.inner.desks.open(tenant, agent, now);
        Ok(StaffedDesk {
            desk: desk.map_err(|_| RoutingError::Exhausted {
                what: "desks of an agent",
            })?,
            caught_up: CaughtUp::NotYet,
        })
    }

    /// Takes what the agent can do now. The first time, the desk is told again of the reservations that wait for it.
    pub(crate) async fn present(
        &self,
        staffed: &mut StaffedDesk,
        profile: Profile,
    ) -> Result<(), RoutingError> {
        self.refuse_foreign(&staffed.desk.agent().partner, &profile)?;
        let StaffedDesk { desk, caught_up } = staffed;
        let store = &self.inner.store;
        let read = store.database.read();
        let (tenant, agent) = (desk.tenant(), desk.agent());
        let load = store.load_of(read, tenant, agent).await?;
        let mut waiting = Vec::new();
        if *caught_up == CaughtUp::NotYet {
            for reservation in store.pending_reservations(read, tenant, agent).await? {
                if let Some(task) = store.task(read, tenant, reservation.task).await? {
                    waiting.push(DeskNews::reserved(reservation, task));
                }
            }
        }
        desk.present(profile, load, self.inner.clock.now());
        for news in &waiting {
            desk.tell(news);
        }
        *caught_up = CaughtUp::Yes;
        self.dispatch_soon();
        Ok(())
    }

    /// Notes that a desk lives. Its first word is what its agent can do.
    pub(crate) fn heard(&self, staffed: &StaffedDesk) -> Result<(), RoutingError> {
        if staffed.caught_up == CaughtUp::NotYet {
            return Err(InvalidField::absent("presence").into());
        }
        staffed.desk.heard(self.inner.clock.now());
        Ok(())
    }

    /// INVARIANT: a partner gets work of the queues it is contracted for and of no other.
    fn refuse_foreign(&self, partner: &PartnerId, profile: &Profile) -> Result<(), InvalidField> {
        let settings = &self.inner.settings;
        if profile
            .queues
            .iter()
            .all(|queue| settings.may_serve(partner, queue))
        {
            return Ok(());
        }
        let description = "must be queues that the partner serves";
        let unknown = ErrorReason::UnknownQueue;
        Err(InvalidField::new(
            "presence.queue_ids",
            unknown,
            description,
        ))
    }

    /// Lists tasks that have not ended, the oldest first.
    pub(crate) async fn list_tasks(
        &self,
        tenant: &TenantId,
        holder: &TaskHolder,
        page: &PageRequest<TaskCursor>,
    ) -> Result<Page<Task>, RoutingError> {
        Ok(self.inner.store.list_tasks(tenant, holder, page).await?)
    }
}

impl StaffedDesk {
    /// The next thing to tell the desk, or why it was cut.
    pub(crate) async fn next(&mut self) -> Result<DeskNews, Cut> {
        self.desk.next().await
    }
}
