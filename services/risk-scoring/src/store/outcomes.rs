//! How sessions ended. An order is final; of two endings without one the later counts.

use domain::fact::Ending;
use domain::id::{SessionId, TenantId};
use domain::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use storage::column::millis;
use storage::{StoreError, Tx};

use super::Store;
use super::entities::outcome::{ActiveModel, Column, Entity};

impl Store {
    /// Notes an ending unless a better one is known.
    pub(crate) async fn record_outcome(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        session: SessionId,
        outcome: (Ending, Timestamp),
    ) -> Result<(), StoreError> {
        let (ending, ended_at) = outcome;
        let row = ActiveModel {
            tenant: Set(tenant.as_str().to_owned()),
            session_id: Set(session.to_string()),
            ending: Set(ending.as_str().to_owned()),
            ended_at: Set(millis(ended_at)),
        };
        let known = |column: Column| Expr::col((Entity, column));
        let mut better = known(Column::Ending).ne(Ending::Ordered.as_str());
        if ending != Ending::Ordered {
            better = better.and(known(Column::EndedAt).lt(millis(ended_at)));
        }
        let replace = OnConflict::columns([Column::Tenant, Column::SessionId])
            .update_columns([Column::Ending, Column::EndedAt])
            .action_and_where(better)
            .to_owned();
        Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }
}
