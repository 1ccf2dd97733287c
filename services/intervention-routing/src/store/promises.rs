//! What agents are promised for: tasks that wait for one, and invitations that a yes would turn into tasks.

use std::collections::BTreeSet;

use domain::id::{TaskId, TenantId};
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, QuerySelect};
use storage::column::Row;
use storage::{StoreError, TenantScoped, Tx};

use super::Store;
use super::entities::{invitation, task, words};
use crate::invitation::InvitationState;
use crate::matching::{Need, Promise};
use crate::task::TaskState;

/// What a task needs of an agent.
#[derive(FromQueryResult)]
struct NeedColumns {
    queue_id: String,
    skill: Option<String>,
    language: Option<String>,
    channel: String,
}

/// Invitations that need the same.
#[derive(FromQueryResult)]
struct Alike {
    #[sea_orm(nested)]
    need: NeedColumns,
    invitations: i64,
}

/// A task that waits.
#[derive(FromQueryResult)]
struct Waiting {
    #[sea_orm(nested)]
    need: NeedColumns,
    task_id: String,
}

impl Store {
    /// All promises of a tenant that are not kept yet: waiting tasks, and invitations in these states.
    pub(crate) async fn promises(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        invited: &[InvitationState],
    ) -> Result<Vec<Promise>, StoreError> {
        let mut promises = self.promises_to_invited(tx, tenant, invited).await?;
        promises.extend(self.promises_to_waiting(tx, tenant).await?);
        Ok(promises)
    }

    async fn promises_to_invited(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        states: &[InvitationState],
    ) -> Result<Vec<Promise>, StoreError> {
        use invitation::Column;
        let need = [
            Column::QueueId,
            Column::Skill,
            Column::Language,
            Column::Channel,
        ];
        let mut alike = invitation::Entity::find_in(tenant)
            .select_only()
            .columns(need)
            .column_as(Column::InvitationId.count(), "invitations")
            .filter(Column::State.is_in(words(states, InvitationState::as_str)))
            .filter(Column::QueueId.is_not_null());
        for column in need {
            alike = alike.group_by(column);
        }
        let rows: Vec<Alike> = alike.into_model().all(tx).await?;
        rows.iter().map(Alike::promise).collect()
    }

    async fn promises_to_waiting(
        &self,
        tx: &Tx,
        tenant: &TenantId,
    ) -> Result<Vec<Promise>, StoreError> {
        use task::Column;
        let rows: Vec<Waiting> = task::Entity::find_in(tenant)
            .select_only()
            .columns([
                Column::TaskId,
                Column::QueueId,
                Column::Skill,
                Column::Language,
                Column::Channel,
            ])
            .filter(Column::State.eq(TaskState::Pending.as_str()))
            .into_model()
            .all(tx)
            .await?;
        let waiting: Result<Vec<(TaskId, Need)>, StoreError> =
            rows.iter().map(Waiting::task).collect();
        let waiting = waiting?;
        if waiting.is_empty() {
            return Ok(Vec::new());
        }
        let ids = waiting.iter().map(|(id, _)| *id);
        let mut refusals = self.refusals(tx, tenant, ids).await?;
        let promises = waiting.into_iter().map(|(id, need)| Promise {
            need,
            count: 1,
            refused: refusals.remove(&id).unwrap_or_default(),
        });
        Ok(promises.collect())
    }
}

impl NeedColumns {
    fn need(&self, row: &Row<'_>) -> Result<Need, StoreError> {
        Ok(Need {
            queue: row.parse("queue_id", &self.queue_id)?,
            skill: row.parse_optional("skill", self.skill.as_deref())?,
            language: row.parse_optional("language", self.language.as_deref())?,
            channel: row.parse("channel", &self.channel)?,
        })
    }
}

impl Alike {
    fn promise(&self) -> Result<Promise, StoreError> {
        // Many rows in one: what they share names them best.
        let row = Row::of("invitations", &self.need.queue_id);
        Ok(Promise {
            need: self.need.need(&row)?,
            count: row.count("count", self.invitations)?,
            refused: BTreeSet::new(),
        })
    }
}

impl Waiting {
    fn task(&self) -> Result<(TaskId, Need), StoreError> {
        let row = Row::of("tasks", &self.task_id);
        Ok((row.parse("task_id", &self.task_id)?, self.need.need(&row)?))
    }
}
