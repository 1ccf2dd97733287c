//! Reading sessions: one, a page of them, or those that changed.

use domain::id::{SessionId, TenantId};
use domain::phase::RiskPhase;
use domain::time::Timestamp;
use platform::paging::{Page, PageRequest};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};
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
    pub(crate) fn matches(self, snapshot: &Snapshot) -> bool {
        self.phase.is_none_or(|phase| phase == snapshot.phase)
            && self.state.is_none_or(|state| state == snapshot.state)
    }

    fn condition(self) -> Condition {
        Condition::all()
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

/// Whether a sign of hesitation stands and the shopper does not move ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hesitating {
    Yes,
    No,
}

/// Where a page of sessions ends: activity in milliseconds, then the session.
pub(crate) type Cursor = (i64, String);

/// Sessions that one read of changes brings.
const READ: u64 = 200;

/// Which changes are new to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Since {
    /// The last change that the reader was told.
    pub(crate) change: u64,
    /// The reader may know the sessions that began by this change, and has to learn also that they match no more.
    pub(crate) known_before: Option<u64>,
}

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

    /// The sessions that match and have changed since, in the order of their changes; at most [`READ`] of them.
    pub(crate) async fn changed(
        &self,
        tenant: &TenantId,
        filter: Filter,
        since: Since,
    ) -> Result<Vec<Changed>, StoreError> {
        let known = since
            .known_before
            .map(|number| session::Column::Created.lte(signed(number)));
        let wanted = Condition::any().add(filter.condition()).add_option(known);
        session::Entity::find_in(tenant)
            .filter(wanted)
            .filter(session::Column::Changed.gt(signed(since.change)))
            .order_by_asc(session::Column::Changed)
            .limit(READ)
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
