//! Entries: written once, never changed. The unique key (offer, kind, ordinal) refuses what must not happen twice.

use std::collections::BTreeMap;

use domain::id::{AgentId, LedgerEntryId, OfferId, PartnerId, ProgrammeId, TenantId};
use domain::money::Money;
use domain::time::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use storage::column::{self, Row};
use storage::{StoreError, TenantScoped, Tx};

use super::{Back, Extent, Stamp};
use crate::ledger::{Draw, EntryKind, FirstClaim, LimitKey};
use crate::store::entities::ledger_entries::{ActiveModel, Column, Entity, Model};

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

impl EntryFilter {
    /// How the names of the purses begin that the entries draw on.
    fn purse_prefix(&self) -> Option<String> {
        let partner = self.partner.as_ref()?;
        Some(match &self.agent {
            Some(agent) => format!("{partner}/{agent}/"),
            None => format!("{partner}/"),
        })
    }
}

/// An entry to be written.
pub(super) struct NewEntry<'a> {
    kind: EntryKind,
    programme: &'a ProgrammeId,
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

    pub(super) fn top_up(programme: &'a ProgrammeId, amount: Money) -> Self {
        Self {
            kind: EntryKind::TopUp,
            programme,
            draw: None,
            ordinal: 1,
            amount,
            uses: 0,
        }
    }
}

pub(super) async fn book(
    tx: &Tx,
    tenant: &TenantId,
    entry: NewEntry<'_>,
    stamp: Stamp,
) -> Result<(), StoreError> {
    let [usage, agent_purse, partner_purse] = subjects(entry.draw);
    let row = ActiveModel {
        seq: NotSet,
        entry_id: Set(stamp.entry.to_string()),
        tenant: Set(tenant.to_string()),
        kind: Set(entry.kind.to_string()),
        offer_id: Set(entry.draw.map(|draw| draw.offer.to_string())),
        ordinal: Set(entry.ordinal),
        programme_id: Set(entry.programme.to_string()),
        amount_minor: Set(entry.amount.minor_units()),
        amount_currency: Set(entry.amount.currency().to_string()),
        uses: Set(entry.uses),
        usage_subject: Set(usage),
        agent_purse_subject: Set(agent_purse),
        partner_purse_subject: Set(partner_purse),
        booked_at: Set(column::millis(stamp.now)),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
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
    if let Some(prefix) = filter.purse_prefix() {
        // An entry names the purses it draws on, whether somebody set them or not.
        let column = match filter.agent {
            Some(_) => Column::AgentPurseSubject,
            None => Column::PartnerPurseSubject,
        };
        // Not `LIKE`: an underscore in a name would stand for any character.
        let names = Expr::col(column);
        let end = format!("{}0", prefix.trim_end_matches('/'));
        query = query.filter(names.clone().gte(prefix).and(names.lt(end)));
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

fn parse(model: &Model) -> Result<LedgerEntry, StoreError> {
    let row = Row::of(TABLE, &model.entry_id);
    Ok(LedgerEntry {
        seq: model.seq,
        id: row.parse("entry_id", &model.entry_id)?,
        kind: row.parse("kind", &model.kind)?,
        offer: row.parse_optional("offer_id", model.offer_id.as_deref())?,
        programme: row.parse("programme_id", &model.programme_id)?,
        amount: row.money("amount", model.amount_minor, &model.amount_currency)?,
        booked_at: row.instant("booked_at", model.booked_at)?,
    })
}
