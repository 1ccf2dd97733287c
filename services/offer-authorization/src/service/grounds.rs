//! What an offer is judged on: the programmes that it could draw on, with the room that their counters show now.

use std::cmp::Reverse;
use std::time::Duration;

use domain::id::{PersonId, SessionId, TenantId};
use domain::money::{Currency, Money};
use domain::time::{Timestamp, earlier};
use sea_orm::ConnectionTrait;
use storage::StoreError;

use crate::authority::{Candidate, History, PurseRoom};
use crate::case::CaseAgent;
use crate::day::Day;
use crate::ledger::{LimitKey, purse_owners};
use crate::programme::{Programme, PurseOwner};
use crate::store::ledger::{Caps, Counter, counters};
use crate::store::{offers, purses};

/// How long what a person was granted is remembered against more of it.
const REMEMBERED: Duration = Duration::from_hours(24 * 90);

/// To whom, in which currency and when something would be granted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation<'a> {
    pub(super) tenant: &'a TenantId,
    /// `None` when the shopper is not known yet.
    pub(super) person: Option<PersonId>,
    pub(super) currency: Currency,
    pub(super) now: Timestamp,
}

/// The purses that an agent draws on.
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

/// What the person was granted lately, but for the cart of a session.
pub(super) async fn history_of<C: ConnectionTrait>(
    connection: &C,
    situation: Situation<'_>,
    but: Option<SessionId>,
) -> Result<History, StoreError> {
    let Some(person) = situation.person else {
        return Ok(History::default());
    };
    let since = earlier(situation.now, REMEMBERED);
    offers::history_of(connection, situation.tenant, person, but, since).await
}

/// Reads the purses of an agent.
pub(super) async fn purses_of<C: ConnectionTrait>(
    connection: &C,
    situation: Situation<'_>,
    agent: &CaseAgent,
) -> Result<Purses, StoreError> {
    let all = purses_of_all(connection, situation, std::slice::from_ref(agent)).await?;
    let nobody = Purses {
        limits: [None, None],
        room: PurseRoom::Unlimited,
    };
    Ok(all.into_iter().next().unwrap_or(nobody))
}

/// Reads the purses of several agents, in their order.
pub(super) async fn purses_of_all<C: ConnectionTrait>(
    connection: &C,
    situation: Situation<'_>,
    agents: &[CaseAgent],
) -> Result<Vec<Purses>, StoreError> {
    let Situation {
        tenant,
        currency,
        now,
        ..
    } = situation;
    let owners: Vec<[PurseOwner; 2]> = agents.iter().map(purse_owners).collect();
    let flat = owners.concat();
    let keys: Vec<LimitKey> = flat
        .iter()
        .map(|owner| LimitKey::purse(owner, Day::of(now), currency))
        .collect();
    let counters = counters(connection, tenant, &keys).await?;
    let limits = purses::limits_of(connection, tenant, &flat).await?;
    let both: Vec<_> = limits.into_iter().zip(counters).collect();
    let purses = both.as_chunks::<2>().0.iter().map(|pair| Purses {
        limits: pair.each_ref().map(|(limit, _)| *limit),
        room: pair
            .iter()
            .filter_map(|(limit, counter)| Some(room_of((*limit)?, *counter, currency)))
            .fold(PurseRoom::Unlimited, narrower),
    });
    Ok(purses.collect())
}

/// The programmes with their room, but for purses. Those that run come first, and of them the one that ends first, so
/// that its money is not lost.
pub(super) async fn candidates<C: ConnectionTrait>(
    connection: &C,
    situation: Situation<'_>,
    mut programmes: Vec<Programme>,
) -> Result<Vec<Candidate>, StoreError> {
    let runs = |programme: &Programme| programme.refusals(situation.now).is_empty();
    programmes.sort_by(|one, other| {
        let rank = |programme: &Programme| (Reverse(runs(programme)), programme.ends_at);
        let order = rank(one).cmp(&rank(other));
        order.then_with(|| one.id.cmp(&other.id))
    });
    let budgets = programmes.iter().map(LimitKey::open_budget);
    let usages = programmes.iter().filter_map(|programme| {
        let person = situation.person?;
        Some(LimitKey::usage(&programme.id, person))
    });
    let keys: Vec<LimitKey> = budgets.chain(usages).collect();
    let counters = counters(connection, situation.tenant, &keys).await?;
    let (budgets, usages) = counters.split_at(programmes.len().min(counters.len()));
    let mut found = Vec::with_capacity(programmes.len());
    for (index, programme) in programmes.into_iter().enumerate() {
        let counter = |of: &[Option<Counter>]| of.get(index).copied().flatten();
        let budget = counter(budgets).and_then(Counter::room).unwrap_or(0);
        let zero = Money::zero(programme.currency);
        let used = counter(usages).map_or(0, Counter::used);
        let left = i64::from(programme.offers_per_person).saturating_sub(used);
        found.push(Candidate {
            budget: Money::new(budget, programme.currency).unwrap_or(zero),
            purse: PurseRoom::Unlimited,
            uses: situation.person.map(|_| u32::try_from(left).unwrap_or(0)),
            programme,
        });
    }
    Ok(found)
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
