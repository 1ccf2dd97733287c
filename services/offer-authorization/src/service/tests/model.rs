//! Random lives of offers against a model that is plain arithmetic, compared after every step.

mod lives;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::id::{PersonId, TenantId};
use domain::money::Currency;
use domain::remedy::RemedyKind;
use domain::time::later;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use testkit::builders::usd;
use testkit::clock::start;
use testkit::ids::nth;

use super::World;
use crate::authority::{Grant, GrantorRole};
use crate::budget::{BudgetPeriods, CarryOver, PeriodLength};
use crate::day::Day;
use crate::ledger::{LimitKey, purse_owners};
use crate::programme::Programme;
use crate::samples::{ana, colleague, line, programme};
use crate::service::approve::Approval;
use crate::service::{Actor, Authorization, ReversalReason, ReverseRedemption};
use crate::store::ledger::{self, Counter};
use crate::store::{migrations, programmes};
use lives::{ALONE, AUTHORITY, Answer, BUDGET, Eyes, Life, Lives, OFFERS_PER_PERSON, PURSE, Stage};

const STEPS: usize = 40;
/// Cases of one test, of which there are ten, so that each is a process that ends soon: three hundred in all. The
/// variable sets another number; 100 is for the thousand of a full run.
const CASES: u32 = 30;
const CASES_VARIABLE: &str = "RESCATE_TEST_MODEL_CASES";
const PERSONS: u64 = 3;

/// What somebody does next; offers are named by the order in which they were asked for.
#[derive(Debug, Clone)]
enum Step {
    Ask { person: u64, amount: i64 },
    Approve(usize, Eyes),
    Deny(usize),
    Redeem(usize),
    Release(usize),
    Reverse(usize, Option<i64>),
    Wait(u64),
}

fn eyes() -> impl Strategy<Value = Eyes> {
    prop::sample::select(vec![Eyes::Sol, Eyes::Eva, Eyes::Shop, Eyes::Asker])
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let at = 0_usize..64;
    let seconds = prop_oneof![
        3 => Just(1_u64),
        3 => Just(30),
        3 => Just(299),
        3 => Just(890),
        2 => Just(900),
        1 => Just(36_000),
    ];
    let step = prop_oneof![
        5 => (0..PERSONS, 1_i64..=600).prop_map(|(person, amount)| Step::Ask { person, amount }),
        2 => (0..PERSONS, 1_001_i64..=1_500).prop_map(|(person, amount)| Step::Ask { person, amount }),
        4 => (at.clone(), eyes()).prop_map(|(at, eyes)| Step::Approve(at, eyes)),
        1 => at.clone().prop_map(Step::Deny),
        4 => at.clone().prop_map(Step::Redeem),
        1 => at.clone().prop_map(Step::Release),
        2 => (at, prop::option::of(1_i64..=400)).prop_map(|(at, amount)| Step::Reverse(at, amount)),
        3 => seconds.prop_map(Step::Wait),
    ];
    prop::collection::vec(step, STEPS)
}

async fn take(world: &World, lives: &mut Lives, number: u64, step: &Step) {
    match step {
        Step::Ask { person, amount } => ask(world, lives, (number, *person), *amount).await,
        Step::Wait(seconds) => {
            world.pass(Duration::from_secs(*seconds)).await;
            lives.wait(*seconds);
        }
        Step::Approve(at, eyes) => approve(world, lives, *at, *eyes).await,
        Step::Deny(at) => deny(world, lives, *at).await,
        Step::Redeem(at) => redeem(world, lives, *at).await,
        Step::Release(at) => release(world, lives, *at).await,
        Step::Reverse(at, amount) => reverse(world, lives, *at, *amount).await,
    }
}

