//! Budgets by period: what the end of a period does to room, and what comes back to one that has ended.

mod ends;
mod frozen;
mod late;

use std::time::Duration;

use domain::id::RedemptionId;
use domain::time::{Timestamp, later};
use storage::Database;
use testkit::builders::usd;
use testkit::clock::start;

use super::World;
use crate::budget::{BudgetPeriods, CarryOver, PeriodLength};
use crate::day::Day;
use crate::ledger::LimitKey;
use crate::offer::Offer;
use crate::programme::Programme;
use crate::samples::programme;
use crate::service::{ReversalReason, ReverseRedemption};
use crate::statement::{BudgetLine, Grouping, StatementQuery};
use crate::store::ledger::{self, Counter};

const DAY: Duration = Duration::from_hours(24);
/// What each day begins with.
const ALLOWANCE: i64 = 1_000;
/// Days that the programme runs for, the first one included.
const DAYS: i64 = 10;

/// A programme with a budget of [`ALLOWANCE`] a day.
fn daily(carry_over: CarryOver) -> Programme {
    let today = Day::of(start());
    Programme {
        ends_at: today.plus(DAYS).start(),
        periods: Some(BudgetPeriods {
            length: PeriodLength::Day,
            carry_over,
            allowance: usd(ALLOWANCE),
            open: today,
        }),
        ..programme()
    }
}

async fn world_of(database: Database, carry_over: CarryOver) -> World {
    World::with(database, daily(carry_over), usd(ALLOWANCE)).await
}

/// Lets time pass until shortly before a day ends, counted from the first; every hold that was open by then has run out.
async fn until_the_end_of(world: &World, day: i64) {
    let end = Day::of(start()).plus(day).start();
    let left = domain::time::elapsed(world.now(), end);
    world
        .pass(left.saturating_sub(Duration::from_mins(1)))
        .await;
}

/// The counter of a day, counted from the first.
async fn counter(world: &World, day: i64) -> Counter {
    let first = Day::of(start()).plus(day - 1);
    let key = LimitKey::budget(&programme().id, Some(first));
    let counters = ledger::counters(world.database().read(), &world.tenant, &[key]).await;
    counters.unwrap()[0].unwrap()
}

/// Cap, held and redeemed of a day.
async fn money_of(world: &World, day: i64) -> (i64, i64, i64) {
    let Counter {
        cap,
        held,
        redeemed,
    } = counter(world, day).await;
    (cap.unwrap(), held, redeemed)
}

/// The budget of the programme between two instants, over all its periods.
async fn budget(world: &World, from: Timestamp, until: Timestamp) -> BudgetLine {
    let query = StatementQuery {
        from,
        until,
        grouping: Grouping::Programme,
        programme: None,
        partner: None,
    };
    let statement = world.service.statement(&world.tenant, &query).await;
    statement.unwrap().lines[0].budget.unwrap()
}

async fn budget_so_far(world: &World) -> BudgetLine {
    budget(world, start(), later(world.now(), DAY)).await
}

fn line(closing: i64, top_ups: i64, lapses: i64, carried: i64) -> BudgetLine {
    BudgetLine {
        closing: usd(closing),
        top_ups: usd(top_ups),
        lapses: usd(lapses),
        carried: usd(carried),
    }
}

fn reversal(redemption: RedemptionId, amount: Option<i64>) -> ReverseRedemption {
    ReverseRedemption {
        redemption,
        amount: amount.map(usd),
        reason: ReversalReason::Return,
    }
}

async fn used(world: &World, number: u64, amount: i64) -> (RedemptionId, Offer) {
    let offer = world.hold(number, amount).await;
    let redeemed = world.redeem(&offer).await.unwrap();
    (redeemed.redemption, redeemed.offer)
}
