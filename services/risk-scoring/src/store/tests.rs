mod causes;
mod models;

use std::time::Duration;

use domain::assessment::{Assessment, Probability};
use domain::fact::Ending;
use domain::id::{AssessmentId, ModelId, SessionId, TenantId};
use domain::moment::MomentKind;
use domain::time::later;
use futures::FutureExt;
use platform::paging::PageRequest;
use storage::StoreError;
use testkit::builders::{a_moment, an_assessment, other_tenant, tenant};
use testkit::clock::start;
use testkit::ids::nth;
use testkit::on_each_engine;

use super::*;
use crate::assess::ShadowScore;
use crate::model::{ModelCard, ModelKey, ModelState};
use crate::scorecard::built_in;

fn store(database: Database) -> Store {
    Store::new(database, BuiltIn::load().unwrap())
}

/// The `n`th assessment, of a moment and session of its own, made `n` seconds after the start.
fn stored(n: u64) -> StoredAssessment {
    let moment = a_moment()
        .with_id(nth(1_000 + n))
        .with_session(nth(2_000 + n))
        .build();
    let assessment = Assessment {
        id: nth(n),
        assessed_at: later(start(), Duration::from_secs(n)),
        ..an_assessment().of(&moment).build()
    };
    StoredAssessment { assessment, moment }
}

async fn insert(
    store: &Store,
    tenant: TenantId,
    stored: StoredAssessment,
) -> Result<(), StoreError> {
    let inner = store.clone();
    store
        .database()
        .write(move |tx| {
            let (store, tenant, stored) = (inner.clone(), tenant.clone(), stored.clone());
            async move {
                let shadow = ShadowScore {
                    model: key("rescate.scorecard", 2),
                    abandonment: Probability::new(0.25).unwrap(),
                };
                let judged = [Judged {
                    stored,
                    shadows: vec![shadow],
                }];
                store.insert_assessments(tx, &tenant, &judged).await?;
                store.insert_scores(tx, &tenant, &judged).await
            }
            .boxed()
        })
        .await
}

async fn end(store: &Store, session: SessionId, ending: Ending, after: u64) -> u64 {
    let inner = store.clone();
    let outcome = (ending, later(start(), Duration::from_secs(after)));
    let noted: Result<u64, StoreError> = store
        .database()
        .write(move |tx| {
            let store = inner.clone();
            async move {
                store
                    .record_outcome(tx, &tenant(), session, outcome)
                    .await?;
                store.count_to_judge(tx, &tenant(), session).await
            }
            .boxed()
        })
        .await;
    noted.unwrap()
}

fn key(id: &str, version: u32) -> ModelKey {
    ModelKey {
        id: ModelId::parse(id).unwrap(),
        version,
    }
}

async fn an_assessment_reads_back_whole_and_for_its_tenant_only(database: Database) {
    let store = store(database);
    insert(&store, tenant(), stored(1)).await.unwrap();

    let id: AssessmentId = nth(1);
    assert_eq!(
        store.assessment(&tenant(), id).await.unwrap(),
        Some(stored(1))
    );
    assert_eq!(store.assessment(&other_tenant(), id).await.unwrap(), None);
    assert_eq!(store.assessment(&tenant(), nth(2)).await.unwrap(), None);
    insert(&store, other_tenant(), stored(1)).await.unwrap();
}

async fn a_moment_has_one_assessment(database: Database) {
    let store = store(database);
    insert(&store, tenant(), stored(1)).await.unwrap();
    let mut second = stored(1);
    second.assessment.id = nth(2);

    let refused = insert(&store, tenant(), second).await.unwrap_err();

    assert!(matches!(refused, StoreError::Conflict(_)), "{refused:?}");
}