async fn ask(world: &World, lives: &mut Lives, (number, person): (u64, u64), amount: i64) {
    let shopper = PersonId::Visitor(nth(30_000 + person));
    world.case_of(number, |case| case.person = shopper).await;
    let fits = lives.fits(person, lives.today(), amount);
    let (offer, stage) = match world.ask(number, amount).await {
        Authorization::Granted(offer) => {
            assert!(fits && amount <= AUTHORITY, "{amount} granted");
            (offer, lives.held())
        }
        Authorization::ApprovalNeeded(offer) => {
            assert!(fits && amount > AUTHORITY, "{amount} sent on");
            let agent = Actor::Person(GrantorRole::Agent, ana());
            let id = offer.terms.id;
            let asked = world.service.request_approval(world.key(), agent, id);
            (asked.await.unwrap(), lives.pending())
        }
        Authorization::Refused(refusal) => {
            assert!(!fits, "{amount}: {refusal:?}");
            return;
        }
    };
    lives.add(Life {
        offer,
        person,
        stage,
    });
}

async fn approve(world: &World, lives: &mut Lives, at: usize, eyes: Eyes) {
    let Some(life) = lives.pick(at) else { return };
    let id = life.offer.terms.id;
    let expected = lives.answer(life, eyes);
    let held = lives.held();
    let approved = world.service.approve(world.key(), actor(eyes), id).await;
    let life = lives.pick_mut(at);
    match approved {
        Ok(Approval::Granted(offer)) => {
            assert_eq!(expected, Some(Answer::Granted), "{life:?}");
            life.offer = *offer;
            life.stage = held;
        }
        Ok(Approval::FirstApproved(offer)) => {
            assert_eq!(expected, Some(Answer::First), "{life:?}");
            life.offer = *offer;
            life.stage = life.stage.approved_by(eyes);
        }
        Ok(Approval::Refused(_)) => assert_eq!(expected, Some(Answer::Refused), "{life:?}"),
        Err(error) => assert_eq!(expected, None, "{error:?}: {life:?}"),
    }
}

fn actor(eyes: Eyes) -> Actor {
    let supervisor = |who| Actor::Person(GrantorRole::Supervisor, who);
    match eyes {
        Eyes::Sol => supervisor(colleague("sol")),
        Eyes::Eva => supervisor(colleague("eva")),
        Eyes::Asker => supervisor(ana()),
        Eyes::Shop => Actor::Shop,
    }
}

async fn deny(world: &World, lives: &mut Lives, at: usize) {
    let Some(life) = lives.pick(at) else { return };
    let id = life.offer.terms.id;
    let denied = world.service.deny(world.key(), Actor::Shop, id).await;
    let life = lives.pick_mut(at);
    assert_eq!(denied.is_ok(), matches!(life.stage, Stage::Pending { .. }));
    if denied.is_ok() {
        life.stage = Stage::Over;
    }
}

async fn redeem(world: &World, lives: &mut Lives, at: usize) {
    let Some(life) = lives.pick(at) else { return };
    let day = lives.may_redeem(life);
    let redeemed = world.redeem(&life.offer).await;
    assert_eq!(redeemed.is_ok(), day.is_some(), "{life:?}");
    if let (Ok(redeemed), Some(day)) = (redeemed, day) {
        let left = life.amount();
        let redemption = redeemed.redemption;
        lives.pick_mut(at).stage = Stage::Redeemed {
            redemption,
            day,
            left,
        };
    }
}

async fn release(world: &World, lives: &mut Lives, at: usize) {
    let Some(life) = lives.pick(at) else { return };
    let id = life.offer.terms.id;
    let released = world.service.release(world.key(), Actor::Shop, id).await;
    let life = lives.pick_mut(at);
    assert_eq!(released.is_ok(), matches!(life.stage, Stage::Held { .. }));
    if released.is_ok() {
        life.stage = Stage::Over;
    }
}

async fn reverse(world: &World, lives: &mut Lives, at: usize, amount: Option<i64>) {
    if lives.pick(at).is_none() {
        return;
    }
    let life = lives.pick_mut(at);
    let whole = life.amount();
    let Stage::Redeemed {
        redemption, left, ..
    } = &mut life.stage
    else {
        return;
    };
    let command = ReverseRedemption {
        redemption: *redemption,
        amount: amount.map(usd),
        reason: ReversalReason::Fraud,
    };
    let reversed = world.service.reverse(world.key(), command).await;
    let whole_again = *left == 0 && amount.is_none_or(|amount| amount == whole);
    let within = *left > 0 && amount.is_none_or(|amount| amount <= *left);
    assert_eq!(
        reversed.is_ok(),
        whole_again || within,
        "{amount:?} of {left}"
    );
    if within {
        *left -= amount.unwrap_or(*left);
    }
}

