//! Offer programmes.

use std::time::Duration;

use domain::id::{ProgrammeId, TenantId};
use domain::money::{BasisPoints, Currency, Money};
use domain::remedy::RemedyKind;
use domain::time::{Timestamp, earlier};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, TryInsertResult,
};
use storage::column::{self, Row};
use storage::{StoreError, TenantScoped, Tx};

use super::days;
use super::entities::programmes::{ActiveModel, Column, Entity, Model};
use super::ledger::{Counter, counters};
use crate::budget::{BudgetPeriods, CarryOver};
use crate::day::Day;
use crate::ledger::LimitKey;
use crate::programme::{Programme, ProgrammeReport, ProgrammeState};

const TABLE: &str = "programmes";
const SEPARATOR: &str = ",";
const MOST_DUE: u64 = 200;
/// How carrying over is spelt in a row.
const NOTHING: &str = "nothing";
const ALL: &str = "all";
const AT_MOST: &str = "at_most";
/// For so long whoever asks is told that a programme is over; then it is as if it had never been.
const RECENT: Duration = Duration::from_hours(24 * 30);

/// Stores a programme. `false`: one of this id is there.
pub(crate) async fn create(
    tx: &Tx,
    tenant: &TenantId,
    programme: &Programme,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let there = OnConflict::columns([Column::Tenant, Column::ProgrammeId])
        .do_nothing()
        .to_owned();
    let outcome = Entity::insert(row(tenant, programme, now))
        .on_conflict(there)
        .try_insert()
        .exec_without_returning(tx)
        .await?;
    Ok(matches!(outcome, TryInsertResult::Inserted(1)))
}

/// Sets the state of a programme, if there is one of this id.
pub(crate) async fn set_state(
    tx: &Tx,
    tenant: &TenantId,
    programme: &ProgrammeId,
    state: ProgrammeState,
) -> Result<(), StoreError> {
    Entity::update_in(tenant)
        .col_expr(Column::State, Expr::value(state.as_str()))
        .filter(Column::ProgrammeId.eq(programme.as_str()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Stores which period of a programme is open.
pub(crate) async fn set_open_period(
    tx: &Tx,
    tenant: &TenantId,
    programme: &Programme,
) -> Result<(), StoreError> {
    let open = programme.open_period().map(Day::number);
    let rolls_at = programme.rolls_at().map(column::millis);
    Entity::update_in(tenant)
        .col_expr(Column::OpenDay, Expr::value(open))
        .col_expr(Column::RollsAt, Expr::value(rolls_at))
        .filter(Column::ProgrammeId.eq(programme.id.as_str()))
        .exec(tx)
        .await?;
    Ok(())
}

/// A programme, locked until the end of the transaction: neither its state nor its open period changes meanwhile.
pub(crate) async fn lock(
    tx: &Tx,
    tenant: &TenantId,
    programme: &ProgrammeId,
) -> Result<Option<Programme>, StoreError> {
    let query = Entity::find_in(tenant)
        .filter(Column::ProgrammeId.eq(programme.as_str()))
        .lock_exclusive();
    let model = query.one(tx).await?;
    model.map(|model| parse(&model)).transpose()
}

/// The programmes of all tenants whose open period has ended by then, those first that ended first, with their tenants; as many as
/// are rolled over before anything else is looked at. Each is then rolled over in a
/// transaction of its own tenant.
pub(crate) async fn due_until<C: ConnectionTrait>(
    connection: &C,
    now: Timestamp,
) -> Result<Vec<(TenantId, ProgrammeId)>, StoreError> {
    let models = Entity::find()
        .filter(Column::RollsAt.lte(column::millis(now)))
        .order_by_asc(Column::RollsAt)
        .limit(MOST_DUE)
        .all(connection)
        .await?;
    let due = models.iter().map(|model| {
        let row = Row::of(TABLE, &model.programme_id);
        let tenant = row.parse("tenant", &model.tenant)?;
        Ok((tenant, row.parse("programme_id", &model.programme_id)?))
    });
    due.collect()
}

/// A programme.
pub(crate) async fn find<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    programme: &ProgrammeId,
) -> Result<Option<Programme>, StoreError> {
    let model = Entity::find_in(tenant)
        .filter(Column::ProgrammeId.eq(programme.as_str()))
        .one(connection)
        .await?;
    model.map(|model| parse(&model)).transpose()
}

/// The programmes that could be the reason of an answer, by their ids: all but those that ended long ago, so that old
/// seasons do not slow down each decision.
pub(crate) async fn recent<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    now: Timestamp,
) -> Result<Vec<Programme>, StoreError> {
    let models = Entity::find_in(tenant)
        .filter(Column::EndsAt.gt(column::millis(earlier(now, RECENT))))
        .order_by_asc(Column::ProgrammeId)
        .all(connection)
        .await?;
    models.iter().map(parse).collect()
}

/// Whether a programme could be the reason of an answer.
pub(crate) fn is_recent(programme: &Programme, now: Timestamp) -> bool {
    programme.ends_at > earlier(now, RECENT)
}

/// The tenants that have programmes: nobody else has money.
pub(crate) async fn tenants<C: ConnectionTrait>(
    connection: &C,
) -> Result<Vec<TenantId>, StoreError> {
    let query = Entity::find()
        .select_only()
        .column(Column::Tenant)
        .distinct();
    let tenants: Vec<String> = query.into_tuple().all(connection).await?;
    let parsed = tenants
        .iter()
        .map(|tenant| Row::of(TABLE, tenant).parse("tenant", tenant));
    parsed.collect()
}

/// Lists programmes by their ids, after the one of `after`.
pub(crate) async fn list<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    after: Option<&ProgrammeId>,
    limit: u64,
) -> Result<Vec<ProgrammeReport>, StoreError> {
    let mut query = Entity::find_in(tenant);
    if let Some(after) = after {
        query = query.filter(Column::ProgrammeId.gt(after.as_str()));
    }
    let models = query
        .order_by_asc(Column::ProgrammeId)
        .limit(limit)
        .all(connection)
        .await?;
    let programmes: Vec<Programme> = models.iter().map(parse).collect::<Result<_, _>>()?;
    let budgets: Vec<LimitKey> = programmes.iter().map(LimitKey::open_budget).collect();
    let counters = counters(connection, tenant, &budgets).await?;
    let pairs = programmes.into_iter().zip(counters);
    pairs
        .map(|(programme, counter)| with_money(programme, counter))
        .collect()
}

