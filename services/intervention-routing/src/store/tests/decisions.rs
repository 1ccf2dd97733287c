//! Decisions.

use std::time::Duration;

use domain::id::DecisionId;
use domain::moment::Moment;
use domain::time::later;
use storage::Database;
use testkit::builders::other_tenant;
use testkit::on_each_engine;

use super::*;
use crate::decide::{Step, StepName};
use crate::decision::{Decision, Explanation, Outcome};

fn an_explanation(n: u64) -> Explanation {
    let moment = Moment {
        session_version: n,
        ..a_moment().with_id(nth(n)).build()
    };
    Explanation {
        decision: Decision {
            id: nth(n),
            moment: moment.id,
            session: moment.session,
            outcome: Outcome::Scheduled,
            intervention: Some(nth(7)),
            decided_at: later(start(), Duration::from_secs(n / 2)),
        },
        steps: vec![Step::passed(StepName::Order, "no order stands in the way")],
        assessment: an_assessment().of(&moment).build(),
        moment,
    }
}

async fn insert(store: &Store, explained: Explanation) -> bool {
    store
        .in_tx(move |store, tx| {
            let explained = explained.clone();
            async move { store.insert_decision(tx, &tenant(), &explained).await }.boxed()
        })
        .await
}

async fn a_decision_is_found_by_each_of_its_names(database: Database) {
    let store = Store::new(database);
    let (first, second) = (an_explanation(1), an_explanation(2));
    insert(&store, first.clone()).await;
    insert(&store, second.clone()).await;

    for (subject, found) in [
        (Subject::Decision(second.decision.id), &second),
        (Subject::Moment(second.decision.moment), &second),
        (Subject::Intervention(nth(7)), &first),
    ] {
        let read = store.explanation(&tenant(), subject).await.unwrap();
        assert_eq!(read.as_ref(), Some(found));
        let theirs = store.explanation(&other_tenant(), subject).await.unwrap();
        assert_eq!(theirs, None);
    }
}

async fn a_moment_is_decided_once(database: Database) {
    let store = Store::new(database);
    let first = an_explanation(1);
    let mut again = first.clone();
    again.decision.id = nth(9);

    assert!(insert(&store, first.clone()).await);
    assert!(!insert(&store, again).await);

    let connection = store.database.read();
    let read = store
        .decision_on(connection, &tenant(), first.decision.moment)
        .await
        .unwrap();
    assert_eq!(read, Some(first.decision));
}

async fn the_newest_state_of_a_session_is_known(database: Database) {
    let store = Store::new(database);
    for n in [3, 9, 4] {
        insert(&store, an_explanation(n)).await;
    }
    let connection = store.database.read();
    let session = a_moment().build().session;

    let newest = store
        .newest_session_version(connection, &tenant(), session)
        .await
        .unwrap();
    assert_eq!(newest, Some(9));
    let unknown = store
        .newest_session_version(connection, &tenant(), nth(50))
        .await
        .unwrap();
    assert_eq!(unknown, None);
}

async fn decisions_are_read_in_order_and_in_parts(database: Database) {
    let store = Store::new(database);
    for n in 1..=7 {
        insert(&store, an_explanation(n)).await;
    }
    let mut seen: Vec<DecisionId> = Vec::new();
    let mut last: Option<Decision> = None;
    loop {
        let part = store
            .decisions_since(&tenant(), None, last.as_ref(), 2)
            .await
            .unwrap();
        let Some(end) = part.last() else { break };
        last = Some(end.decision.clone());
        seen.extend(part.iter().map(|one| one.decision.id));
    }
    let expected: Vec<DecisionId> = (1..=7).map(nth).collect();
    assert_eq!(seen, expected);

    let since = Some(later(start(), Duration::from_secs(3)));
    let late = store
        .decisions_since(&tenant(), since, None, 50)
        .await
        .unwrap();
    assert_eq!(late.len(), 2);
}

async fn decisions_are_forgotten_from_their_limit_on(database: Database) {
    let store = Store::new(database);
    for n in [2, 4, 6] {
        insert(&store, an_explanation(n)).await;
    }
    let limit = later(start(), Duration::from_secs(2));

    let forgotten = store.forget_decisions(limit).await.unwrap();

    assert_eq!(forgotten, 1, "one at the limit is kept");
    let kept = store
        .decisions_since(&tenant(), None, None, 50)
        .await
        .unwrap();
    assert_eq!(kept.len(), 2);
}

on_each_engine!(
    [
        a_decision_is_found_by_each_of_its_names,
        a_moment_is_decided_once,
        the_newest_state_of_a_session_is_known,
        decisions_are_read_in_order_and_in_parts,
        decisions_are_forgotten_from_their_limit_on,
    ],
    migrations()
);
