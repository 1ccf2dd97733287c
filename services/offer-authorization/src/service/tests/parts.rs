//! Amounts in parts: however a redemption is taken back, the parts are exact, and together they are the whole.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use storage::Database;
use testkit::builders::usd;
use testkit::on_each_engine;

use super::World;
use crate::error::OfferError;
use crate::service::{ReversalReason, ReverseRedemption};
use crate::store::migrations;

const SPLITS: u64 = 12;
const MOST: i64 = 1_000;

/// An amount, and parts of it, each above zero, that it is the sum of.
fn split() -> impl Strategy<Value = Vec<i64>> {
    (1_i64..=MOST, prop::collection::vec(1_i64..=MOST, 0..4)).prop_map(|(whole, cuts)| {
        let mut cuts: Vec<i64> = cuts.into_iter().filter(|cut| *cut < whole).collect();
        cuts.extend([0, whole]);
        cuts.sort_unstable();
        cuts.dedup();
        cuts.windows(2).map(|pair| pair[1] - pair[0]).collect()
    })
}

async fn parts_are_exact_and_sum_to_the_whole(database: Database) {
    let world = World::with_budget(database, 1_000_000).await;
    let mut runner = TestRunner::deterministic();
    for number in 0..SPLITS {
        let parts = split().new_tree(&mut runner).unwrap().current();
        let whole: i64 = parts.iter().sum();
        let offer = world.hold(number, whole).await;
        let redemption = world.redeem(&offer).await.unwrap().redemption;
        let back = |amount: i64| ReverseRedemption {
            redemption,
            amount: Some(usd(amount)),
            reason: ReversalReason::Return,
        };
        let mut left = whole;
        for part in &parts {
            let beyond = world.service.reverse(world.key(), back(left + 1)).await;
            assert!(matches!(beyond, Err(OfferError::Invalid(_))), "{parts:?}");
            let reversed = world.service.reverse(world.key(), back(*part)).await;
            left -= part;
            assert_eq!(reversed.unwrap().reversed(), usd(whole - left), "{parts:?}");
            assert_eq!(world.money().await, (0, left), "{parts:?}");
        }
        assert_eq!(left, 0);
        world.prove().await;
    }
}

on_each_engine!([parts_are_exact_and_sum_to_the_whole], migrations());
