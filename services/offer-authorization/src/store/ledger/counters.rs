//! Counters. A claim is one conditional `UPDATE` whose row count is the answer: nothing is read first and written later.

use std::collections::{BTreeMap, HashMap};

use domain::id::TenantId;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QuerySelect,
};
use storage::column::Row;
use storage::{StoreError, TenantScoped, Tx, rows, shape};

use crate::ledger::{EntryKind, LimitKey, Scope, Share};
use crate::programme::ProgrammeState;
use crate::store::entities::limits::{ActiveModel, Column, Entity, Model};

const TABLE: &str = "limits";
/// Adds to a counter that is there, if it has room and takes holds.
const CLAIM: &str = "
    ON CONFLICT (tenant, scope, subject) DO UPDATE SET held = limits.held + excluded.held
    WHERE (limits.cap IS NULL OR limits.held + limits.redeemed + excluded.held <= limits.cap)
    AND limits.frozen IS NULL";

/// A counter as it was read. What is read may be old; only a claim decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counter {
    /// Absent for a purse that nobody has set.
    pub(crate) cap: Option<i64>,
    pub(crate) held: i64,
    pub(crate) redeemed: i64,
}

impl Counter {
    /// Held and redeemed.
    pub(crate) fn used(self) -> i64 {
        self.held.saturating_add(self.redeemed)
    }

    /// What is left below the cap.
    pub(crate) fn room(self) -> Option<i64> {
        self.cap.map(|cap| cap.saturating_sub(self.used()))
    }
}

