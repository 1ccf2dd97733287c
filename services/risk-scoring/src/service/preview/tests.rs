//! Two processes on one store: what one of them activates is what both of them preview by, here at once and there in time.

use std::time::Duration;

use domain::id::ModelId;
use futures::FutureExt;
use testkit::builders::{a_moment, tenant};
use testkit::clock::{FakeClock, start};
use testkit::scratch;

use crate::cause::Shifts;
use crate::error::RiskError;
use crate::evaluator::Checked;
use crate::model::ModelName;
use crate::scorecard::built_in;
use crate::service::tests::{key, service};
use crate::service::{NewModel, Service};
use crate::store::{LearnedTable, migrations};

fn name(id: &str) -> ModelName {
    ModelName {
        id: ModelId::parse(id).unwrap(),
        version: None,
    }
}

/// Registers a model that the built-in one would not notice.
async fn register(service: &Service, id: &str) {
    let model = NewModel {
        id: ModelId::parse(id).unwrap(),
        description: "for a test".parse().unwrap(),
        model: Checked::from(built_in().unwrap()),
        tolerance: 0.0,
        samples: Vec::new(),
    };
    service.register(key(1), model).await.unwrap();
}

/// Learns a table of causes that changes nothing, and uses it.
async fn learn(service: &Service, version: u32) {
    let store = service.inner.store.clone();
    let learned: Result<(), RiskError> = service
        .inner
        .store
        .database()
        .write(move |tx| {
            let store = store.clone();
            async move {
                let table = LearnedTable {
                    version,
                    shifts: Shifts::default(),
                    labels: 1,
                    learned_at: start(),
                };
                store.insert_cause_table(tx, &tenant(), &table).await?;
                store.choose_causes(tx, &tenant(), Some(version)).await?;
                Ok(())
            }
            .boxed()
        })
        .await;
    learned.unwrap();
}

/// By which model and table of causes a moment is previewed now.
async fn previewed(service: &Service) -> (String, u32) {
    let moment = a_moment().build();
    let previewer = service.previewer(&tenant()).await.unwrap();
    let verdict = previewer.preview(&moment);
    (verdict.model.id.to_string(), verdict.cause_table_version)
}

fn by(model: &str, table: u32) -> (String, u32) {
    (model.to_owned(), table)
}

#[tokio::test]
async fn an_activation_counts_here_at_once_and_elsewhere_within_the_bound() {
    let scratch = scratch::sqlite();
    let database = scratch.migrated(migrations()).await;
    let clock = FakeClock::new();
    let here = service(database.clone(), &clock);
    let there = service(database, &clock);
    register(&here, "spring").await;
    for service in [&here, &there] {
        assert_eq!(previewed(service).await, by("rescate.scorecard", 1));
    }

    here.activate(key(2), name("spring")).await.unwrap();
    assert_eq!(previewed(&here).await, by("spring", 1));
    clock.advance(Duration::from_millis(999));
    assert_eq!(previewed(&there).await, by("rescate.scorecard", 1));
    clock.advance(Duration::from_millis(1));
    assert_eq!(previewed(&there).await, by("spring", 1));

    learn(&here, 1_001).await;
    assert_eq!(previewed(&here).await, by("spring", 1_001));
    assert_eq!(previewed(&there).await, by("spring", 1));
    here.activate(key(3), name("rescate.scorecard"))
        .await
        .unwrap();
    here.activate_cause_table(key(4), 1).await.unwrap();
    assert_eq!(previewed(&here).await, by("rescate.scorecard", 1));
    clock.advance(Duration::from_secs(1));
    assert_eq!(previewed(&there).await, by("rescate.scorecard", 1));
}

#[tokio::test]
async fn what_is_resident_needs_no_store_until_it_is_too_old() {
    let scratch = scratch::sqlite();
    let database = scratch.migrated(migrations()).await;
    let clock = FakeClock::new();
    let service = service(database.clone(), &clock);
    let first = previewed(&service).await;
    database.close().await;

    assert_eq!(previewed(&service).await, first);
    clock.advance(Duration::from_secs(1));
    let refused = service.previewer(&tenant()).await.map(|_| ()).unwrap_err();
    assert!(matches!(refused, RiskError::Store(_)), "{refused:?}");
}
