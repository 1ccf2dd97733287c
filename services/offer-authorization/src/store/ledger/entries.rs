//! Entries: written once, never changed. The unique key (offer, kind, ordinal) refuses what must not happen twice.

use std::collections::BTreeMap;

use domain::id::{AgentId, LedgerEntryId, OfferId, PartnerId, ProgrammeId, TenantId};
use domain::money::Money;
use domain::time::Timestamp;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use storage::column::{self, Row};
use storage::{StoreError, TenantScoped, Tx, rows};

use super::{Back, Extent, Stamp};
use crate::day::Day;
use crate::ledger::{Draw, EntryKind, FirstClaim, LimitKey};
use crate::programme::Programme;
use crate::store::days;
use crate::store::entities::ledger_entries::{ActiveModel, Column, Entity, Model};
use crate::store::entities::offers;

const TABLE: &str = "ledger_entries";

/// An entry as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LedgerEntry {
    /// The order of booking.
    pub(crate) seq: i64,
    pub(crate) id: LedgerEntryId,
    pub(crate) kind: EntryKind,
    /// Absent for a top-up.
    pub(crate) offer: Option<OfferId>,
    pub(crate) programme: ProgrammeId,
    /// The first day of the period whose budget it is booked on; absent for a budget without periods.
    pub(crate) period: Option<Day>,
    pub(crate) amount: Money,
    pub(crate) booked_at: Timestamp,
}

/// Which entries to list. What is absent does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EntryFilter {
    pub(crate) programme: Option<ProgrammeId>,
    pub(crate) offer: Option<OfferId>,
    /// Whose offers.
    pub(crate) partner: Option<PartnerId>,
    /// Which of the partner's agents; not without a partner.
    pub(crate) agent: Option<AgentId>,
    pub(crate) kind: Option<EntryKind>,
    pub(crate) from: Option<Timestamp>,
    /// The first instant that is too late.
    pub(crate) until: Option<Timestamp>,
}

/// An entry to be written.
#[derive(Clone)]
pub(super) struct NewEntry<'a> {
    kind: EntryKind,
    programme: &'a ProgrammeId,
    period: Option<Day>,
    offer: Option<OfferId>,
    /// What it draws on beside the budget.
    draw: Option<&'a Draw>,
    /// Counts the entries of this kind of the offer, from 1.
    ordinal: i64,
    amount: Money,
    uses: i64,
}

impl<'a> NewEntry<'a> {
    /// The whole of an offer. This happens once.
    pub(super) fn whole(kind: EntryKind, draw: &'a Draw) -> Self {
        Self {
            kind,
            programme: &draw.programme,
            period: draw.period,
            offer: Some(draw.offer),
            draw: Some(draw),
            ordinal: 1,
            amount: draw.amount,
            uses: 1,
        }
    }

    /// The second hold of an offer, in the grace of the first. This happens once, too.
    pub(super) fn second_hold(draw: &'a Draw) -> Self {
        Self {
            ordinal: 2,
            ..Self::whole(EntryKind::Hold, draw)
        }
    }

    /// Some of a redemption, after so many reversals of it.
    pub(super) fn reversal(draw: &'a Draw, back: Back, earlier: i64) -> Self {
        let uses = match back.extent {
            Extent::Part => 0,
            Extent::Rest => 1,
        };
        Self {
            ordinal: earlier.saturating_add(1),
            amount: back.amount,
            uses,
            ..Self::whole(EntryKind::Reverse, draw)
        }
    }

    pub(super) fn top_up(programme: &'a Programme, amount: Money) -> Self {
        Self::of_period(programme).booking(EntryKind::TopUp, amount)
    }

    /// On the budget of the open period and nothing else.
    pub(super) fn of_period(programme: &'a Programme) -> Self {
        Self {
            kind: EntryKind::TopUp,
            programme: &programme.id,
            period: programme.open_period(),
            offer: None,
            draw: None,
            ordinal: 1,
            amount: Money::zero(programme.currency),
            uses: 0,
        }
    }

    /// On the budget of a period, for an offer whose period has ended. Once for the end of its hold, ordinal 0, and once for
    /// each reversal, by its number.
    pub(super) fn of_late(draw: &'a Draw, period: Option<Day>, ordinal: i64) -> Self {
        Self {
            period,
            draw: None,
            ordinal,
            uses: 0,
            ..Self::whole(EntryKind::CarryOut, draw)
        }
    }

    /// The same place, for this kind and amount.
    pub(super) fn booking(&self, kind: EntryKind, amount: Money) -> Self {
        Self {
            kind,
            amount,
            ..self.clone()
        }
    }
}

/// Books an entry.
pub(super) async fn book(
    tx: &Tx,
    tenant: &TenantId,
    entry: NewEntry<'_>,
    stamp: Stamp,
) -> Result<(), StoreError> {
    book_all(tx, &[(tenant, entry, stamp)]).await
}