async fn assessments_come_in_pages_the_newest_first(database: Database) {
    let store = store(database);
    for n in 1..=5 {
        insert(&store, tenant(), stored(n)).await.unwrap();
    }
    insert(&store, other_tenant(), stored(6)).await.unwrap();

    let mut seen: Vec<u128> = Vec::new();
    let mut token = String::new();
    loop {
        let page: PageRequest<Cursor> = PageRequest::parse(2, &token).unwrap();
        let rows = store
            .assessments(&tenant(), None, None, (page.after(), page.fetch()))
            .await
            .unwrap();
        let page = page.page(rows, Cursor::at);
        seen.extend(page.items.iter().map(|item| item.id.uuid().as_u128()));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let expected: Vec<u128> = (1..=5)
        .rev()
        .map(|n| nth::<AssessmentId>(n).uuid().as_u128())
        .collect();
    assert_eq!(seen, expected);

    let from = later(start(), Duration::from_secs(4));
    let late = store
        .assessments(&tenant(), None, Some(from), (None, 10))
        .await
        .unwrap();
    assert_eq!(late.len(), 2);
    let one = store
        .assessments(&tenant(), Some(nth(2_003)), None, (None, 10))
        .await
        .unwrap();
    assert_eq!(one, [stored(3).assessment]);
}

async fn an_order_is_final_and_else_the_later_ending_counts(database: Database) {
    let store = store(database);
    insert(&store, tenant(), stored(1)).await.unwrap();
    let session = nth(2_001);
    for (ending, after, known) in [
        (Ending::Abandoned, 100, Ending::Abandoned),
        (Ending::NoCart, 50, Ending::Abandoned),
        (Ending::NoCart, 150, Ending::NoCart),
        (Ending::Ordered, 10, Ending::Ordered),
        (Ending::Abandoned, 1_000, Ending::Ordered),
    ] {
        assert_eq!(end(&store, session, ending, after).await, 1);
        let scores = store
            .scores(&tenant(), &key("scorecard", 1), known_only())
            .await
            .unwrap();
        assert_eq!(scores[0].ending, Some(known), "after {ending:?} at {after}");
    }
}

fn known_only() -> ScoreQuery {
    ScoreQuery {
        from: None,
        until: None,
        endings: Endings::Known,
        limit: 100,
    }
}

async fn models_are_judged_on_moments_before_the_order(database: Database) {
    let store = store(database);
    for n in 1..=3 {
        insert(&store, tenant(), stored(n)).await.unwrap();
    }
    let moment = a_moment()
        .with_id(nth(9_000))
        .with_session(nth(2_001))
        .with_kind(MomentKind::OrderPlaced)
        .build();
    let after = StoredAssessment {
        assessment: Assessment {
            id: nth(9),
            ..an_assessment().of(&moment).build()
        },
        moment,
    };
    insert(&store, tenant(), after).await.unwrap();
    assert_eq!(end(&store, nth(2_001), Ending::Ordered, 10).await, 1);
    assert_eq!(end(&store, nth(2_777), Ending::Ordered, 10).await, 0);

    let champion = key("scorecard", 1);
    let any = ScoreQuery {
        endings: Endings::Any,
        ..known_only()
    };
    assert_eq!(
        store.scores(&tenant(), &champion, any).await.unwrap().len(),
        3
    );
    assert_eq!(
        store.scores(&other_tenant(), &champion, any).await.unwrap(),
        []
    );
    let known = store
        .scores(&tenant(), &champion, known_only())
        .await
        .unwrap();
    assert_eq!(known.len(), 1);
    let shadow = store
        .scores(&tenant(), &key("rescate.scorecard", 2), known_only())
        .await
        .unwrap();
    assert_eq!(shadow[0].abandonment, Probability::new(0.25).unwrap());
    let from = Some(later(start(), Duration::from_secs(3)));
    let recent = store
        .scores(&tenant(), &champion, ScoreQuery { from, ..any })
        .await
        .unwrap();
    assert_eq!(recent.len(), 1);
}

async fn what_is_too_old_is_forgotten_to_the_second(database: Database) {
    let store = store(database);
    for n in 1..=4 {
        insert(&store, tenant(), stored(n)).await.unwrap();
    }
    end(&store, nth(2_001), Ending::Ordered, 2).await;

    let limit = later(start(), Duration::from_secs(3));
    // Two assessments with two scores each, and one outcome.
    assert_eq!(store.forget_before(limit).await.unwrap(), 7);
    assert_eq!(store.forget_before(limit).await.unwrap(), 0);
    let left = store
        .assessments(&tenant(), None, None, (None, 10))
        .await
        .unwrap();
    assert_eq!(left.len(), 2);
}

on_each_engine!(
    [
        an_assessment_reads_back_whole_and_for_its_tenant_only,
        a_moment_has_one_assessment,
        assessments_come_in_pages_the_newest_first,
        an_order_is_final_and_else_the_later_ending_counts,
        models_are_judged_on_moments_before_the_order,
        what_is_too_old_is_forgotten_to_the_second,
    ],
    migrations()
);
