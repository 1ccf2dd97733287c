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

impl Store {
    /// The next sessions in the order of their times, after one that was read before; none when there are no more.
    pub(crate) async fn due_after(
        &self,
        last: Option<&DueSession>,
    ) -> Result<Vec<DueSession>, StoreError> {
        use session::Column::{DueAt, SessionId, Tenant};
        let mut query = session::Entity::find()
            .select_only()
            .columns([Tenant, SessionId, DueAt])
            .filter(DueAt.is_not_null())
            .order_by_asc(DueAt)
            .order_by_asc(Tenant)
            .order_by_asc(SessionId)
            .limit(READ);
        if let Some((due, key)) = last {
            let due = column::millis(*due);
            let same_time = Condition::all().add(DueAt.eq(due));
            let same_tenant = same_time.clone().add(Tenant.eq(key.tenant.as_str()));
            let after = Condition::any()
                .add(DueAt.gt(due))
                .add(same_time.add(Tenant.gt(key.tenant.as_str())))
                .add(same_tenant.add(SessionId.gt(key.session.to_string())));
            // The first part alone lets both engines begin at the right place of the index.
            query = query.filter(DueAt.gte(due)).filter(after);
        }
        let rows: Vec<(String, String, i64)> = query.into_tuple().all(self.database.read()).await?;
        rows.into_iter()
            .map(|(tenant, id, due)| {
                let row = column::Row::of("sessions", &id);
                let key = SessionKey {
                    tenant: row.parse("tenant", &tenant)?,
                    session: row.parse("session_id", &id)?,
                };
                Ok((row.instant("due_at", due)?, key))
            })
            .collect()
    }
}
