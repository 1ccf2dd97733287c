//! The ledger: counters that decide whether there is room, and the entries that they are the sums of.
//!
//! INVARIANT: every change of a counter is booked as an entry in the same transaction, and each function here does both.

mod counters;
mod entries;
mod periods;
mod proof;
mod statement;

use domain::id::{LedgerEntryId, OfferId, TenantId};
use domain::money::{MAX_MINOR_UNITS, Money};
use domain::time::Timestamp;
use storage::{StoreError, Tx};

use crate::ledger::{Draw, EntryKind, LimitKey, Scope, Share};
use crate::programme::Programme;

use counters::Claim;
pub(crate) use counters::{Counter, counters, counters_among, set_cap};
use entries::NewEntry;
pub(crate) use entries::{EntryFilter, LedgerEntry, list};
pub(crate) use periods::{Late, give_on, roll_over};
pub(crate) use proof::discrepancies;
pub(crate) use statement::sums;

/// The caps of counters that may not exist yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caps {
    /// Offers of the programme for one person.
    pub(crate) uses: u32,
    /// Of the agent for one day, in the currency of the offer; absent when nobody set one.
    pub(crate) agent_purse: Option<Money>,
    /// Of the partner, likewise.
    pub(crate) partner_purse: Option<Money>,
}

impl Caps {
    /// With which cap a counter is opened that nobody has drawn on.
    pub(crate) fn of(&self, scope: Scope) -> Option<i64> {
        match scope {
            Scope::Usage => Some(i64::from(self.uses)),
            Scope::AgentPurse => self.agent_purse.map(Money::minor_units),
            Scope::PartnerPurse => self.partner_purse.map(Money::minor_units),
            // It is opened with its programme; one that is not there has no room.
            Scope::Budget => Some(0),
        }
    }
}

/// When something is booked, and under which id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    pub(crate) entry: LedgerEntryId,
    pub(crate) now: Timestamp,
}

/// Claims budget, purses and use of an offer, all or none. The row counts of the conditional updates are the decision;
/// `Err` names the scopes without room, and then nothing has changed.
pub(crate) async fn hold(
    tx: &Tx,
    tenant: &TenantId,
    draw: &Draw,
    caps: Caps,
    stamp: Stamp,
) -> Result<Result<(), Vec<Scope>>, StoreError> {
    let claimed = claim_all(tx, tenant, draw, caps).await?;
    if claimed.is_ok() {
        entries::book(tx, tenant, NewEntry::whole(EntryKind::Hold, draw), stamp).await?;
    }
    Ok(claimed)
}

/// What an offer claims that is granted together with others.
#[derive(Debug, Clone)]
pub(crate) struct NewHold {
    pub(crate) tenant: TenantId,
    pub(crate) draw: Draw,
    pub(crate) caps: Caps,
    pub(crate) stamp: Stamp,
}

/// [`hold`] for many offers, which are known to have room: `false` says that somebody else took some of it. Then the
/// transaction has to be undone.
pub(crate) async fn hold_all(tx: &Tx, holds: &[NewHold]) -> Result<bool, StoreError> {
    let shares: Vec<_> = holds
        .iter()
        .flat_map(|hold| hold.draw.shares().map(|share| (hold, share)))
        .collect();
    let claims: Vec<Claim<'_>> = shares
        .iter()
        .map(|(hold, share)| Claim {
            tenant: &hold.tenant,
            share,
            cap: hold.caps.of(share.key.scope),
        })
        .collect();
    if !counters::claim_together(tx, &claims).await? {
        return Ok(false);
    }
    let entries: Vec<_> = holds
        .iter()
        .map(|hold| {
            let entry = NewEntry::whole(EntryKind::Hold, &hold.draw);
            (&hold.tenant, entry, hold.stamp)
        })
        .collect();
    entries::book_all(tx, &entries).await?;
    Ok(true)
}

/// [`hold`] for an offer whose first hold has expired.
pub(crate) async fn hold_again(
    tx: &Tx,
    tenant: &TenantId,
    draw: &Draw,
    caps: Caps,
    stamp: Stamp,
) -> Result<Result<(), Vec<Scope>>, StoreError> {
    let claimed = claim_all(tx, tenant, draw, caps).await?;
    if claimed.is_ok() {
        entries::book(tx, tenant, NewEntry::second_hold(draw), stamp).await?;
    }
    Ok(claimed)
}

