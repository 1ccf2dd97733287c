//! Reading sessions: one, a page of them, or those that changed.

use domain::id::{SessionId, TenantId};
use domain::phase::RiskPhase;
use domain::time::Timestamp;
use platform::paging::{Page, PageRequest};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::{Deserialize, Serialize};
use storage::{StoreError, TenantScoped, column};

use super::Store;
use super::entities::session;
use crate::snapshot::{SessionState, Snapshot};

/// Which sessions are wanted; what is absent does not filter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    pub(crate) phase: Option<RiskPhase>,
    pub(crate) state: Option<SessionState>,
}

impl Filter {
    pub(crate) fn matches(&self, snapshot: &Snapshot) -> bool {
        self.phase.is_none_or(|phase| phase == snapshot.phase)
            && self.state.is_none_or(|state| state == snapshot.state)
    }

    fn condition(&self) -> Condition {
        Condition::all()
            .add_option(self.phase.map(|phase| session::Column::Phase.eq(phase.as_str())))
            .add_option(self.state.map(|state| session::Column::State.eq(state.as_str())))
    }
}

/// Whether a sign of hesitation stands and the shopper does not move ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hesitating {
    Yes,
    No,
}

/// Where a page of sessions ends: activity in milliseconds, then the session.
pub(crate) type Cursor = (i64, String);

/// A session and the number of its last change.
#[derive(Debug, Clone)]
pub(crate) struct Changed {
    pub(crate) change: u64,
    pub(crate) snapshot: Snapshot,
}

impl Store {
    pub(crate) async fn get(
        &self,
        tenant: &TenantId,
        id: SessionId,
    ) -> Result<Option<Snapshot>, StoreError> {
        session::Entity::find_in(tenant)
            .filter(session::Column::SessionId.eq(id.to_string()))
            .one(self.database.read())
            .await?
            .map(|row| snapshot(&row))
            .transpose()
    }

    /// A page of sessions, the last active first.
    pub(crate) async fn list(
        &self,
        tenant: &TenantId,
        filter: Filter,
        hesitating: Option<(Hesitating, Timestamp)>,
        page: &PageRequest<Cursor>,
    ) -> Result<Page<Snapshot>, StoreError> {
        let mut query = session::Entity::find_in(tenant)
            .filter(filter.condition())
            .order_by_desc(session::Column::LastEventAt)
            .order_by_desc(session::Column::SessionId)
            .limit(page.fetch());
        if let Some((hesitating, now)) = hesitating {
            query = query.filter(hesitation(hesitating, now));
        }
        if let Some((active, id)) = page.after() {
            query = query.filter(
                Condition::any()
                    .add(session::Column::LastEventAt.lt(*active))
                    .add(
                        Condition::all()
                            .add(session::Column::LastEventAt.eq(*active))
                            .add(session::Column::SessionId.lt(id.as_str())),
                    ),
            );
        }
        let rows = query.all(self.database.read()).await?;
        let page = page.page(rows, |row| (row.last_event_at, row.session_id.clone()));
        let items = page.items.iter().map(snapshot).collect::<Result<_, _>>()?;
        Ok(Page {
            items,
            next_page_token: page.next_page_token,
        })
    }

    /// Sessions that match and changed after `after`, in the order of their changes.
    pub(crate) async fn changed_after(
        &self,
        tenant: &TenantId,
        filter: Filter,
        after: u64,
        limit: u64,
    ) -> Result<Vec<Changed>, StoreError> {
        let query = session::Entity::find_in(tenant).filter(filter.condition());
        self.changes(query, after, limit).await
    }

    /// As [`changed_after`](Self::changed_after), and also those that a watcher may have seen before and that match no
    /// more: it has to learn that they left.
    pub(crate) async fn changed_since(
        &self,
        tenant: &TenantId,
        filter: Filter,
        seen: u64,
        after: u64,
        limit: u64,
    ) -> Result<Vec<Changed>, StoreError> {
        let known = session::Column::Created.lte(signed(seen));
        let wanted = Condition::any().add(filter.condition()).add(known);
        let query = session::Entity::find_in(tenant).filter(wanted);
        self.changes(query, after, limit).await
    }

    async fn changes(
        &self,
        query: Select<session::Entity>,
        after: u64,
        limit: u64,
    ) -> Result<Vec<Changed>, StoreError> {
        query
            .filter(session::Column::Changed.gt(signed(after)))
            .order_by_asc(session::Column::Changed)
            .limit(limit)
            .all(self.database.read())
            .await?
            .iter()
            .map(|model| {
                let row = column::Row::of("sessions", &model.session_id);
                Ok(Changed {
                    change: row.count("changed", model.changed)?,
                    snapshot: snapshot(model)?,
                })
            })
            .collect()
    }
}

fn hesitation(hesitating: Hesitating, now: Timestamp) -> Condition {
    let still = Condition::any()
        .add(session::Column::ProgressUntil.is_null())
        .add(session::Column::ProgressUntil.lte(column::millis(now)));
    let stands = Condition::all()
        .add(session::Column::Doubted.eq(1))
        .add(still);
    match hesitating {
        Hesitating::Yes => stands,
        Hesitating::No => stands.not(),
    }
}

fn snapshot(model: &session::Model) -> Result<Snapshot, StoreError> {
    column::Row::of("sessions", &model.session_id).json("snapshot", &model.snapshot)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
