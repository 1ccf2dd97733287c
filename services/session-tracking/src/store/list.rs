//! Lists of sessions, in pages.

use domain::id::TenantId;
use domain::money::Money;
use domain::time::Timestamp;
use platform::paging::{Page, PageRequest};
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};
use storage::{StoreError, TenantScoped, column};

use super::Store;
use super::entities::session;
use super::read::Filter;
use crate::packed::fingerprint;
use crate::snapshot::Snapshot;

/// Whether a sign of hesitation stands and the shopper does not move ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hesitating {
    Yes,
    No,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Ordering {
    #[default]
    LastActive,
    /// Of carts in one currency.
    CartValue,
}

/// Which sessions a list shows, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    pub(crate) filter: Filter,
    pub(crate) hesitating: Option<Hesitating>,
    pub(crate) min_cart_value: Option<Money>,
    pub(crate) ordering: Ordering,
}

/// Where a page ends: which list it is of, by what its last session stands there, and that session.
pub(crate) type Cursor = (u64, i64, String);

impl Listing {
    /// Names this list among all of a tenant.
    fn name(&self, tenant: &TenantId) -> u64 {
        fingerprint(&format!("{tenant} {self:?}"))
    }

    /// Checks that a page follows one of this list.
    ///
    /// # Errors
    /// A token of another list: its place says nothing in this one.
    pub(crate) fn check(
        &self,
        tenant: &TenantId,
        page: &PageRequest<Cursor>,
    ) -> Result<(), InvalidField> {
        let name = self.name(tenant);
        if page.after().is_none_or(|(of, _, _)| *of == name) {
            return Ok(());
        }
        let rule = "must be a token that this list gave for the same filters and order";
        let reason = ErrorReason::PageTokenInvalid;
        Err(InvalidField::new("page_token", reason, rule))
    }

    fn condition(&self, now: Timestamp) -> Condition {
        let Self {
            filter,
            hesitating,
            min_cart_value,
            ordering: _,
        } = self;
        let worth = |least: &Money| {
            Condition::all()
                .add(session::Column::CartValueCurrency.eq(least.currency().as_str()))
                .add(session::Column::CartValueMinor.gte(least.minor_units()))
        };
        filter
            .condition()
            .add_option(hesitating.map(|hesitating| hesitation(hesitating, now)))
            .add_option(min_cart_value.as_ref().map(worth))
    }

    fn key(&self) -> session::Column {
        match self.ordering {
            Ordering::LastActive => session::Column::LastEventAt,
            Ordering::CartValue => session::Column::CartValueMinor,
        }
    }
}

impl Store {
    /// A page of sessions.
    pub(crate) async fn list(
        &self,
        tenant: &TenantId,
        listing: &Listing,
        now: Timestamp,
        page: &PageRequest<Cursor>,
    ) -> Result<Page<Snapshot>, StoreError> {
        let key = listing.key();
        let mut query = session::Entity::find_in(tenant)
            .filter(listing.condition(now))
            .order_by_desc(key)
            .order_by_desc(session::Column::SessionId)
            .limit(page.fetch());
        if let Some((_, last, id)) = page.after() {
            let same = Condition::all()
                .add(key.eq(*last))
                .add(session::Column::SessionId.lt(id.as_str()));
            query = query.filter(Condition::any().add(key.lt(*last)).add(same));
        }
        let rows = query.all(self.database.read()).await?;
        let name = listing.name(tenant);
        let page = page.page(rows, |row| {
            let last = match listing.ordering {
                Ordering::LastActive => row.last_event_at,
                Ordering::CartValue => row.cart_value_minor,
            };
            (name, last, row.session_id.clone())
        });
        let mut items = Vec::with_capacity(page.items.len());
        for row in &page.items {
            items.extend(self.readable(row).await?);
        }
        self.agree(tenant, &mut items).await?;
        Ok(Page {
            items,
            next_page_token: page.next_page_token,
        })
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
