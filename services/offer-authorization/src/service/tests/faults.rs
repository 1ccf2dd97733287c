//! Faults of the database in the middle of grants: sessions that are cut, transactions that it gives up, and a reader that
//! holds on. None of it surfaces as more or less than was granted, and none of it is the caller's to repair.

use std::time::Duration;

use domain::offer::OfferRefusal;
use futures::FutureExt;
use futures::future::join_all;
use sea_orm::{ConnectionTrait, TransactionTrait};
use storage::{Database, StoreError, StoreFault};
use testkit::on_each_engine;
use testkit::scratch;

use super::World;
use super::world::{granted, request};
use crate::error::OfferError;
use crate::service::{Authorization, Service};
use crate::store::migrations;

const CALLS: u64 = 48;
/// A caller sends the same request again when it does not know what became of it.
const TRIES: usize = 40;
/// Each third entry that is booked is refused, in turn as a deadlock and as a conflict of serial order. Sequences are not
/// rolled back, so that the next try is another one.
const GIVEN_UP: &str = "
    CREATE SEQUENCE given_up;
    CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE place BIGINT := nextval('given_up');
    BEGIN
        IF place % 6 = 2 THEN RAISE EXCEPTION 'given up' USING ERRCODE = '40001'; END IF;
        IF place % 6 = 5 THEN RAISE EXCEPTION 'given up' USING ERRCODE = '40P01'; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER given_up BEFORE INSERT ON ledger_entries FOR EACH ROW EXECUTE FUNCTION give_up();
";
const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";

async fn run(database: &Database, sql: &'static str) {
    let done: Result<(), StoreError> = database
        .write(move |tx| {
            async move {
                tx.execute_unprepared(sql).await?;
                Ok(())
            }
            .boxed()
        })
        .await;
    done.unwrap();
}

async fn with_cases(database: Database, budget: i64) -> World {
    let world = World::with_budget(database, budget).await;
    for number in 0..CALLS {
        world.case(number).await;
    }
    world
}

/// Asks on all cases at once, each with one request that is sent until it is answered.
async fn ask_on_all(world: &World) -> Vec<Authorization> {
    let calls = (0..CALLS).map(|number| {
        let (service, key) = (world.service.clone(), world.key());
        tokio::spawn(async move { until_answered(&service, key, number).await })
    });
    let answers = join_all(calls).await.into_iter();
    answers.map(Result::unwrap).collect()
}

async fn until_answered(service: &Service, key: storage::RequestKey, number: u64) -> Authorization {
    for _ in 0..TRIES {
        match service.authorize(key.clone(), request(number, 10)).await {
            Ok(answer) => return answer,
            Err(OfferError::Store(failure)) => {
                let fault = failure.fault();
                let again = [StoreFault::Unavailable, StoreFault::Busy];
                assert!(again.contains(&fault), "{failure:?}");
            }
            Err(other) => panic!("{other:?}"),
        }
        // Sessions that were cut are found and opened again meanwhile.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nobody answers");
}

fn count(answers: Vec<Authorization>) -> i64 {
    let (granted, refused): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .partition(|answer| matches!(answer, Authorization::Granted(_)));
    for answer in refused {
        let refusal = super::world::refusal(answer);
        assert_eq!(refusal.reasons, [OfferRefusal::BudgetExhausted]);
    }
    i64::try_from(granted.len()).unwrap()
}

#[tokio::test]
async fn what_the_database_gives_up_is_tried_again() {
    let Some(scratch) = scratch::postgres().await else {
        return;
    };
    let world = with_cases(scratch.migrated(migrations()).await, 1_000_000).await;
    run(world.database(), GIVEN_UP).await;

    for number in 0..CALLS {
        granted(world.ask(number, 10).await);
    }

    assert_eq!(world.money().await, (480, 0));
    world.prove().await;
}

#[tokio::test]
async fn sessions_that_are_cut_lose_and_double_nothing() {
    let Some(scratch) = scratch::postgres().await else {
        return;
    };
    let world = with_cases(scratch.migrated(migrations()).await, 300).await;
    let cutter = scratch.open().await;

    let asked = ask_on_all(&world);
    let cuts = async {
        for _ in 0..10 {
            // The session that cuts is the one that is left, and an answer is none of ours.
            let _ = cutter.read().execute_unprepared(CUT).await;
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    };
    let (answers, ()) = tokio::join!(asked, cuts);

    assert_eq!(count(answers), 30);
    assert_eq!(world.money().await, (300, 0));
    world.prove().await;
}

async fn a_reader_that_holds_on_is_in_nobodys_way(database: Database) {
    let world = with_cases(database, 300).await;
    let reader = world.database().read().begin().await.unwrap();
    let counters = "SELECT * FROM limits";
    reader.execute_unprepared(counters).await.unwrap();

    let answers = ask_on_all(&world).await;

    assert_eq!(count(answers), 30);
    drop(reader);
    assert_eq!(world.money().await, (300, 0));
    world.prove().await;
}

on_each_engine!([a_reader_that_holds_on_is_in_nobodys_way], migrations());