/// Makes a counter at zero, unless it is there.
pub(super) async fn open(
    tx: &Tx,
    tenant: &TenantId,
    key: &LimitKey,
    cap: Option<i64>,
) -> Result<(), StoreError> {
    let row = empty(tenant, key, cap);
    let there = OnConflict::columns([Column::Tenant, Column::Scope, Column::Subject])
        .do_nothing()
        .to_owned();
    Entity::insert(row)
        .on_conflict(there)
        .try_insert()
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Makes a counter at zero that is not there.
pub(super) async fn create(tx: &Tx, tenant: &TenantId, key: &LimitKey) -> Result<(), StoreError> {
    Entity::insert(empty(tenant, key, Some(0)))
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

fn empty(tenant: &TenantId, key: &LimitKey, cap: Option<i64>) -> ActiveModel {
    ActiveModel {
        tenant: Set(tenant.to_string()),
        scope: Set(key.scope.to_string()),
        subject: Set(key.subject.clone()),
        cap: Set(cap),
        held: Set(0),
        redeemed: Set(0),
        frozen: Set(None),
    }
}

/// Lets a budget take new holds, or not. Whatever is claimed after this has ended is claimed in that state.
pub(super) async fn set_state(
    tx: &Tx,
    tenant: &TenantId,
    key: &LimitKey,
    state: ProgrammeState,
) -> Result<(), StoreError> {
    let frozen: Option<i64> = match state {
        ProgrammeState::Active => None,
        ProgrammeState::Frozen => Some(1),
    };
    Entity::update_in(tenant)
        .col_expr(Column::Frozen, Expr::value(frozen))
        .filter(is(key))
        .exec(tx)
        .await?;
    Ok(())
}

/// What is left below the cap of a budget, of which nobody takes anything until the end of the transaction.
pub(super) async fn lock_room(
    tx: &Tx,
    tenant: &TenantId,
    key: &LimitKey,
) -> Result<i64, StoreError> {
    let locked = Entity::find_in(tenant).filter(is(key)).lock_exclusive();
    let counter = locked.one(tx).await?.as_ref().map(Counter::from);
    counter.and_then(Counter::room).ok_or_else(|| corrupt(key))
}

/// Claims units if there is room for all of them and the limit takes new holds, and says whether there was.
pub(super) async fn claim(tx: &Tx, tenant: &TenantId, share: &Share) -> Result<bool, StoreError> {
    let after = Expr::col(Column::Held)
        .add(Expr::col(Column::Redeemed))
        .add(share.units);
    let room = Condition::any()
        .add(Expr::col(Column::Cap).is_null())
        .add(after.lte(Expr::col(Column::Cap)));
    let claimed = Entity::update_in(tenant)
        .col_expr(Column::Held, Expr::col(Column::Held).add(share.units))
        .filter(is(&share.key))
        .filter(room)
        .filter(Column::Frozen.is_null())
        .exec(tx)
        .await?;
    Ok(claimed.rows_affected == 1)
}

/// A claim on a counter, which is made with this cap if nobody drew on it before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim<'a> {
    pub(super) tenant: &'a TenantId,
    pub(super) share: &'a Share,
    pub(super) cap: Option<i64>,
}

/// Claims all of these, or tells that there is not room for all of them: then some may be claimed, and the transaction
/// has to be undone. Counters are taken in the order of their scopes, as each transaction takes them.
pub(super) async fn claim_together(tx: &Tx, claims: &[Claim<'_>]) -> Result<bool, StoreError> {
    let mut sums: BTreeMap<(usize, &str, &str), ActiveModel> = BTreeMap::new();
    for Claim { tenant, share, cap } in claims {
        let Share { key, units } = share;
        let rank = Scope::ALL.iter().position(|scope| *scope == key.scope);
        let place = (
            rank.unwrap_or(Scope::ALL.len()),
            tenant.as_str(),
            &*key.subject,
        );
        let row = sums
            .entry(place)
            .or_insert_with(|| empty(tenant, key, *cap));
        let held = row.held.take().unwrap_or(0).saturating_add(*units);
        row.held = Set(held);
        // The row of a budget is there. The engines check the one that would be made if it were not, too.
        if key.scope == Scope::Budget {
            row.cap = Set(Some(held));
        }
    }
    let wanted = u64::try_from(sums.len()).unwrap_or(u64::MAX);
    let claimed = rows::upsert(tx, sums.into_values().collect(), CLAIM).await?;
    Ok(claimed == wanted)
}

/// Applies what an entry does. The claim that it ends is there, or the row is corrupt: nothing is ever clamped.
pub(super) async fn apply(
    tx: &Tx,
    tenant: &TenantId,
    kind: EntryKind,
    share: &Share,
) -> Result<(), StoreError> {
    let effect = kind.effect();
    let held = Expr::col(Column::Held).add(effect.held * share.units);
    let redeemed = Expr::col(Column::Redeemed).add(effect.redeemed * share.units);
    let applied = Entity::update_in(tenant)
        .col_expr(Column::Held, held.clone())
        .col_expr(Column::Redeemed, redeemed.clone())
        .filter(is(&share.key))
        .filter(held.gte(0).and(redeemed.gte(0)))
        .exec(tx)
        .await?;
    if applied.rows_affected == 1 {
        return Ok(());
    }
    Err(corrupt(&share.key))
}

/// A counter that cannot be what it is.
pub(super) fn corrupt(key: &LimitKey) -> StoreError {
    Row::of(TABLE, &key.subject).corrupt("held")
}

/// Raises a cap, at most to `highest`, and says whether it could.
pub(super) async fn raise_cap(
    tx: &Tx,
    tenant: &TenantId,
    share: &Share,
    highest: i64,
) -> Result<bool, StoreError> {
    let raised = Expr::col(Column::Cap).add(share.units);
    let outcome = Entity::update_in(tenant)
        .col_expr(Column::Cap, raised.clone())
        .filter(is(&share.key))
        .filter(raised.lte(highest))
        .exec(tx)
        .await?;
    Ok(outcome.rows_affected == 1)
}

/// Lowers the cap of a budget by room that it has.
pub(super) async fn lower_cap(tx: &Tx, tenant: &TenantId, share: &Share) -> Result<(), StoreError> {
    let lowered = Expr::col(Column::Cap).sub(share.units);
    let used = Expr::col(Column::Held).add(Expr::col(Column::Redeemed));
    let outcome = Entity::update_in(tenant)
        .col_expr(Column::Cap, lowered.clone())
        .filter(is(&share.key))
        .filter(lowered.gte(used))
        .exec(tx)
        .await?;
    if outcome.rows_affected == 1 {
        return Ok(());
    }
    Err(corrupt(&share.key))
}

/// Sets the cap of a purse for its day, also of one that is drawn on already. A cap below what is used becomes what is
/// used: nothing more is granted that day, and no sum is ever above its cap.
pub(crate) async fn set_cap(
    tx: &Tx,
    tenant: &TenantId,
    key: &LimitKey,
    cap: i64,
) -> Result<(), StoreError> {
    open(tx, tenant, key, Some(cap)).await?;
    let used = Expr::col(Column::Held).add(Expr::col(Column::Redeemed));
    let at_least_used = CaseStatement::new()
        .case(used.clone().gt(cap), used)
        .finally(cap);
    Entity::update_in(tenant)
        .col_expr(Column::Cap, at_least_used.into())
        .filter(is(key))
        .exec(tx)
        .await?;
    Ok(())
}

/// The counters of these keys, in their order; absent where nothing was ever drawn.
pub(crate) async fn counters<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    keys: &[LimitKey],
) -> Result<Vec<Option<Counter>>, StoreError> {
    let wanted: Vec<_> = keys.iter().map(|key| (tenant, key)).collect();
    let found = counters_among(connection, &wanted).await?;
    let of = |key: &LimitKey| found.get(&(tenant.clone(), key.clone())).copied();
    Ok(keys.iter().map(of).collect())
}

/// The counters of these keys, each of its tenant; where nothing was ever drawn there is none.
pub(crate) async fn counters_among<C: ConnectionTrait>(
    connection: &C,
    wanted: &[(&TenantId, &LimitKey)],
) -> Result<HashMap<(TenantId, LimitKey), Counter>, StoreError> {
    let keys: Vec<_> = wanted
        .iter()
        .map(|(tenant, key)| (*tenant, [key.scope.to_string(), key.subject.clone()]))
        .collect();
    let mut found = HashMap::with_capacity(keys.len());
    for some in keys.chunks(shape::MOST) {
        let query = Entity::find_among([Column::Scope, Column::Subject], some);
        for model in query.all(connection).await? {
            let row = Row::of(TABLE, &model.subject);
            let tenant: TenantId = row.parse("tenant", &model.tenant)?;
            let scope = row.parse("scope", &model.scope)?;
            let counter = Counter::from(&model);
            let subject = model.subject;
            found.insert((tenant, LimitKey { scope, subject }), counter);
        }
    }
    Ok(found)
}

fn is(key: &LimitKey) -> Condition {
    Condition::all()
        .add(Expr::col(Column::Scope).eq(key.scope.as_str()))
        .add(Expr::col(Column::Subject).eq(key.subject.as_str()))
}

impl From<&Model> for Counter {
    fn from(model: &Model) -> Self {
        Self {
            cap: model.cap,
            held: model.held,
            redeemed: model.redeemed,
        }
    }
}
