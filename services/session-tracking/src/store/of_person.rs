//! The sessions of a person, by whom they are found when the person is to be forgotten.

use domain::id::{PersonId, TenantId, VisitorId};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect};
use storage::{StoreError, TenantScoped};

use super::entities::{session, session_name};

/// In which span of changes a session began. The engines use the index only where its expression stands word for word.
const SPAN: &str = "created / 65536";
/// Spans that one statement looks into.
const SPANS: i64 = 256;

/// The ids of the sessions of a person, and of those whose events name the person though they are another one's.
pub(super) async fn of<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    person: PersonId,
) -> Result<Vec<String>, StoreError> {
    let mut found: Vec<String> = session_name::Entity::find_in(tenant)
        .select_only()
        .column(session_name::Column::SessionId)
        .filter(session_name::Column::PersonId.eq(person.to_string()))
        .into_tuple()
        .all(connection)
        .await?;
    found.extend(match person {
        PersonId::Shopper(id) => {
            let own = session::Column::ShopperId.eq(id.to_string());
            ids(connection, tenant, own).await?
        }
        PersonId::Visitor(id) => of_visitor(connection, tenant, id).await?,
    });
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

async fn of_visitor<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    visitor: VisitorId,
) -> Result<Vec<String>, StoreError> {
    let last = Query::select()
        .expr_as(Expr::cust(SPAN).max(), "span")
        .from(session::Entity)
        .to_owned();
    let last: Option<i64> = match connection.query_one(&last).await? {
        Some(row) => row.try_get("", "span")?,
        None => None,
    };
    let mut found = Vec::new();
    let mut first = 0;
    while last.is_some_and(|last| first <= last) {
        let next = first.saturating_add(SPANS);
        let own = Expr::cust(SPAN)
            .is_in(first..next)
            .and(session::Column::VisitorId.eq(visitor.to_string()));
        found.extend(ids(connection, tenant, own).await?);
        first = next;
    }
    Ok(found)
}

async fn ids<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    own: Expr,
) -> Result<Vec<String>, StoreError> {
    let ids = session::Entity::find_in(tenant)
        .select_only()
        .column(session::Column::SessionId)
        .filter(own)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(ids)
}
