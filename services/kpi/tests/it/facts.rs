//! Facts are stored once, whoever delivers them, in whatever portions, and however often.

use std::time::Duration;

use domain::time::{earlier, later};
use platform::auth::Role;
use proto::convert::time::wire_timestamp;
use proto::error::v1::ErrorReason;
use proto::kpi::v1 as pb;

use crate::world::{World, five_persons, now, pb_fact, record, report};

/// What a repeated question may answer differently: its window ends with the present time.
fn figures(report: pb::KpiReport) -> pb::KpiReport {
    pb::KpiReport {
        window: None,
        ..report
    }
}

fn counts(response: &pb::RecordFactsResponse) -> (u32, u32, usize) {
    (
        response.accepted_count,
        response.duplicate_count,
        response.rejected.len(),
    )
}

#[tokio::test]
async fn a_replay_stores_nothing_at_once_or_after_a_restart() {
    let mut world = World::start().await;
    let facts = five_persons();
    let all = u32::try_from(facts.len()).unwrap();

    assert_eq!(
        counts(&record(&mut world.service(), facts.clone()).await),
        (all, 0, 0)
    );
    let before = figures(report(&mut world.operator()).await);
    assert_eq!(
        counts(&record(&mut world.service(), facts.clone()).await),
        (0, all, 0)
    );
    world.restart().await;
    assert_eq!(
        counts(&record(&mut world.service(), facts).await),
        (0, all, 0)
    );

    assert_eq!(figures(report(&mut world.operator()).await), before);
    world.stop().await;
}

#[tokio::test]
async fn deliveries_at_once_store_each_fact_once() {
    let world = World::start().await;
    let facts = five_persons();
    let deliveries = (0..8).map(|n| {
        let mut kpis = world.service();
        let mut facts = facts.clone();
        facts.rotate_left(n);
        tokio::spawn(async move { record(&mut kpis, facts).await.accepted_count })
    });

    let counts = futures::future::join_all(deliveries.collect::<Vec<_>>()).await;

    let stored: u32 = counts.into_iter().map(Result::unwrap).sum();
    assert_eq!(usize::try_from(stored).unwrap(), facts.len());
    world.stop().await;
}

#[tokio::test]
async fn portions_and_order_change_no_digit() {
    let (one, other) = (World::start().await, World::start().await);
    let facts = five_persons();
    record(&mut one.service(), facts.clone()).await;
    for fact in facts.iter().rev() {
        record(&mut other.service(), vec![fact.clone(), fact.clone()]).await;
    }

    let digits = |report: pb::KpiReport| prost::Message::encode_to_vec(&figures(report));
    assert_eq!(
        digits(report(&mut one.operator()).await),
        digits(report(&mut other.operator()).await)
    );
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn the_same_fact_of_another_tenant_is_another_fact() {
    let world = World::start().await;
    let facts = five_persons();
    let mut theirs = world.with_token(&world.tokens().of_other_tenant(Role::Service));

    record(&mut world.service(), facts.clone()).await;
    let stored = record(&mut theirs, facts.clone()).await;

    assert_eq!(usize::try_from(stored.accepted_count).unwrap(), facts.len());
    world.stop().await;
}

#[tokio::test]
async fn a_wrong_fact_is_refused_by_its_place_and_holds_up_nobody() {
    let world = World::start().await;
    let mut facts = five_persons();
    let hour = Duration::from_hours(1);
    facts[1].occurred_at = Some(wire_timestamp(later(now(), hour)));
    facts[3].occurred_at = Some(wire_timestamp(earlier(now(), hour * 10_000)));
    facts[4].person_id = Some("shp_4111 1111 1111 1111".to_owned());
    facts[6].body = None;
    facts[8].partner_id = Some(String::new());
    let good = u32::try_from(facts.len()).unwrap() - 5;

    let answer = record(&mut world.service(), facts).await;

    let rejected: Vec<_> = answer
        .rejected
        .iter()
        .map(|rejected| (rejected.index, rejected.field.as_str(), rejected.reason()))
        .collect();
    assert_eq!(
        rejected,
        [
            (1, "occurred_at", ErrorReason::TimeInFuture),
            (3, "occurred_at", ErrorReason::TimeTooOld),
            (4, "person_id", ErrorReason::CardData),
            (6, "body", ErrorReason::Required),
            (8, "partner_id", ErrorReason::Required),
        ]
    );
    assert_eq!(answer.accepted_count, good);
    world.stop().await;
}

#[tokio::test]
async fn a_fault_inside_a_body_is_named_by_its_path() {
    let world = World::start().await;
    let mut facts = five_persons();
    let order = facts
        .iter_mut()
        .find_map(|fact| match &mut fact.body {
            Some(pb_fact::fact::Body::OrderPlaced(order)) => Some(order),
            _ => None,
        })
        .unwrap();
    order.value.as_mut().unwrap().minor_units = -1;

    let answer = record(&mut world.service(), facts).await;

    assert_eq!(answer.rejected.len(), 1);
    assert!(
        answer.rejected[0].field.starts_with("order_placed.value"),
        "{answer:?}"
    );
    assert_eq!(answer.rejected[0].reason(), ErrorReason::NegativeMoney);
    world.stop().await;
}
