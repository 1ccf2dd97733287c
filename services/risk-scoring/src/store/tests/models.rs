//! Registered models, the champion, and what is kept of them in memory.

use futures::future::BoxFuture;
use sea_orm::EntityTrait;
use sea_orm::sea_query::Expr;
use storage::Tx;

use super::*;
use crate::evaluator::{Checked, ModelKind};
use crate::model::Lineup;
use crate::scorecard::{Scorecard, ScorecardParts};
use crate::store::entities::model;

fn card(id: &str, version: u32, after: u64) -> ModelCard {
    ModelCard {
        key: key(id, version),
        kind: ModelKind::Scorecard,
        description: "for a test".parse().unwrap(),
        registered_at: Some(later(start(), Duration::from_secs(after))),
        state: ModelState::Shadow,
    }
}

/// The built-in table with another baseline.
fn table(baseline_log_odds: f64) -> Checked {
    let parts = ScorecardParts::from(built_in().unwrap());
    let table = Scorecard::new(ScorecardParts {
        baseline_log_odds,
        ..parts
    });
    Checked::from(table.unwrap())
}

/// One write that calls the store.
async fn write<T: Send + 'static>(
    store: &Store,
    work: impl for<'t> Fn(&'t Store, &'t Tx) -> BoxFuture<'t, Result<T, StoreError>>
    + Send
    + Sync
    + Clone
    + 'static,
) -> Result<T, StoreError> {
    let inner = store.clone();
    store
        .database()
        .write(move |tx| {
            let (store, work) = (inner.clone(), work.clone());
            async move { work(&store, tx).await }.boxed()
        })
        .await
}

async fn register(store: &Store, id: &'static str, version: u32, after: u64) {
    let written = write(store, move |store, tx| {
        async move {
            let model = Checked::from(built_in().unwrap());
            let card = card(id, version, after);
            store.insert_model(tx, &tenant(), &card, &model).await
        }
        .boxed()
    });
    written.await.unwrap();
}

async fn crown(store: &Store, id: &'static str, version: u32) {
    let written = write(store, move |store, tx| {
        async move {
            let champion = key(id, version);
            store.set_champion(tx, &tenant(), &champion, start()).await
        }
        .boxed()
    });
    written.await.unwrap();
}

async fn lineup(store: &Store, most: u64) -> Lineup {
    let read = write(store, move |store, tx| {
        async move { store.lineup(tx, &tenant(), most).await }.boxed()
    });
    read.await.unwrap()
}

async fn shadows(store: &Store, most: u64) -> Vec<String> {
    let lineup = lineup(store, most).await;
    let name = |key: &ModelKey| format!("{}@{}", key.id, key.version);
    std::iter::once(&lineup.champion)
        .chain(&lineup.shadows)
        .map(|model| name(&model.key))
        .collect()
}

async fn the_built_in_model_is_champion_until_another_is(database: Database) {
    let store = store(database);
    assert_eq!(shadows(&store, 8).await, ["rescate.scorecard@2"]);
    register(&store, "spring", 1, 1).await;
    register(&store, "spring", 2, 2).await;
    register(&store, "autumn", 1, 3).await;
    assert_eq!(
        shadows(&store, 8).await,
        ["rescate.scorecard@2", "autumn@1", "spring@2", "spring@1"]
    );

    crown(&store, "spring", 2).await;
    assert_eq!(
        shadows(&store, 2).await,
        ["spring@2", "rescate.scorecard@2", "autumn@1"]
    );
    let listed = store.models(&tenant()).await.unwrap();
    let names: Vec<_> = listed
        .iter()
        .map(|card| (card.key.id.as_str(), card.key.version))
        .collect();
    assert_eq!(
        names,
        [
            ("spring", 2),
            ("autumn", 1),
            ("rescate.scorecard", 2),
            ("spring", 1)
        ]
    );
    assert_eq!(listed[0].state, ModelState::Champion);
    assert_eq!(store.models(&other_tenant()).await.unwrap().len(), 1);

    crown(&store, "rescate.scorecard", 2).await;
    assert_eq!(
        shadows(&store, 1).await,
        ["rescate.scorecard@2", "autumn@1"]
    );
}

async fn a_version_that_was_rolled_back_leaves_no_table_behind(database: Database) {
    let store = store(database);
    let rolled_back: Result<(), StoreError> = write(&store, |store, tx| {
        async move {
            let spring = card("spring", 1, 1);
            store
                .insert_model(tx, &tenant(), &spring, &table(1.0))
                .await?;
            assert_eq!(
                store.lineup(tx, &tenant(), 8).await?.shadows[0].evaluator,
                *table(1.0).evaluator()
            );
            Err(StoreError::Closed)
        }
        .boxed()
    })
    .await;
    assert!(rolled_back.is_err());

    write(&store, |store, tx| {
        async move {
            let spring = card("spring", 1, 1);
            store
                .insert_model(tx, &tenant(), &spring, &table(2.0))
                .await
        }
        .boxed()
    })
    .await
    .unwrap();

    let shadow = lineup(&store, 8).await.shadows.remove(0);
    assert_eq!(shadow.evaluator, *table(2.0).evaluator());
}

/// As if another release had registered them.
async fn date_features(store: &Store, version: Option<i64>) {
    let dated = write(store, move |_, tx| {
        async move {
            let version = Expr::value(version);
            model::Entity::update_many()
                .col_expr(model::Column::FeaturesVersion, version)
                .exec(tx)
                .await?;
            Ok(())
        }
        .boxed()
    });
    dated.await.unwrap();
}

async fn who_is_made_of_other_features_is_stood_in_for_by_the_built_in_model(database: Database) {
    let first = store(database.clone());
    register(&first, "spring", 1, 1).await;
    register(&first, "autumn", 1, 2).await;
    crown(&first, "spring", 1).await;
    assert_eq!(shadows(&first, 8).await[0], "spring@1");

    date_features(&first, Some(i64::from(crate::features::VERSION) + 1)).await;
    let restarted = store(database.clone());
    assert_eq!(shadows(&restarted, 8).await, ["rescate.scorecard@2"]);

    // Rows from before versions were kept name no feature that is left out.
    date_features(&first, None).await;
    let restarted = store(database);
    restarted.warm(&tenant(), 8).await.unwrap();
    assert_eq!(
        shadows(&restarted, 8).await,
        ["spring@1", "rescate.scorecard@2", "autumn@1"]
    );
}

on_each_engine!(
    [
        who_is_made_of_other_features_is_stood_in_for_by_the_built_in_model,
        the_built_in_model_is_champion_until_another_is,
        a_version_that_was_rolled_back_leaves_no_table_behind,
    ],
    migrations()
);
