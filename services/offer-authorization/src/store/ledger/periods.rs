//! The end of a budget's period, and money that comes back to a period that has ended.
//!
//! INVARIANT: a period that has ended has no room left: its cap is what is held and redeemed of it. What it had left went
//! into the period that was open then, or has lapsed, and each of that is an entry.

use domain::id::TenantId;
use domain::money::{MAX_MINOR_UNITS, Money};
use storage::{StoreError, Tx};

use super::entries::{self, NewEntry};
use super::{Stamp, counters, top_up};
use crate::budget::Rest;
use crate::ledger::{Draw, EntryKind, LimitKey, Share};
use crate::programme::Programme;

/// Gives one stamp for each entry.
pub(crate) type Stamps<'a> = &'a (dyn Fn() -> Stamp + Sync);

/// Room that an offer gives back to a period that has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Late<'a> {
    pub(crate) draw: &'a Draw,
    /// By which entry it came back: a release, an expiry or a reversal.
    pub(crate) kind: EntryKind,
    pub(crate) amount: Money,
}

/// Whose room moves, out of which period and into which.
struct Move<'a> {
    from: &'a LimitKey,
    out: NewEntry<'a>,
    into: NewEntry<'a>,
    open: &'a Programme,
    rest: Rest,
}

/// Opens the next period of a budget, which is not there yet: with its allowance, and with what is carried over. The
/// programme is locked and stored by the caller, and `next` is the programme with that period open.
pub(crate) async fn roll_over(
    tx: &Tx,
    tenant: &TenantId,
    (before, next): (&Programme, &Programme),
    stamps: Stamps<'_>,
) -> Result<(), StoreError> {
    let (from, into) = (LimitKey::open_budget(before), LimitKey::open_budget(next));
    let room = counters::lock_room(tx, tenant, &from).await?;
    counters::create(tx, tenant, &into).await?;
    counters::set_state(tx, tenant, &into, next.state).await?;
    let Some(periods) = next.periods else {
        return Ok(());
    };
    if !periods.allowance.is_zero() {
        top_up(tx, tenant, next, periods.allowance, stamps()).await?;
    }
    let movement = Move {
        from: &from,
        out: NewEntry::of_period(before),
        into: NewEntry::of_period(next),
        open: next,
        rest: periods.rest(room, 0),
    };
    shift(tx, tenant, movement, stamps).await
}

/// Takes room out of a period that has ended, into which an offer has just given it back: a reversal into the period that
/// is open, what was never used as the programme carries over. `open` is locked by the caller.
pub(crate) async fn give_on(
    tx: &Tx,
    tenant: &TenantId,
    late: Late<'_>,
    open: &Programme,
    stamps: Stamps<'_>,
) -> Result<(), StoreError> {
    let Late { draw, kind, amount } = late;
    let units = amount.minor_units();
    let ordinal = match kind {
        EntryKind::Reverse => entries::reversals(tx, tenant, draw.offer).await?,
        EntryKind::Hold
        | EntryKind::Release
        | EntryKind::Expire
        | EntryKind::Redeem
        | EntryKind::TopUp
        | EntryKind::CarryOut
        | EntryKind::CarryIn
        | EntryKind::Lapse => 0,
    };
    let rest = match open.periods {
        Some(periods) if kind != EntryKind::Reverse => {
            let before = entries::carried_out(tx, tenant, draw).await?;
            periods.rest(units, before)
        }
        Some(_) | None => Rest {
            carried: units,
            lapsed: 0,
        },
    };
    let movement = Move {
        from: &draw.budget(),
        out: NewEntry::of_late(draw, draw.period, ordinal),
        into: NewEntry::of_late(draw, open.open_period(), ordinal),
        open,
        rest,
    };
    shift(tx, tenant, movement, stamps).await
}

/// Moves room, with an entry on either side. What would make the sum too large lapses.
async fn shift(
    tx: &Tx,
    tenant: &TenantId,
    movement: Move<'_>,
    stamps: Stamps<'_>,
) -> Result<(), StoreError> {
    let Move {
        from,
        out,
        into,
        open,
        rest: Rest {
            mut carried,
            mut lapsed,
        },
    } = movement;
    let gain = Share {
        key: LimitKey::open_budget(open),
        units: carried,
    };
    if !counters::raise_cap(tx, tenant, &gain, MAX_MINOR_UNITS).await? {
        (carried, lapsed) = (0, lapsed.saturating_add(carried));
    }
    let loss = Share {
        key: from.clone(),
        units: carried.saturating_add(lapsed),
    };
    counters::lower_cap(tx, tenant, &loss).await?;
    for (kind, entry, units) in [
        (EntryKind::CarryOut, &out, carried),
        (EntryKind::CarryIn, &into, carried),
        (EntryKind::Lapse, &out, lapsed),
    ] {
        if units > 0 {
            let amount = Money::new(units, open.currency).map_err(|_| counters::corrupt(from))?;
            entries::book(tx, tenant, entry.booking(kind, amount), stamps()).await?;
        }
    }
    Ok(())
}
