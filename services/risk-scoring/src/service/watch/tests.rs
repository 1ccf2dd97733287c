use std::time::Duration;

use domain::fact::Ending;
use domain::moment::MomentKind;
use domain::time::later;
use testkit::builders::{a_moment, other_tenant, tenant};
use testkit::clock::{FakeClock, start};
use testkit::ids::nth;
use testkit::scratch;

use super::*;
use crate::service::tests::{key, service};
use crate::store::migrations;

/// Assesses so many moments now, each of a session of its own that ends at once.
async fn assess(
    service: &Service,
    clock: &FakeClock,
    numbers: std::ops::Range<u64>,
    kind: MomentKind,
) {
    for n in numbers {
        let now = service.now();
        let moment = a_moment()
            .with_id(nth(n))
            .with_session(nth(100_000 + n))
            .with_kind(kind)
            .with_occurred_at(now)
            .build();
        let session = moment.session;
        service.assess(key(n), moment).await.unwrap();
        let ending = if n % 4 == 0 {
            Ending::Ordered
        } else {
            Ending::Abandoned
        };
        let ended = service.record_outcome(key(100_000 + n), session, ending, now);
        ended.await.unwrap();
        clock.advance(Duration::from_millis(10));
    }
}

async fn health(service: &Service) -> crate::service::Health {
    let model = crate::model::ModelName {
        id: crate::model::BuiltIn::load().unwrap().model.key.id,
        version: None,
    };
    service.health(&tenant(), &model).await.unwrap()
}

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "one story: found, kept over a restart, and found anew the day after"
)]
async fn a_day_is_found_once_kept_over_a_restart_and_told_with_its_alerts() {
    let scratch = scratch::sqlite();
    let database = scratch.migrated(migrations()).await;
    // Two days of the reference, then one of the window: 10:00 each.
    let clock = FakeClock::new();
    let service_of_today = service(database.clone(), &clock);
    assess(
        &service_of_today,
        &clock,
        0..220,
        MomentKind::CheckoutEntered,
    )
    .await;
    clock.set(later(start(), Duration::from_hours(48)));
    assess(
        &service_of_today,
        &clock,
        1_000..1_220,
        MomentKind::CartAdded,
    )
    .await;
    clock.set(later(start(), Duration::from_hours(48 + 15)));
    let day = Day::due(service_of_today.now());
    let gauges = Gauges::new();
    assert!(health(&service_of_today).await.days.is_empty());

    assert_eq!(service_of_today.watch(day, &gauges).await.unwrap(), 1);

    let found = health(&service_of_today).await.days;
    let [watched] = &found[..] else {
        panic!("one day: {found:?}");
    };
    let figures = &watched.figures;
    assert_eq!(figures.n, 220);
    assert!(
        figures.score_psi.unwrap() > 1.0,
        "checkouts became carts: {figures:?}"
    );
    let drifted: Vec<&str> = figures
        .features
        .iter()
        .map(|one| one.feature.as_str())
        .collect();
    assert!(
        drifted.contains(&"in_checkout") && drifted.contains(&"cart_just_filled"),
        "{drifted:?}"
    );
    let held = figures.held.unwrap();
    assert_eq!(held.n, 220);
    assert_eq!(held.slope, None, "one score for all has no slope");
    assert!(watched.alerts.contains(&Alert::Scores) && watched.alerts.contains(&Alert::Features));

    // The same day again, by a program that has just started, with more to be seen: nothing is found anew.
    let restarted = service(database, &clock);
    assess(
        &service_of_today,
        &clock,
        2_000..2_010,
        MomentKind::CartAdded,
    )
    .await;
    assert_eq!(restarted.watch(day, &gauges).await.unwrap(), 0);
    assert_eq!(health(&restarted).await.days, found);

    // The day after.
    clock.advance(Duration::from_hours(24));
    let next = Day::due(restarted.now());
    assert_eq!(restarted.watch(next, &gauges).await.unwrap(), 1);
    let days = health(&restarted).await.days;
    assert_eq!(days.len(), 2);
    assert_eq!(days[1], *watched, "the newest stands first");
    assert_eq!(days[0].figures.n, 10);
}

#[tokio::test]
async fn a_day_is_missing_until_somebody_looks_and_found_at_the_start() {
    let scratch = scratch::sqlite();
    let database = scratch.migrated(migrations()).await;
    let clock = FakeClock::new();
    let service = service(database, &clock);
    assess(&service, &clock, 0..3, MomentKind::CartAdded).await;
    clock.advance(Duration::from_hours(24));
    let stop = CancellationToken::new();
    let watching = tokio::spawn(service.clone().watch_models(stop.clone()));

    let patience = Duration::from_secs(20);
    testkit::eventually(patience, || async {
        health(&service).await.days.len() == 1
    })
    .await;

    stop.cancel();
    watching.await.unwrap();
    let model = crate::model::BuiltIn::load().unwrap().model.key;
    let stranger = other_tenant();
    let of_others = service.inner.store.model_days(&stranger, &model, 10);
    assert!(of_others.await.unwrap().is_empty());
}