/// A programme with its money.
pub(crate) async fn report<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    programme: &ProgrammeId,
) -> Result<Option<ProgrammeReport>, StoreError> {
    let Some(programme) = find(connection, tenant, programme).await? else {
        return Ok(None);
    };
    let budget = LimitKey::open_budget(&programme);
    let counter = counters(connection, tenant, &[budget]).await?.pop();
    with_money(programme, counter.flatten()).map(Some)
}

fn with_money(
    programme: Programme,
    counter: Option<Counter>,
) -> Result<ProgrammeReport, StoreError> {
    let currency = programme.currency;
    let id = programme.id.to_string();
    let row = Row::of("limits", &id);
    let counter = counter.ok_or_else(|| row.corrupt("subject"))?;
    let cap = counter.cap.ok_or_else(|| row.corrupt("cap"))?;
    let money = |column, units| row.valid(column, Money::new(units, currency));
    Ok(ProgrammeReport {
        budget: money("cap", cap)?,
        held: money("held", counter.held)?,
        redeemed: money("redeemed", counter.redeemed)?,
        programme,
    })
}

fn row(tenant: &TenantId, programme: &Programme, now: Timestamp) -> ActiveModel {
    let remedies: Vec<&str> = programme
        .remedies
        .iter()
        .map(|remedy| remedy.as_str())
        .collect();
    let hold_ttl_ms = programme.hold_ttl.as_millis();
    let periods = programme.periods;
    let (carry_over, carry_over_most) = periods.map(|periods| words(periods.carry_over)).unzip();
    ActiveModel {
        tenant: Set(tenant.to_string()),
        programme_id: Set(programme.id.to_string()),
        remedies: Set(remedies.join(SEPARATOR)),
        currency: Set(programme.currency.to_string()),
        starts_at: Set(column::millis(programme.starts_at)),
        ends_at: Set(column::millis(programme.ends_at)),
        margin_floor_bps: Set(i64::from(programme.margin_floor.get())),
        offers_per_person: Set(i64::from(programme.offers_per_person)),
        hold_ttl_ms: Set(i64::try_from(hold_ttl_ms).unwrap_or(i64::MAX)),
        state: Set(programme.state.to_string()),
        created_at: Set(column::millis(now)),
        period_length: Set(periods.map(|periods| periods.length.to_string())),
        carry_over: Set(carry_over.map(ToOwned::to_owned)),
        carry_over_most: Set(carry_over_most.flatten()),
        allowance: Set(periods.map(|periods| periods.allowance.minor_units())),
        open_day: Set(programme.open_period().map(Day::number)),
        rolls_at: Set(programme.rolls_at().map(column::millis)),
    }
}

fn words(carry_over: CarryOver) -> (&'static str, Option<i64>) {
    match carry_over {
        CarryOver::Nothing => (NOTHING, None),
        CarryOver::All => (ALL, None),
        CarryOver::AtMost(most) => (AT_MOST, Some(most.minor_units())),
    }
}

fn parse(model: &Model) -> Result<Programme, StoreError> {
    let row = Row::of(TABLE, &model.programme_id);
    let remedies = model.remedies.split(SEPARATOR).map(RemedyKind::parse);
    let floor = BasisPoints::new(row.count("margin_floor_bps", model.margin_floor_bps)?);
    let currency = row.parse("currency", &model.currency)?;
    Ok(Programme {
        id: row.parse("programme_id", &model.programme_id)?,
        remedies: row.valid("remedies", remedies.collect())?,
        currency,
        starts_at: row.instant("starts_at", model.starts_at)?,
        ends_at: row.instant("ends_at", model.ends_at)?,
        margin_floor: row.valid("margin_floor_bps", floor)?,
        offers_per_person: row.count("offers_per_person", model.offers_per_person)?,
        hold_ttl: Duration::from_millis(row.count("hold_ttl_ms", model.hold_ttl_ms)?),
        state: row.parse("state", &model.state)?,
        periods: periods(&row, model, currency)?,
    })
}

fn periods(
    row: &Row<'_>,
    model: &Model,
    currency: Currency,
) -> Result<Option<BudgetPeriods>, StoreError> {
    let Some(length) = &model.period_length else {
        return Ok(None);
    };
    let money = |column, units: Option<i64>| {
        let units = units.ok_or_else(|| row.corrupt(column))?;
        row.valid(column, Money::new(units, currency))
    };
    let carry_over = match model.carry_over.as_deref() {
        Some(NOTHING) => CarryOver::Nothing,
        Some(ALL) => CarryOver::All,
        Some(AT_MOST) => CarryOver::AtMost(money("carry_over_most", model.carry_over_most)?),
        Some(_) | None => return Err(row.corrupt("carry_over")),
    };
    let open = days::optional(row, "open_day", model.open_day)?;
    Ok(Some(BudgetPeriods {
        length: row.parse("period_length", length)?,
        carry_over,
        allowance: money("allowance", model.allowance)?,
        open: open.ok_or_else(|| row.corrupt("open_day"))?,
    }))
}
