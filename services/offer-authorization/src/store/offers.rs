//! Offers, and the row that each is.

mod row;

use std::collections::HashMap;

use domain::id::{InterventionId, OfferId, PartnerId, PersonId, RedemptionId, SessionId, TenantId};
use domain::money::Money;
use domain::remedy::RemedyKind;
use domain::time::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
};
use serde::{Deserialize, Serialize};
use storage::column::{self, Row};
use storage::{StoreError, TenantScoped, Tx, rows, shape};

use super::entities::offers::{Column, Entity};
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

/// An offer that is held or redeemed, on the cart that it was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OnCart {
    pub(crate) remedy: RemedyKind,
    /// What it costs, less what was reversed.
    pub(crate) cost: Money,
}

/// Offers that a person had in one session and that came to one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Had {
    pub(crate) session: SessionId,
    pub(crate) state: StateName,
    pub(crate) offers: u32,
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

/// Stores new offers.
pub(crate) async fn insert(tx: &Tx, offers: &[(TenantId, Offer)]) -> Result<(), StoreError> {
    let new = offers.iter().map(|(tenant, offer)| row::of(tenant, offer));
    rows::insert(tx, new.collect::<Result<_, _>>()?).await
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

/// The same for many carts, by tenant and session; a cart without any is left out.
pub(crate) async fn on_carts<C: ConnectionTrait>(
    connection: &C,
    carts: &[(&TenantId, SessionId)],
) -> Result<HashMap<(TenantId, SessionId), Vec<OnCart>>, StoreError> {
    let keys: Vec<_> = carts
        .iter()
        .map(|(tenant, session)| (*tenant, [session.to_string()]))
        .collect();
    let mut found: HashMap<_, Vec<OnCart>> = HashMap::new();
    for some in keys.chunks(shape::MOST) {
        let models = Entity::find_among([Column::SessionId], some)
            .filter(Column::State.is_in(COSTING.map(StateName::as_str)))
            .all(connection)
            .await?;
        for model in &models {
            let row = Row::of(TABLE, &model.offer_id);
            let tenant: TenantId = row.parse("tenant", &model.tenant)?;
            let offer = row::parse(model)?;
            let (reversed, terms) = (offer.reversed(), offer.terms);
            let rest = terms.amount.checked_sub(reversed);
            let cost = row.valid("reversed_minor", rest)?;
            let offers = found.entry((tenant, terms.session)).or_default();
            let remedy = terms.remedy;
            offers.push(OnCart { remedy, cost });
        }
    }
    Ok(found)
}

/// What each of these persons was offered since then; a person without any is left out.
pub(crate) async fn histories<C: ConnectionTrait>(
    connection: &C,
    persons: &[(&TenantId, PersonId)],
    since: Timestamp,
) -> Result<HashMap<(TenantId, PersonId), Vec<Had>>, StoreError> {
    let keys: Vec<_> = persons
        .iter()
        .map(|(tenant, person)| (*tenant, [person.to_string()]))
        .collect();
    let columns = [
        Column::Tenant,
        Column::PersonId,
        Column::SessionId,
        Column::State,
    ];
    let mut found: HashMap<_, Vec<Had>> = HashMap::new();
    for some in keys.chunks(shape::MOST) {
        let counts: Vec<(String, String, String, String, i64)> =
            Entity::find_among([Column::PersonId], some)
                .select_only()
                .columns(columns)
                .column_as(Column::OfferId.count(), "offers")
                .filter(Column::CreatedAt.gte(column::millis(since)))
                .group_by(Column::Tenant)
                .group_by(Column::PersonId)
                .group_by(Column::SessionId)
                .group_by(Column::State)
                .into_tuple()
                .all(connection)
                .await?;
        for (tenant, person, session, state, offers) in &counts {
            let row = Row::of(TABLE, person);
            let whose = (
                row.parse("tenant", tenant)?,
                row.parse("person_id", person)?,
            );
            found.entry(whose).or_default().push(Had {
                session: row.parse("session_id", session)?,
                state: row.parse("state", state)?,
                offers: row.count("offer_id", *offers)?,
            });
        }
    }
    Ok(found)
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
