//! Reading and writing tasks.

use std::collections::BTreeSet;

use domain::channel::Channel;
use domain::id::{InterventionId, PartnerId, QueueId, TaskId, TenantId};
use domain::time::Timestamp;
use platform::paging::{Page, PageRequest};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use storage::column::millis;
use storage::{StoreError, TenantScoped, Tx};

use super::Store;
use super::entities::task::{self, Column, Entity};
use super::entities::{legible, number, words};
use crate::intervention::AssignedAgent;
use crate::task::{Task, TaskState};

/// The sort key of a list of tasks: the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TaskCursor {
    created_at: i64,
    id: TaskId,
}

/// Whose tasks a list holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TaskHolder {
    /// One agent.
    Agent(AssignedAgent),
    /// Everybody of a partner.
    Partner(PartnerId),
}

impl Store {
    /// Stores a new task.
    pub(crate) async fn insert_task(&self, tx: &Tx, new: &Task) -> Result<(), StoreError> {
        Entity::insert(task::row(new)?)
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }

    /// Stores a task as it is now and gives it back as stored; `None` when somebody else has changed it meanwhile.
    pub(crate) async fn save_task(
        &self,
        tx: &Tx,
        changed: Task,
    ) -> Result<Option<Task>, StoreError> {
        let read = number(changed.version);
        let changed = Task {
            version: changed.version.saturating_add(1),
            ..changed
        };
        // INVARIANT: the version is compared by the statement that changes the row, so of two at once one loses.
        let saved = Entity::update_in(&changed.tenant)
            .set(task::row(&changed)?)
            .filter(Column::TaskId.eq(changed.id.to_string()))
            .filter(Column::Version.eq(read))
            .exec(tx)
            .await?;
        Ok((saved.rows_affected == 1).then_some(changed))
    }

    /// Reads one task.
    pub(crate) async fn task<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        id: TaskId,
    ) -> Result<Option<Task>, StoreError> {
        let row = Entity::find_in(tenant)
            .filter(Column::TaskId.eq(id.to_string()))
            .one(connection)
            .await?;
        row.as_ref().map(task::task).transpose()
    }

    /// Reads the task of an intervention.
    pub(crate) async fn task_of<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        intervention: InterventionId,
    ) -> Result<Option<Task>, StoreError> {
        let row = Entity::find_in(tenant)
            .filter(Column::InterventionId.eq(intervention.to_string()))
            .one(connection)
            .await?;
        row.as_ref().map(task::task).transpose()
    }

    /// Tasks of a channel that wait in one of these queues, the oldest first.
    pub(crate) async fn waiting_tasks(
        &self,
        tenant: &TenantId,
        queues: &BTreeSet<QueueId>,
        channel: Channel,
        limit: u64,
    ) -> Result<Vec<Task>, StoreError> {
        let rows = Entity::find_in(tenant)
            .filter(Column::QueueId.is_in(queues.iter().map(QueueId::as_str)))
            .filter(Column::State.eq(TaskState::Pending.as_str()))
            .filter(Column::Channel.eq(channel.as_str()))
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::TaskId)
            .limit(limit)
            .all(self.database.read())
            .await?;
        Ok(legible(&rows, task::task))
    }

    /// Tasks of all tenants that waited in vain for what comes next, the oldest first.
    pub(crate) async fn overdue_tasks(
        &self,
        now: Timestamp,
        limit: u64,
    ) -> Result<Vec<Task>, StoreError> {
        // A timer serves all tenants; what it then does to a task starts from the tenant of the row.
        let rows = Entity::find()
            .filter(Column::State.is_in(words(&TaskState::WAITING, TaskState::as_str)))
            .filter(Column::ExpiresAt.lte(millis(now)))
            .order_by_asc(Column::ExpiresAt)
            .limit(limit)
            .all(self.database.read())
            .await?;
        Ok(legible(&rows, task::task))
    }

    /// A page of the tasks that have not ended, the oldest first.
    pub(crate) async fn list_tasks(
        &self,
        tenant: &TenantId,
        holder: &TaskHolder,
        request: &PageRequest<TaskCursor>,
    ) -> Result<Page<Task>, StoreError> {
        let (partner, agent) = match holder {
            TaskHolder::Agent(agent) => (&agent.partner, Some(&agent.agent)),
            TaskHolder::Partner(partner) => (partner, None),
        };
        let mut query = Entity::find_in(tenant)
            .filter(Column::PartnerId.eq(partner.as_str()))
            .filter(Column::State.is_in(words(&TaskState::OPEN, TaskState::as_str)));
        if let Some(agent) = agent {
            query = query.filter(Column::AgentId.eq(agent.as_str()));
        }
        if let Some(TaskCursor { created_at, id }) = request.after() {
            let same_time = Condition::all()
                .add(Column::CreatedAt.eq(*created_at))
                .add(Column::TaskId.gt(id.to_string()));
            let after = Condition::any()
                .add(Column::CreatedAt.gt(*created_at))
                .add(same_time);
            query = query.filter(after);
        }
        let rows = query
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::TaskId)
            .limit(request.fetch())
            .all(self.database.read())
            .await?;
        let listed: Result<Vec<_>, _> = rows.iter().map(task::task).collect();
        Ok(request.page(listed?, |last| TaskCursor {
            created_at: millis(last.created_at),
            id: last.id,
        }))
    }
}
