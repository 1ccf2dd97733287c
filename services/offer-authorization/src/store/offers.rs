//! Offers, and the row that each is.

mod row;

use domain::id::{InterventionId, OfferId, PartnerId, PersonId, RedemptionId, SessionId, TenantId};
use domain::money::{Currency, Money};
use domain::remedy::RemedyKind;
use domain::time::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
};
use serde::{Deserialize, Serialize};
use storage::column::{self, Row};
use storage::{StoreError, TenantScoped, Tx};

use super::entities::offers::{Column, Entity};
use crate::authority::History;
use crate::offer::{Offer, StateName};

const TABLE: &str = "offers";

/// The states that time ends.
const TIMED: [StateName; 3] = [
    StateName::Held,
    StateName::NeedsApproval,
    StateName::ApprovalPending,
];

/// The states in which an offer costs or may cost money.
const COSTING: [StateName; 3] = [
    StateName::Held,
    StateName::Redeemed,
    StateName::PartlyReversed,
];

/// What has been granted on the cart of a session, as far as it still costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Granted {
    /// What its offers in one currency cost, less what was reversed.
    pub(crate) cost: Money,
    /// Their remedies, in any currency.
    pub(crate) remedies: Vec<RemedyKind>,
}

/// Which offers to list. What is absent does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OfferFilter {
    pub(crate) intervention: Option<InterventionId>,
    pub(crate) state: Option<StateName>,
    /// Set for whoever sees one partner's offers only.
    pub(crate) partner: Option<PartnerId>,
}

/// The sort key of the list of offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OfferCursor {
    pub(crate) created_at_ms: i64,
    pub(crate) offer: OfferId,
}

impl Granted {
    /// Nothing has been.
    pub(crate) fn nothing(currency: Currency) -> Self {
        Self {
            cost: Money::zero(currency),
            remedies: Vec::new(),
        }
    }
}

impl OfferCursor {
    /// The place of an offer in the list.
    pub(crate) fn of(offer: &Offer) -> Self {
        Self {
            created_at_ms: column::millis(offer.terms.created_at),
            offer: offer.terms.id,
        }
    }
}

/// An offer whose time is up, of whichever tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) tenant: TenantId,
    pub(crate) offer: OfferId,
    pub(crate) at: Timestamp,
}

/// Stores a new offer.
pub(crate) async fn insert(tx: &Tx, tenant: &TenantId, offer: &Offer) -> Result<(), StoreError> {
    Entity::insert(row::of(tenant, offer)?)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Stores the state of an offer that this transaction has locked.
pub(crate) async fn update(tx: &Tx, tenant: &TenantId, offer: &Offer) -> Result<(), StoreError> {
    Entity::update_in(tenant)
        .set(row::state_of(offer)?)
        .filter(Column::OfferId.eq(offer.terms.id.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

/// An offer.
pub(crate) async fn find<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    offer: OfferId,
) -> Result<Option<Offer>, StoreError> {
    let model = by_id(tenant, offer).one(connection).await?;
    model.map(|model| row::parse(&model)).transpose()
}

/// These offers, in no order; those that are not there are left out.
pub(crate) async fn find_all<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    offers: &[OfferId],
) -> Result<Vec<Offer>, StoreError> {
    let models = Entity::find_in(tenant)
        .filter(Column::OfferId.is_in(offers.iter().map(OfferId::to_string)))
        .all(connection)
        .await?;
    models.iter().map(row::parse).collect()
}

/// An offer, locked until the end of the transaction: its moves come one after the other.
pub(crate) async fn lock(
    tx: &Tx,
    tenant: &TenantId,
    offer: OfferId,
) -> Result<Option<Offer>, StoreError> {
    let model = by_id(tenant, offer).lock_exclusive().one(tx).await?;
    model.map(|model| row::parse(&model)).transpose()
}

/// The offer of a redemption, locked likewise.
pub(crate) async fn lock_by_redemption(
    tx: &Tx,
    tenant: &TenantId,
    redemption: RedemptionId,
) -> Result<Option<Offer>, StoreError> {
    let query = Entity::find_in(tenant)
        .filter(Column::RedemptionId.eq(redemption.to_string()))
        .lock_exclusive();
    let model = query.one(tx).await?;
    model.map(|model| row::parse(&model)).transpose()
}

/// The offers on the cart of a session that are held or redeemed, whatever intervention they were made in.
pub(crate) async fn costing<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    session: SessionId,
) -> Result<Vec<Offer>, StoreError> {
    let models = Entity::find_in(tenant)
        .filter(Column::SessionId.eq(session.to_string()))
        .filter(Column::State.is_in(COSTING.map(StateName::as_str)))
        .all(connection)
        .await?;
    models.iter().map(row::parse).collect()
}

/// What the offers on the cart of a session are that are held or redeemed, and what those in one currency cost.
pub(crate) async fn granted_on<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    session: SessionId,
    currency: Currency,
) -> Result<Granted, StoreError> {
    let Granted {
        mut cost,
        mut remedies,
    } = Granted::nothing(currency);
    for offer in costing(connection, tenant, session).await? {
        if !remedies.contains(&offer.terms.remedy) {
            remedies.push(offer.terms.remedy);
        }
        if offer.terms.amount.currency() == currency {
            let rest = offer.terms.amount.checked_sub(offer.reversed());
            let sum = rest.and_then(|rest| cost.checked_add(rest));
            cost = Row::of(TABLE, &offer.terms.id.to_string()).valid("amount", sum)?;
        }
    }
    Ok(Granted { cost, remedies })
}

