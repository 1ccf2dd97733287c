//! Interventions.

use std::time::Duration;

use domain::id::{InterventionId, PersonId};
use domain::time::later;
use platform::paging::PageRequest;
use sea_orm::ConnectionTrait;
use storage::Database;
use testkit::builders::{a_moment, other_tenant};
use testkit::on_each_engine;

use super::*;

async fn insert(store: &Store, new: Intervention) -> bool {
    store
        .in_tx(move |store, tx| {
            let new = new.clone();
            async move { store.insert_intervention(tx, &new).await }.boxed()
        })
        .await
}

async fn save(store: &Store, changed: Intervention) {
    store
        .in_tx(move |store, tx| {
            let changed = changed.clone();
            async move { store.save_intervention(tx, &changed).await }.boxed()
        })
        .await;
}

async fn read(store: &Store, id: InterventionId) -> Option<Intervention> {
    let connection = store.database.read();
    store.intervention(connection, &tenant(), id).await.unwrap()
}

async fn every_state_reads_back_as_it_was_stored(database: Database) {
    let store = Store::new(database);
    for (n, state) in (1..).zip(all_states()) {
        let stored = Intervention {
            agent: Some(an_agent()),
            task: Some(nth(n)),
            case_revision: 3,
            case_cart_version: 4,
            traceparent: Some("00-11-22-01".to_owned()),
            ..an_intervention(n, state)
        };
        assert!(insert(&store, stored.clone()).await);
        assert_eq!(read(&store, stored.id).await, Some(stored));
    }
}

async fn a_change_is_kept(database: Database) {
    let store = Store::new(database);
    let new = an_intervention(1, State::Scheduled);
    insert(&store, new.clone()).await;
    let shown = new.shown(later(start(), Duration::from_secs(1))).unwrap();

    save(&store, shown.clone()).await;

    assert_eq!(read(&store, shown.id).await, Some(shown));
}

async fn a_play_qualifies_once_in_a_session(database: Database) {
    let store = Store::new(database);
    let first = an_intervention(1, State::Scheduled);
    let again = Intervention {
        id: nth(2),
        ..first.clone()
    };

    assert!(insert(&store, first).await);
    assert!(!insert(&store, again.clone()).await);

    assert_eq!(read(&store, again.id).await, None);
}

async fn another_tenant_sees_and_changes_nothing(database: Database) {
    let store = Store::new(database);
    let ours = an_intervention(1, State::Scheduled);
    insert(&store, ours.clone()).await;
    let theirs = Intervention {
        tenant: other_tenant(),
        state: State::Declined,
        ..ours.clone()
    };

    save(&store, theirs).await;

    let connection = store.database.read();
    let seen = store
        .intervention(connection, &other_tenant(), ours.id)
        .await
        .unwrap();
    assert_eq!(seen, None);
    assert_eq!(read(&store, ours.id).await, Some(ours));
}

async fn lists_go_from_the_newest_to_the_oldest(database: Database) {
    let store = Store::new(database);
    for n in 1..=7 {
        let state = if n == 4 {
            State::Declined
        } else {
            State::Scheduled
        };
        let new = Intervention {
            // Two of each second, so that the cursor must tell them apart.
            created_at: later(start(), Duration::from_secs(n / 2)),
            ..an_intervention(n, state)
        };
        insert(&store, new).await;
    }
    let mut seen: Vec<InterventionId> = Vec::new();
    let mut token = String::new();
    loop {
        let request = PageRequest::parse(2, &token).unwrap();
        let all = InterventionFilter::default();
        let page = store
            .list_interventions(&tenant(), &all, &request)
            .await
            .unwrap();
        seen.extend(page.items.iter().map(|item| item.id));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let expected: Vec<InterventionId> = (1..=7).rev().map(nth).collect();
    assert_eq!(seen, expected);

    let declined = InterventionFilter {
        state: Some("declined"),
        session: Some(nth(4)),
        partner: None,
    };
    let page = store
        .list_interventions(&tenant(), &declined, &PageRequest::first())
        .await
        .unwrap();
    assert_eq!(page.items.len(), 1);
}

async fn open_interventions_are_found_by_person_in_any_session(database: Database) {
    let store = Store::new(database);
    let person = a_moment().build().person();
    insert(&store, an_intervention(1, State::Shown)).await;
    insert(&store, an_intervention(2, State::Declined)).await;
    insert(&store, an_intervention(3, State::Engaged)).await;

    let connection = store.database.read();
    let open = store
        .open_interventions_of(connection, &tenant(), &[person])
        .await
        .unwrap();
    let open: Vec<InterventionId> = open.iter().map(|one| one.id).collect();

    assert_eq!(open.len(), 2);
    assert!(open.contains(&nth(1)) && open.contains(&nth(3)));
}

async fn an_open_intervention_is_found_by_either_name_of_its_person(database: Database) {
    let store = Store::new(database);
    let met = a_moment().with_shopper(nth(5)).build();
    insert(&store, of_moment(1, &met, State::Shown)).await;

    let connection = store.database.read();
    for (name, found) in [
        (PersonId::Shopper(nth(5)), 1),
        (PersonId::Visitor(met.visitor), 1),
        (PersonId::Shopper(nth(6)), 0),
    ] {
        let open = store
            .open_interventions_of(connection, &tenant(), &[name])
            .await;
        assert_eq!(open.unwrap().len(), found, "{name}");
    }
}

async fn a_row_that_breaks_an_invariant_is_named_and_not_shown(database: Database) {
    let store = Store::new(database);
    let new = an_intervention(1, State::Scheduled);
    insert(&store, new.clone()).await;
    store
        .in_tx(|_, tx| {
            async move {
                tx.execute_unprepared("UPDATE interventions SET state = 'dancing'")
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await;

    let connection = store.database.read();
    let broken = store.intervention(connection, &tenant(), new.id).await;
    let error = broken.unwrap_err();

    let expected = format!(
        "row `{}` of table `interventions` is corrupt at `state`",
        new.id
    );
    assert_eq!(error.to_string(), expected);
}

on_each_engine!(
    [
        every_state_reads_back_as_it_was_stored,
        a_change_is_kept,
        a_play_qualifies_once_in_a_session,
        another_tenant_sees_and_changes_nothing,
        lists_go_from_the_newest_to_the_oldest,
        open_interventions_are_found_by_person_in_any_session,
        an_open_intervention_is_found_by_either_name_of_its_person,
        a_row_that_breaks_an_invariant_is_named_and_not_shown,
    ],
    migrations()
);