/// Whether this offer and each of the others on its case were decided on together: see [`FirstClaim::is_counted_with`].
pub(crate) async fn is_counted_with(
    tx: &Tx,
    tenant: &TenantId,
    offer: OfferId,
    others: &[OfferId],
) -> Result<bool, StoreError> {
    let all = [others, &[offer]].concat();
    let claims = entries::first_claims(tx, tenant, &all).await?;
    let ours = claims.get(&offer).copied();
    Ok(ours.is_some_and(|ours| claims.values().all(|other| ours.is_counted_with(*other))))
}

async fn claim_all(
    tx: &Tx,
    tenant: &TenantId,
    draw: &Draw,
    caps: Caps,
) -> Result<Result<(), Vec<Scope>>, StoreError> {
    let mut taken: Vec<Share> = Vec::new();
    let mut full = Vec::new();
    for share in draw.shares() {
        if claim(tx, tenant, &share, caps).await? {
            taken.push(share);
        } else {
            full.push(share.key.scope);
        }
    }
    if full.is_empty() {
        return Ok(Ok(()));
    }
    for share in &taken {
        counters::apply(tx, tenant, EntryKind::Release, share).await?;
    }
    Ok(Err(full))
}

/// Claims one share. A counter that nobody drew on before is made when its claim finds nothing; the claim is then made
/// again in any case, as somebody else may have made the counter just now.
async fn claim(tx: &Tx, tenant: &TenantId, share: &Share, caps: Caps) -> Result<bool, StoreError> {
    if counters::claim(tx, tenant, share).await? {
        return Ok(true);
    }
    // A budget is as old as its programme.
    if share.key.scope == Scope::Budget {
        return Ok(false);
    }
    let cap = caps.of(share.key.scope);
    counters::open(tx, tenant, &share.key, cap).await?;
    counters::claim(tx, tenant, share).await
}

/// Books the whole of an offer as released, expired or redeemed.
pub(crate) async fn settle(
    tx: &Tx,
    tenant: &TenantId,
    kind: EntryKind,
    draw: &Draw,
    stamp: Stamp,
) -> Result<(), StoreError> {
    for share in draw.shares() {
        counters::apply(tx, tenant, kind, &share).await?;
    }
    entries::book(tx, tenant, NewEntry::whole(kind, draw), stamp).await
}

/// Whether a reversal leaves something of the redemption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Something is left: the person has still used the offer.
    Part,
    /// Nothing is left: the use is given back too.
    Rest,
}

/// What came back of a redemption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Back {
    pub(crate) amount: Money,
    pub(crate) extent: Extent,
}

/// Books an amount of a redemption as taken back. The day's purses get it back even when their day is over, as the sums
/// must stay true; nobody can grant it again.
pub(crate) async fn reverse(
    tx: &Tx,
    tenant: &TenantId,
    draw: &Draw,
    back: Back,
    stamp: Stamp,
) -> Result<(), StoreError> {
    for mut share in draw.shares() {
        share.units = match (share.key.scope, back.extent) {
            (Scope::Usage, Extent::Part) => continue,
            (Scope::Usage, Extent::Rest) => share.units,
            (Scope::AgentPurse | Scope::PartnerPurse | Scope::Budget, _) => {
                back.amount.minor_units()
            }
        };
        counters::apply(tx, tenant, EntryKind::Reverse, &share).await?;
    }
    let earlier = entries::reversals(tx, tenant, draw.offer).await?;
    let entry = NewEntry::reversal(draw, back, earlier);
    entries::book(tx, tenant, entry, stamp).await
}

/// Opens the budget of a new programme at zero.
pub(crate) async fn open_budget(
    tx: &Tx,
    tenant: &TenantId,
    programme: &Programme,
) -> Result<(), StoreError> {
    counters::open(tx, tenant, &LimitKey::open_budget(programme), Some(0)).await
}

/// Lets the budget of a programme take new holds or not, as the programme says.
pub(crate) async fn set_state(
    tx: &Tx,
    tenant: &TenantId,
    programme: &Programme,
) -> Result<(), StoreError> {
    let budget = LimitKey::open_budget(programme);
    counters::set_state(tx, tenant, &budget, programme.state).await
}

/// Adds money to a budget, that of the open period. `false`: the sum would be above the largest amount, and nothing has changed.
pub(crate) async fn top_up(
    tx: &Tx,
    tenant: &TenantId,
    programme: &Programme,
    amount: Money,
    stamp: Stamp,
) -> Result<bool, StoreError> {
    let key = LimitKey::open_budget(programme);
    let share = Share {
        key,
        units: amount.minor_units(),
    };
    if !counters::raise_cap(tx, tenant, &share, MAX_MINOR_UNITS).await? {
        return Ok(false);
    }
    entries::book(tx, tenant, NewEntry::top_up(programme, amount), stamp).await?;
    Ok(true)
}