/// What a person was granted since then, but for the cart of a session.
pub(crate) async fn history_of<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    person: PersonId,
    but: Option<SessionId>,
    since: Timestamp,
) -> Result<History, StoreError> {
    let mut query = Entity::find_in(tenant)
        .select_only()
        .column(Column::State)
        .column_as(Column::OfferId.count(), "offers")
        .filter(Column::PersonId.eq(person.to_string()))
        .filter(Column::CreatedAt.gte(column::millis(since)))
        .group_by(Column::State);
    if let Some(session) = but {
        query = query.filter(Column::SessionId.ne(session.to_string()));
    }
    let counts: Vec<(String, i64)> = query.into_tuple().all(connection).await?;
    let mut history = History::default();
    let id = person.to_string();
    let row = Row::of(TABLE, &id);
    for (state, offers) in &counts {
        let offers: u32 = row.count("offer_id", *offers)?;
        match row.parse("state", state)? {
            StateName::NeedsApproval | StateName::ApprovalPending | StateName::Denied => {}
            StateName::Expired => {
                history.had = history.had.saturating_add(offers);
                history.unused = history.unused.saturating_add(offers);
            }
            // What an agent gave back, to offer something else, is not held against the person.
            StateName::Released
            | StateName::Held
            | StateName::Redeemed
            | StateName::PartlyReversed
            | StateName::Reversed => history.had = history.had.saturating_add(offers),
        }
    }
    Ok(history)
}

/// Lists offers, the newest first.
pub(crate) async fn list<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    filter: &OfferFilter,
    after: Option<&OfferCursor>,
    limit: u64,
) -> Result<Vec<Offer>, StoreError> {
    let mut query = Entity::find_in(tenant);
    if let Some(intervention) = filter.intervention {
        query = query.filter(Column::InterventionId.eq(intervention.to_string()));
    }
    if let Some(state) = filter.state {
        query = query.filter(Column::State.eq(state.as_str()));
    }
    if let Some(partner) = &filter.partner {
        query = query.filter(Column::PartnerId.eq(partner.as_str()));
    }
    if let Some(OfferCursor {
        created_at_ms,
        offer,
    }) = after
    {
        let same_time = Expr::col(Column::CreatedAt)
            .eq(*created_at_ms)
            .and(Expr::col(Column::OfferId).lt(offer.to_string()));
        query = query.filter(
            Condition::any()
                .add(Column::CreatedAt.lt(*created_at_ms))
                .add(same_time),
        );
    }
    let models = query
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::OfferId)
        .limit(limit)
        .all(connection)
        .await?;
    models.iter().map(row::parse).collect()
}

/// The offers whose time ends until then, the first first, after the one of `after`. The one read that spans tenants:
/// each offer is then ended in a transaction of its own tenant.
pub(crate) async fn due_until<C: ConnectionTrait>(
    connection: &C,
    after: Option<&Due>,
    end: Timestamp,
    limit: u64,
) -> Result<Vec<Due>, StoreError> {
    let mut query = Entity::find()
        .filter(Column::State.is_in(TIMED.map(StateName::as_str)))
        .filter(Column::Until.lte(column::millis(end)));
    if let Some(Due { offer, at, .. }) = after {
        let same_time = Expr::col(Column::Until)
            .eq(column::millis(*at))
            .and(Expr::col(Column::OfferId).gt(offer.to_string()));
        query = query.filter(
            Condition::any()
                .add(Column::Until.gt(column::millis(*at)))
                .add(same_time),
        );
    }
    let models = query
        .order_by_asc(Column::Until)
        .order_by_asc(Column::OfferId)
        .limit(limit)
        .all(connection)
        .await?;
    let due = models.iter().map(|model| {
        let row = Row::of(TABLE, &model.offer_id);
        Ok(Due {
            tenant: row.parse("tenant", &model.tenant)?,
            offer: row.parse("offer_id", &model.offer_id)?,
            at: row.instant("until", model.until)?,
        })
    });
    due.collect()
}

fn by_id(tenant: &TenantId, offer: OfferId) -> Select<Entity> {
    Entity::find_in(tenant).filter(Column::OfferId.eq(offer.to_string()))
}
