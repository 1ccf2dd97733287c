//! Random lives of offers against a model that is plain arithmetic, with the ledger proven after every step.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::id::{OfferId, RedemptionId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use testkit::builders::usd;

use super::World;
use super::world::GRACE;
use crate::offer::Offer;
use crate::service::{Actor, Authorization, ReversalReason, ReverseRedemption};
use crate::store::migrations;

const BUDGET: i64 = 2_000;
const STEPS: usize = 40;
const HOLD_SECONDS: u64 = 900;

/// What somebody does next; offers are named by the order in which they were granted.
#[derive(Debug, Clone)]
enum Step {
    Ask(i64),
    Redeem(usize),
    Release(usize),
    Reverse(usize, Option<i64>),
    Wait(u64),
}

/// An offer as the model knows it.
#[derive(Debug)]
struct Life {
    offer: Offer,
    stage: Stage,
    age: u64,
}

#[derive(Debug)]
enum Stage {
    Held,
    Redeemed(RedemptionId, i64),
    Over { expired: bool },
}

#[derive(Default)]
struct Model {
    lives: BTreeMap<OfferId, Life>,
}

impl Model {
    fn held(&self) -> i64 {
        let held = self.lives.values().map(|life| match life.stage {
            Stage::Held => life.amount(),
            Stage::Redeemed(..) | Stage::Over { .. } => 0,
        });
        held.sum()
    }

    fn redeemed(&self) -> i64 {
        let redeemed = self.lives.values().map(|life| match life.stage {
            Stage::Redeemed(_, left) => left,
            Stage::Held | Stage::Over { .. } => 0,
        });
        redeemed.sum()
    }

    fn pick(&self, index: usize) -> Option<OfferId> {
        let count = self.lives.len();
        (count > 0).then(|| {
            *self
                .lives
                .keys()
                .nth(index % count)
                .expect("within the count")
        })
    }

    /// Time ends holds.
    fn wait(&mut self, seconds: u64) {
        for life in self.lives.values_mut() {
            life.age += seconds;
            if matches!(life.stage, Stage::Held) && life.age >= HOLD_SECONDS {
                life.stage = Stage::Over { expired: true };
            }
        }
    }

    /// Whether a redemption goes through now.
    fn may_redeem(&self, id: OfferId) -> bool {
        let life = &self.lives[&id];
        let room = BUDGET - self.held() - self.redeemed();
        match life.stage {
            Stage::Held => true,
            Stage::Over { expired: true } => {
                life.age < HOLD_SECONDS + GRACE.as_secs() && life.amount() <= room
            }
            Stage::Over { expired: false } | Stage::Redeemed(..) => false,
        }
    }
}

impl Life {
    fn amount(&self) -> i64 {
        self.offer.terms.amount.minor_units()
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let index = 0_usize..64;
    let step = prop_oneof![
        4 => (1_i64..=600).prop_map(Step::Ask),
        3 => index.clone().prop_map(Step::Redeem),
        1 => index.clone().prop_map(Step::Release),
        2 => (index, prop::option::of(1_i64..=400)).prop_map(|(at, amount)| Step::Reverse(at, amount)),
        2 => prop_oneof![Just(1_u64), Just(30), Just(450), Just(890), Just(900)].prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..=STEPS)
}

async fn take(world: &World, model: &mut Model, number: u64, step: &Step) {
    match step {
        Step::Ask(amount) => ask(world, model, number, *amount).await,
        Step::Wait(seconds) => {
            world.pass(Duration::from_secs(*seconds)).await;
            model.wait(*seconds);
        }
        Step::Redeem(at) => {
            let Some(id) = model.pick(*at) else { return };
            let allowed = model.may_redeem(id);
            let redeemed = world.redeem(&model.lives[&id].offer).await;
            assert_eq!(redeemed.is_ok(), allowed, "{:?}", model.lives[&id]);
            if let (Ok(redeemed), Some(life)) = (redeemed, model.lives.get_mut(&id)) {
                life.stage = Stage::Redeemed(redeemed.redemption, life.amount());
            }
        }
        Step::Release(at) => {
            let Some(id) = model.pick(*at) else { return };
            let released = world.service.release(world.key(), Actor::Shop, id).await;
            let life = model.lives.get_mut(&id).expect("picked");
            assert_eq!(released.is_ok(), matches!(life.stage, Stage::Held));
            if released.is_ok() {
                life.stage = Stage::Over { expired: false };
            }
        }
        Step::Reverse(at, amount) => {
            let Some(id) = model.pick(*at) else { return };
            reverse(world, model.lives.get_mut(&id).expect("picked"), *amount).await;
        }
    }
}

async fn ask(world: &World, model: &mut Model, number: u64, amount: i64) {
    world.case(number).await;
    let room = BUDGET - model.held() - model.redeemed();
    match world.ask(number, amount).await {
        Authorization::Granted(offer) => {
            assert!(amount <= room, "{amount} granted of {room}");
            let life = Life {
                offer,
                stage: Stage::Held,
                age: 0,
            };
            model.lives.insert(life.offer.terms.id, life);
        }
        Authorization::Refused(_) => assert!(amount > room, "{amount} refused of {room}"),
        Authorization::ApprovalNeeded(offer) => panic!("within authority: {offer:?}"),
    }
}

async fn reverse(world: &World, life: &mut Life, amount: Option<i64>) {
    let Stage::Redeemed(redemption, left) = life.stage else {
        return;
    };
    let command = ReverseRedemption {
        redemption,
        amount: amount.map(usd),
        reason: ReversalReason::Fraud,
    };
    let reversed = world.service.reverse(world.key(), command).await;
    let whole_again = left == 0 && amount.is_none_or(|amount| amount == life.amount());
    let within = left > 0 && amount.is_none_or(|amount| amount <= left);
    assert_eq!(
        reversed.is_ok(),
        whole_again || within,
        "{amount:?} of {left}"
    );
    if within {
        life.stage = Stage::Redeemed(redemption, left - amount.unwrap_or(left));
    }
}

/// On SQLite, where a new database is cheap; what differs between the engines is in the other tests.
#[test]
fn random_lives_match_the_model() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config {
        cases: 60,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&steps(), |steps| {
        runtime.block_on(async {
            let scratch = testkit::scratch::sqlite();
            let database = scratch.migrated(migrations()).await;
            let world = World::with_budget(database.clone(), BUDGET).await;
            let mut model = Model::default();
            for (number, step) in (0..).zip(&steps) {
                take(&world, &mut model, number, step).await;
                assert_eq!(world.money().await, (model.held(), model.redeemed()));
                world.prove().await;
            }
            database.close().await;
        });
        Ok(())
    });
    outcome.unwrap();
}
