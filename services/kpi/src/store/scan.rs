//! Reading many facts in pages, in one of two orders, so that no window has to fit into memory twice.

use domain::fact::Fact;
use domain::id::TenantId;
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect, Select};
use storage::column::millis;
use storage::{StoreError, TenantScoped};

use super::entities::fact::{self, Column, Entity};
use super::{FactKind, Store};
use crate::report::Window;

/// Which facts to read, and how.
#[derive(Debug, Clone)]
pub(crate) struct Scan {
    pub(crate) window: Option<Window>,
    pub(crate) kind: Option<FactKind>,
    pub(crate) order: ScanOrder,
    pub(crate) page_size: u64,
}

/// In which order facts come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScanOrder {
    /// The oldest first.
    Time,
    /// The newest first: for the audit, which wants another order.
    TimeBackwards,
}

impl Store {
    /// One page of a scan, beginning after the last fact of the page before.
    pub(crate) async fn page(
        &self,
        tenant: &TenantId,
        scan: &Scan,
        after: Option<&Fact>,
    ) -> Result<Vec<Fact>, StoreError> {
        let mut query = Entity::find_in(tenant).limit(scan.page_size);
        if let Some(window) = &scan.window {
            query = query
                .filter(Column::OccurredAt.gte(millis(window.from)))
                .filter(Column::OccurredAt.lt(millis(window.until)));
        }
        if let Some(kind) = scan.kind {
            query = query.filter(Column::Kind.eq(kind.as_str()));
        }
        let query = match scan.order {
            ScanOrder::Time => by_time(query, after),
            ScanOrder::TimeBackwards => by_time_backwards(query, after),
        };
        let rows = query.all(self.database.read()).await?;
        rows.iter().map(fact::fact).collect()
    }
}

fn by_time(query: Select<Entity>, after: Option<&Fact>) -> Select<Entity> {
    let query = match after {
        None => query,
        Some(last) => {
            let at = millis(last.occurred_at);
            let beyond = Condition::any()
                .add(Column::OccurredAt.gt(at))
                .add(Column::FactId.gt(last.id.to_string()));
            // The first filter says nothing new; it lets the engine enter the index at the right place.
            query.filter(Column::OccurredAt.gte(at)).filter(beyond)
        }
    };
    query
        .order_by_asc(Column::OccurredAt)
        .order_by_asc(Column::FactId)
}

fn by_time_backwards(query: Select<Entity>, after: Option<&Fact>) -> Select<Entity> {
    let query = match after {
        None => query,
        Some(last) => {
            let at = millis(last.occurred_at);
            let before = Condition::any()
                .add(Column::OccurredAt.lt(at))
                .add(Column::FactId.lt(last.id.to_string()));
            query.filter(Column::OccurredAt.lte(at)).filter(before)
        }
    };
    query
        .order_by_desc(Column::OccurredAt)
        .order_by_desc(Column::FactId)
}
