//! When sessions are to be looked at, by their rows.

use domain::time::Timestamp;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use storage::{StoreError, column};

use super::Store;
use super::entities::session;
use crate::snapshot::SessionKey;

/// Sessions that one read brings.
const READ: u64 = 5_000;

/// A session and its time.
pub(crate) type DueSession = (Timestamp, SessionKey);

/// Sessions in the order of their times.
#[derive(Debug, Default)]
pub(crate) struct DuePage {
    pub(crate) found: Vec<DueSession>,
    /// Where the next page begins; `None` when there is none.
    pub(crate) next: Option<DueCursor>,
}

/// The last row of a page, as it stands.
#[derive(Debug, Clone)]
pub(crate) struct DueCursor {
    due: i64,
    tenant: String,
    session: String,
}

impl Store {
    /// The next sessions in the order of their times. A row that cannot be read is told and passed over: it has no timer,
    /// and keeps no other from its own.
    pub(crate) async fn due_after(&self, last: Option<&DueCursor>) -> Result<DuePage, StoreError> {
        use session::Column::{DueAt, SessionId, Tenant};
        let mut query = session::Entity::find()
            .select_only()
            .columns([Tenant, SessionId, DueAt])
            .filter(DueAt.is_not_null())
            .order_by_asc(DueAt)
            .order_by_asc(Tenant)
            .order_by_asc(SessionId)
            .limit(READ);
        if let Some(DueCursor {
            due,
            tenant,
            session,
        }) = last
        {
            let same_time = Condition::all().add(DueAt.eq(*due));
            let same_tenant = same_time.clone().add(Tenant.eq(tenant));
            let after = Condition::any()
                .add(DueAt.gt(*due))
                .add(same_time.add(Tenant.gt(tenant)))
                .add(same_tenant.add(SessionId.gt(session)));
            // The first part alone lets both engines begin at the right place of the index.
            query = query.filter(DueAt.gte(*due)).filter(after);
        }
        let rows: Vec<(String, String, i64)> = query.into_tuple().all(self.database.read()).await?;
        let next = rows.last().map(|(tenant, session, due)| DueCursor {
            due: *due,
            tenant: tenant.clone(),
            session: session.clone(),
        });
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            match read(row) {
                Ok(due) => found.push(due),
                Err(failure) => {
                    tracing::error!(session = row.1, %failure, "the timer of a session cannot be read");
                }
            }
        }
        Ok(DuePage { found, next })
    }
}

fn read((tenant, id, due): &(String, String, i64)) -> Result<DueSession, StoreError> {
    let row = column::Row::of("sessions", id);
    let key = SessionKey {
        tenant: row.parse("tenant", tenant)?,
        session: row.parse("session_id", id)?,
    };
    Ok((row.instant("due_at", *due)?, key))
}
