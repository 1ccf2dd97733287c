//! Guards: named rows that a transaction takes first, so that others that need one of them wait.
//!
//! What must hold over several rows (one open contact of a person, as many invitations as agents can answer) is counted
//! under a guard and cannot change before the commit.

use domain::id::{PersonId, SessionId, TenantId};
use domain::time::Timestamp;
use futures::FutureExt;
use sea_orm::ConnectionTrait;
use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use storage::{StoreError, Tx, column};

use super::Store;
use crate::intervention::AssignedAgent;

/// What decisions take turns on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Guard {
    /// A session.
    Session(SessionId),
    /// A person.
    Person(PersonId),
    /// What agents are promised for. One for all queues, as an agent may serve several.
    Promises,
    /// The capacity of an agent.
    Agent(AssignedAgent),
    /// The plays of the tenant.
    Plays,
}

impl Guard {
    fn name(&self) -> String {
        match self {
            Self::Session(session) => session.to_string(),
            Self::Person(person) => person.to_string(),
            Self::Promises => "promises".to_owned(),
            Self::Agent(AssignedAgent { partner, agent }) => format!("agent/{partner}/{agent}"),
            Self::Plays => "plays".to_owned(),
        }
    }
}

impl Store {
    /// Takes guards until the end of the transaction, waiting for others who hold them.
    pub(crate) async fn guard(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        guards: &[Guard],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // INVARIANT: all take guards in the order of their names, so that nobody waits in a circle.
        let mut names: Vec<String> = guards.iter().map(Guard::name).collect();
        names.sort();
        names.dedup();
        for name in names {
            let take = Query::insert()
                .into_table("guards")
                .columns(["tenant", "name", "taken_at"])
                .values([
                    tenant.as_str().into(),
                    name.into(),
                    column::millis(now).into(),
                ])
                .map_err(|error| DbErr::Custom(error.to_string()))?
                .on_conflict(
                    OnConflict::columns(["tenant", "name"])
                        .update_column("taken_at")
                        .to_owned(),
                )
                .to_owned();
            tx.execute(&take).await?;
        }
        Ok(())
    }

    /// Forgets guards that nobody took since `limit`, and says how many those were. One that is wanted again is simply
    /// made again.
    pub(crate) async fn forget_guards(&self, limit: Timestamp) -> Result<u64, StoreError> {
        let forget = self.database.write(move |tx| {
            async move {
                let delete = Query::delete()
                    .from_table("guards")
                    .and_where(Expr::col("taken_at").lt(column::millis(limit)))
                    .to_owned();
                Ok(tx.execute(&delete).await?.rows_affected())
            }
            .boxed()
        });
        forget.await
    }
}
