//! Tables of causes: which is used, and how many are kept.

use std::sync::Arc;

use domain::cause::Cause;

use super::*;
use crate::cause::{CauseTable, Shifts};
use crate::store::{Accuracy, CauseLabel, LearnedTable};

/// The version in use once these were learned and the last was chosen.
async fn used(store: &Store, versions: &'static [u32]) -> u32 {
    let inner = store.clone();
    let used: Result<u32, StoreError> = store
        .database()
        .write(move |tx| {
            let store = inner.clone();
            async move {
                for version in versions {
                    let table = LearnedTable {
                        version: *version,
                        shifts: Shifts::default(),
                        labels: 1,
                        learned_at: start(),
                    };
                    store.insert_cause_table(tx, &tenant(), &table).await?;
                    store.choose_causes(tx, &tenant(), Some(*version)).await?;
                }
                store.forget_cause_tables(tx, &tenant(), 3).await?;
                let built_in = Arc::new(CauseTable::built_in().unwrap());
                let basis = store.cause_basis(tx, &tenant(), &built_in).await?;
                Ok(basis.version())
            }
            .boxed()
        })
        .await;
    used.unwrap()
}

async fn what_was_learned_on_another_built_in_table_is_not_used(database: Database) {
    let store = store(database);
    assert_eq!(used(&store, &[]).await, 1);
    assert_eq!(used(&store, &[1_001, 1_002]).await, 1_002);
    assert_eq!(used(&store, &[2_001]).await, 1, "another table is built in");
    assert_eq!(used(&store, &[1_003, 1_004]).await, 1_004);
    let kept = store
        .cause_tables(store.database().read(), &tenant(), 10)
        .await;
    let kept: Vec<u32> = kept.unwrap().iter().map(|table| table.version).collect();
    assert_eq!(kept, [2_001, 1_004, 1_003], "the newest three");
}

async fn tables_are_judged_by_the_causes_that_were_noted(database: Database) {
    let store = store(database);
    let inner = store.clone();
    let noted: Result<(), StoreError> = store
        .database()
        .write(move |tx| {
            let store = inner.clone();
            async move {
                for n in 0..5 {
                    let label = CauseLabel {
                        assessment: nth(n),
                        label: Cause::PromoCode,
                        found: if n < 2 {
                            Cause::PromoCode
                        } else {
                            Cause::Unknown
                        },
                        table_version: if n < 4 { 1 } else { 1_001 },
                    };
                    store.record_cause(tx, &tenant(), &label, start()).await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await;
    noted.unwrap();
    let reader = store.database().read();
    let accuracies = store.cause_accuracy(reader, &tenant()).await.unwrap();
    let accuracy = |judged, right| Some(&Accuracy { judged, right }).copied();
    assert_eq!(accuracies.get(&1).copied(), accuracy(4, 2));
    assert_eq!(accuracies.get(&1_001).copied(), accuracy(1, 0));
    let of_others = store.cause_accuracy(reader, &other_tenant()).await;
    assert!(of_others.unwrap().is_empty());
}

on_each_engine!(
    [
        what_was_learned_on_another_built_in_table_is_not_used,
        tables_are_judged_by_the_causes_that_were_noted,
    ],
    migrations()
);