/// The counters of the store are those of the model.
async fn compare(world: &World, lives: &Lives) {
    let connection = world.database().read();
    let [purse, _] = purse_owners(&ana());
    let programme = programmes::find(connection, &world.tenant, &programme().id).await;
    let programme = programme.unwrap().unwrap();
    let today = Day::of(world.now());
    let keys = [
        LimitKey::open_budget(&programme),
        LimitKey::purse(&purse, today, Currency::USD),
    ];
    let counters = ledger::counters(connection, &world.tenant, &keys).await;
    let counters = counters.unwrap();

    let budget = counters[0].unwrap();
    // With periods that carry all over, the open one has all the room, however often money came back to those before.
    assert_eq!(budget.room(), Some(lives.room()));
    if programme.periods.is_none() {
        assert_eq!((budget.held, budget.redeemed), lives.money());
    }
    let granted_today = counters[1].map_or(0, Counter::used);
    assert_eq!(granted_today, lives.granted_on(lives.today()));
}

/// Whether the budget begins anew each day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Budget {
    Whole,
    Daily,
}

impl Budget {
    fn periods(self) -> Option<BudgetPeriods> {
        (self == Self::Daily).then(|| BudgetPeriods {
            length: PeriodLength::Day,
            carry_over: CarryOver::All,
            allowance: usd(BUDGET),
            open: Day::of(start()),
        })
    }

    fn lives(self) -> Lives {
        match self {
            Self::Whole => Lives::default(),
            Self::Daily => Lives::of_daily_budgets(),
        }
    }
}

async fn open(world: &World, budget: Budget) {
    let programme = Programme {
        periods: budget.periods(),
        offers_per_person: OFFERS_PER_PERSON,
        ends_at: later(start(), Duration::from_hours(24 * 365)),
        ..programme()
    };
    world.open(programme, usd(BUDGET)).await;
    let supervisors = line(GrantorRole::Supervisor, RemedyKind::AmountOff, usd(3_000));
    let two_above = Grant {
        second_approval_above: Some(usd(ALONE)),
        ..supervisors
    };
    let agents = line(GrantorRole::Agent, RemedyKind::AmountOff, usd(AUTHORITY));
    world.policy(vec![agents, two_above]).await;
    world.set_purse(Some(ana()), PURSE).await;
}

fn cases() -> u32 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test that is run longer on demand"
    )]
    let given = std::env::var(CASES_VARIABLE).ok();
    given.map_or(CASES, |count| count.parse().unwrap())
}

/// On SQLite, where a database is cheap; what differs between the engines is in the other tests. Each case is a tenant.
fn random_lives_match_the_model(budget: Budget) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let scratch = testkit::scratch::sqlite();
    let database = runtime.block_on(scratch.migrated(migrations()));
    let first = World::bare(database);
    let mut runner = TestRunner::new(Config {
        cases: cases(),
        failure_persistence: None,
        ..Config::default()
    });
    let tenants = AtomicU64::new(0);
    let outcome = runner.run(&steps(), |steps| {
        let tenant = tenants.fetch_add(1, Ordering::Relaxed);
        let world = first.beside(TenantId::parse(&format!("tenant-{tenant}")).unwrap());
        runtime.block_on(async {
            open(&world, budget).await;
            let mut lives = budget.lives();
            for (number, step) in (0..).zip(&steps) {
                take(&world, &mut lives, number, step).await;
                compare(&world, &lives).await;
            }
            // Entries are never changed, so a sum that was wrong once is wrong at the end.
            world.prove().await;
        });
        Ok::<(), TestCaseError>(())
    });
    outcome.unwrap();
}

macro_rules! in_parts {
    ($budget:ident: $($part:ident),+ $(,)?) => {
        $(#[test]
        fn $part() {
            random_lives_match_the_model(Budget::$budget);
        })+
    };
}

in_parts! { Whole: first, second, third, fourth, fifth }
in_parts! { Daily: sixth, seventh, eighth, ninth, tenth }