/// Books entries, in their order.
pub(super) async fn book_all(
    tx: &Tx,
    entries: &[(&TenantId, NewEntry<'_>, Stamp)],
) -> Result<(), StoreError> {
    let new = entries
        .iter()
        .map(|(tenant, entry, stamp)| row(tenant, entry, *stamp));
    rows::insert(tx, new.collect()).await
}

fn row(tenant: &TenantId, entry: &NewEntry<'_>, stamp: Stamp) -> ActiveModel {
    let [usage, agent_purse, partner_purse] = subjects(entry.draw);
    ActiveModel {
        seq: NotSet,
        entry_id: Set(stamp.entry.to_string()),
        tenant: Set(tenant.to_string()),
        kind: Set(entry.kind.to_string()),
        offer_id: Set(entry.offer.map(|offer| offer.to_string())),
        ordinal: Set(entry.ordinal),
        programme_id: Set(entry.programme.to_string()),
        amount_minor: Set(entry.amount.minor_units()),
        amount_currency: Set(entry.amount.currency().to_string()),
        uses: Set(entry.uses),
        usage_subject: Set(usage),
        agent_purse_subject: Set(agent_purse),
        partner_purse_subject: Set(partner_purse),
        booked_at: Set(column::millis(stamp.now)),
        budget_day: Set(entry.period.map(Day::number)),
    }
}

/// How often an offer was reversed, in parts.
pub(super) async fn reversals(
    tx: &Tx,
    tenant: &TenantId,
    offer: OfferId,
) -> Result<i64, StoreError> {
    let reversals = Entity::find_in(tenant)
        .filter(Column::OfferId.eq(offer.to_string()))
        .filter(Column::Kind.eq(EntryKind::Reverse.as_str()))
        .count(tx)
        .await?;
    Ok(i64::try_from(reversals).unwrap_or(i64::MAX))
}

/// What was carried out of the period that an offer draws on, in minor units.
pub(super) async fn carried_out(
    tx: &Tx,
    tenant: &TenantId,
    draw: &Draw,
) -> Result<i64, StoreError> {
    let carried: Vec<i64> = Entity::find_in(tenant)
        .select_only()
        .column(Column::AmountMinor)
        .filter(Column::ProgrammeId.eq(draw.programme.as_str()))
        .filter(Column::BudgetDay.eq(draw.period.map(Day::number)))
        .filter(Column::Kind.eq(EntryKind::CarryOut.as_str()))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(carried.into_iter().fold(0, i64::saturating_add))
}

/// When these offers claimed their money first, and when those claims ran out.
pub(super) async fn first_claims(
    tx: &Tx,
    tenant: &TenantId,
    offers: &[OfferId],
) -> Result<BTreeMap<OfferId, FirstClaim>, StoreError> {
    let models = Entity::find_in(tenant)
        .filter(Column::OfferId.is_in(offers.iter().map(OfferId::to_string)))
        .filter(Column::Kind.is_in([EntryKind::Hold.as_str(), EntryKind::Expire.as_str()]))
        .order_by_asc(Column::Seq)
        .all(tx)
        .await?;
    let mut claims = BTreeMap::new();
    for entry in models.iter().map(parse) {
        let LedgerEntry {
            seq, kind, offer, ..
        } = entry?;
        let Some(offer) = offer else { continue };
        let claim = claims.entry(offer).or_insert(FirstClaim {
            held: seq,
            expired: None,
        });
        if kind == EntryKind::Expire {
            claim.expired = Some(seq);
        }
    }
    Ok(claims)
}

fn subjects(draw: Option<&Draw>) -> [Option<String>; 3] {
    let Some(draw) = draw else {
        return [None, None, None];
    };
    let [agent, partner] = draw
        .purse_owners()
        .map(|owner| LimitKey::purse(&owner, draw.day, draw.amount.currency()));
    let usage = LimitKey::usage(&draw.programme, draw.person);
    [usage, agent, partner].map(|key| Some(key.subject))
}

/// Lists entries, the newest first, from the one before `before`.
pub(crate) async fn list<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    filter: &EntryFilter,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<LedgerEntry>, StoreError> {
    let mut query = Entity::find_in(tenant);
    if let Some(programme) = &filter.programme {
        query = query.filter(Column::ProgrammeId.eq(programme.as_str()));
    }
    if let Some(offer) = filter.offer {
        query = query.filter(Column::OfferId.eq(offer.to_string()));
    }
    if let Some(partner) = &filter.partner {
        let offers = offers_of(tenant, partner, filter.agent.as_ref());
        query = query.filter(Column::OfferId.in_subquery(offers));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(Column::Kind.eq(kind.as_str()));
    }
    if let Some(from) = filter.from {
        query = query.filter(Column::BookedAt.gte(column::millis(from)));
    }
    if let Some(until) = filter.until {
        query = query.filter(Column::BookedAt.lt(column::millis(until)));
    }
    if let Some(before) = before {
        query = query.filter(Column::Seq.lt(before));
    }
    let models = query
        .order_by_desc(Column::Seq)
        .limit(limit)
        .all(connection)
        .await?;
    models.iter().map(parse).collect()
}

/// The offers of a partner, or of one of its agents.
fn offers_of(tenant: &TenantId, partner: &PartnerId, agent: Option<&AgentId>) -> SelectStatement {
    let mut query = offers::Entity::find_in(tenant)
        .select_only()
        .column(offers::Column::OfferId)
        .filter(offers::Column::PartnerId.eq(partner.as_str()));
    if let Some(agent) = agent {
        query = query.filter(offers::Column::AgentId.eq(agent.as_str()));
    }
    query.into_query()
}

fn parse(model: &Model) -> Result<LedgerEntry, StoreError> {
    let row = Row::of(TABLE, &model.entry_id);
    Ok(LedgerEntry {
        seq: model.seq,
        id: row.parse("entry_id", &model.entry_id)?,
        kind: row.parse("kind", &model.kind)?,
        offer: row.parse_optional("offer_id", model.offer_id.as_deref())?,
        programme: row.parse("programme_id", &model.programme_id)?,
        period: days::optional(&row, "budget_day", model.budget_day)?,
        amount: row.money("amount", model.amount_minor, &model.amount_currency)?,
        booked_at: row.instant("booked_at", model.booked_at)?,
    })
}
