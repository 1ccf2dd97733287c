//! Reading sessions: one, or those that changed.

use domain::id::{SessionId, TenantId};
use domain::phase::RiskPhase;
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};
use storage::{StoreError, TenantScoped, column};

use super::entities::session;
use super::erase::ERASED;
use super::{Store, signed};
use crate::session::Shown;
use crate::snapshot::{SessionState, Snapshot};

/// Which sessions are wanted; what is absent does not filter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) phase: Option<RiskPhase>,
    pub(crate) state: Option<SessionState>,
}

impl Filter {
    pub(crate) fn matches(self, shown: Shown) -> bool {
        self.phase.is_none_or(|phase| phase == shown.phase)
            && self.state.is_none_or(|state| state == shown.state)
    }

    pub(super) fn condition(self) -> Condition {
        Condition::all()
            .add(session::Column::State.ne(ERASED))
            .add_option(
                self.phase
                    .map(|phase| session::Column::Phase.eq(phase.as_str())),
            )
            .add_option(
                self.state
                    .map(|state| session::Column::State.eq(state.as_str())),
            )
    }
}

/// Sessions that one read of changes brings.
const READ: u64 = 200;

/// How far a reader of changes has come. A reader has to learn that a session matches no more, if it may know it: all
/// that began by `known`, and those that it was told since, which change again after `head` at the earliest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// Everything was told up to this change.
    pub(crate) known: u64,
    /// The last change that there was when the reader began to read on from there.
    pub(crate) head: u64,
    /// The last change that was told.
    pub(crate) told: u64,
}

impl Position {
    /// After everything up to a change.
    pub(crate) fn after(change: u64) -> Self {
        Self {
            known: change,
            head: change,
            told: change,
        }
    }
}

/// A session and the number of its last change.
#[derive(Debug, Clone)]
pub(crate) struct Changed {
    pub(crate) change: u64,
    /// `None` for one that cannot be read, which keeps no reader from the others.
    pub(crate) snapshot: Option<Snapshot>,
}

impl Store {
    pub(crate) async fn get(
        &self,
        tenant: &TenantId,
        id: SessionId,
    ) -> Result<Option<Snapshot>, StoreError> {
        let row = session::Entity::find_in(tenant)
            .filter(session::Column::SessionId.eq(id.to_string()))
            .filter(session::Column::State.ne(ERASED))
            .one(self.database.read())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let mut found = [self.shown(&row).await?];
        self.agree(tenant, &mut found).await?;
        Ok(found.into_iter().next())
    }

    /// The sessions that changed last after a position and by the change `until`, and that match or may be known to its
    /// reader, in the order of their changes; at most [`READ`] of them.
    pub(crate) async fn changed(
        &self,
        tenant: &TenantId,
        filter: Filter,
        (position, until): (Position, u64),
    ) -> Result<Vec<Changed>, StoreError> {
        let Position { known, head, told } = position;
        let told_since = Condition::all()
            .add(session::Column::Created.lte(signed(told)))
            .add(session::Column::Changed.gt(signed(head)));
        let wanted = Condition::any()
            .add(filter.condition())
            .add(session::Column::Created.lte(signed(known)))
            .add(told_since);
        let models = session::Entity::find_in(tenant)
            .filter(wanted)
            .filter(session::Column::State.ne(ERASED))
            .filter(session::Column::Changed.gt(signed(told)))
            .filter(session::Column::Changed.lte(signed(until)))
            .order_by_asc(session::Column::Changed)
            .limit(READ)
            .all(self.database.read())
            .await?;
        let mut changes = Vec::with_capacity(models.len());
        let mut snapshots = Vec::with_capacity(models.len());
        for model in &models {
            let row = column::Row::of("sessions", &model.session_id);
            changes.push((
                row.count("changed", model.changed)?,
                model.session_id.clone(),
            ));
            snapshots.extend(self.readable(model).await?);
        }
        self.agree(tenant, &mut snapshots).await?;
        let mut snapshots = snapshots.into_iter().peekable();
        let with_its_own = |(change, id): (u64, String)| Changed {
            change,
            snapshot: snapshots.next_if(|next| next.session.to_string() == id),
        };
        Ok(changes.into_iter().map(with_its_own).collect())
    }

    /// The session of a row, as others read it; `None` for one that cannot be read, which is told.
    pub(super) async fn readable(
        &self,
        model: &session::Model,
    ) -> Result<Option<Snapshot>, StoreError> {
        match self.shown(model).await {
            Ok(session) => Ok(Some(session)),
            Err(failure @ StoreError::CorruptRow { .. }) => {
                tracing::error!(session = model.session_id, %failure, "a session cannot be shown");
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// The session of a row, as others read it.
    pub(super) async fn shown(&self, model: &session::Model) -> Result<Snapshot, StoreError> {
        let row = column::Row::of("sessions", &model.session_id);
        let id = row.parse("session_id", &model.session_id)?;
        let session = self.restore(model).await?;
        let snapshot = self.snapshot(id, &session);
        snapshot.ok_or_else(|| row.corrupt("packed"))
    }
}
