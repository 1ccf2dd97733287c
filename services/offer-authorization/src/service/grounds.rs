//! What an offer is judged on: the programmes that it could draw on, with the room that their counters show now.

use std::cmp::Reverse;

use domain::id::{PersonId, ProgrammeId, TenantId};
use domain::money::{Currency, Money};
use domain::remedy::RemedyKind;
use domain::time::Timestamp;
use sea_orm::ConnectionTrait;
use storage::StoreError;

use crate::authority::{Candidate, PurseRoom};
use crate::case::CaseAgent;
use crate::ledger::{Day, LimitKey, purse_owners};
use crate::programme::Programme;
use crate::store::ledger::{Caps, Counter, counters};
use crate::store::{programmes, purses};

/// Who would grant to whom, in which currency, when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation<'a> {
    pub(super) tenant: &'a TenantId,
    pub(super) agent: &'a CaseAgent,
    /// `None` when the shopper is not known yet.
    pub(super) person: Option<PersonId>,
    pub(super) currency: Currency,
    pub(super) now: Timestamp,
}

/// The purses of a situation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Purses {
    /// The daily limits of agent and partner, where they are set.
    limits: [Option<Money>; 2],
    pub(super) room: PurseRoom,
}

impl Purses {
    /// The caps with which the counters of an offer are opened.
    pub(super) fn caps(&self, programme: &Programme) -> Caps {
        let [agent_purse, partner_purse] = self
            .limits
            .map(|limit| limit.filter(|limit| limit.currency() == programme.currency));
        Caps {
            uses: programme.offers_per_person,
            agent_purse,
            partner_purse,
        }
    }
}

/// Reads the purses of agent and partner.
pub(super) async fn purses_of<C: ConnectionTrait>(
    connection: &C,
    situation: Situation<'_>,
) -> Result<Purses, StoreError> {
    let Situation {
        tenant,
        agent,
        currency,
        now,
        ..
    } = situation;
    let owners = purse_owners(agent);
    let keys = owners
        .each_ref()
        .map(|owner| LimitKey::purse(owner, Day::of(now), currency));
    let counters = counters(connection, tenant, &keys).await?;
    let limits = purses::limits_of(connection, tenant, &owners).await?;
    let room = limits
        .iter()
        .zip(&counters)
        .filter_map(|(limit, counter)| Some(room_of((*limit)?, *counter, currency)))
        .fold(PurseRoom::Unlimited, narrower);
    Ok(Purses { limits, room })
}

/// The programmes for a remedy with their room. The one that ends first comes first, so that its money is not lost.
pub(super) async fn candidates<C: ConnectionTrait>(
    connection: &C,
    situation: Situation<'_>,
    (programmes, purse): (&[Programme], PurseRoom),
    remedy: RemedyKind,
) -> Result<Vec<Candidate>, StoreError> {
    let mut fitting: Vec<&Programme> = programmes
        .iter()
        .filter(|programme| programme.remedies.contains(&remedy))
        .collect();
    // Those that run come first, so that the reasons of a dead programme never hide those of a live one.
    fitting.sort_by_key(|programme| {
        let runs = programme.refusals(situation.now).is_empty();
        (Reverse(runs), programme.ends_at, &programme.id)
    });
    let mut found = Vec::with_capacity(fitting.len());
    for programme in fitting {
        found.push(candidate(connection, situation, programme, purse).await?);
    }
    Ok(found)
}

/// One programme with its room.
pub(super) async fn candidate<C: ConnectionTrait>(
    connection: &C,
    situation: Situation<'_>,
    programme: &Programme,
    purse: PurseRoom,
) -> Result<Candidate, StoreError> {
    let usage = situation
        .person
        .map(|person| LimitKey::usage(&programme.id, person));
    let keys: Vec<LimitKey> = [LimitKey::budget(&programme.id)]
        .into_iter()
        .chain(usage)
        .collect();
    let counters = counters(connection, situation.tenant, &keys).await?;
    let budget = counters.first().copied().flatten().and_then(Counter::room);
    let used = counters.get(1).copied().flatten().map_or(0, Counter::used);
    let left = i64::from(programme.offers_per_person).saturating_sub(used);
    let zero = Money::zero(programme.currency);
    Ok(Candidate {
        programme: programme.clone(),
        budget: Money::new(budget.unwrap_or(0), programme.currency).unwrap_or(zero),
        purse,
        uses: situation.person.map(|_| u32::try_from(left).unwrap_or(0)),
    })
}

/// All programmes of a tenant.
pub(super) async fn all_programmes<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
) -> Result<Vec<Programme>, StoreError> {
    programmes::all(connection, tenant).await
}

/// One programme.
pub(super) async fn programme<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    programme: &ProgrammeId,
) -> Result<Option<Programme>, StoreError> {
    programmes::find(connection, tenant, programme).await
}

fn room_of(limit: Money, counter: Option<Counter>, currency: Currency) -> PurseRoom {
    if limit.currency() != currency {
        return PurseRoom::OtherCurrency;
    }
    let (cap, used) = counter.map_or((None, 0), |counter| (counter.cap, counter.used()));
    let left = cap.unwrap_or(limit.minor_units()).saturating_sub(used);
    // What is over-drawn has no room, and no less than none.
    PurseRoom::Left(Money::new(left, currency).unwrap_or(Money::zero(currency)))
}

fn narrower(one: PurseRoom, other: PurseRoom) -> PurseRoom {
    match (one, other) {
        (PurseRoom::OtherCurrency, _) | (_, PurseRoom::OtherCurrency) => PurseRoom::OtherCurrency,
        (PurseRoom::Unlimited, room) | (room, PurseRoom::Unlimited) => room,
        (PurseRoom::Left(one), PurseRoom::Left(other)) => one
            .min(other)
            .map_or(PurseRoom::OtherCurrency, PurseRoom::Left),
    }
}
