//! Figures as they move, and facts as they are taken away.

use std::time::{Duration, Instant};

use domain::experiment::Arm;
use proto::error::v1::ErrorReason;
use proto::kpi::v1 as pb;
use testkit::grpc::assert_refused;
use tokio::time::timeout;
use tonic::{Code, Streaming};

use crate::world::{Kpis, Person, World, day, five_persons, record, window};

const LIMIT: Duration = Duration::from_secs(10);

async fn watch(mut kpis: Kpis) -> Streaming<pb::WatchKpisResponse> {
    let days = prost_types::Duration {
        seconds: 20 * 86_400,
        nanos: 0,
    };
    let request = pb::WatchKpisRequest {
        window: Some(days),
        ..Default::default()
    };
    kpis.watch_kpis(request).await.unwrap().into_inner()
}

async fn qualified(stream: &mut Streaming<pb::WatchKpisResponse>) -> u64 {
    let next = timeout(LIMIT, stream.message())
        .await
        .expect("figures in time");
    let report = next.unwrap().expect("the stream goes on").report.unwrap();
    report.funnel.unwrap().qualified
}

#[tokio::test]
async fn figures_come_at_once_and_after_new_facts_once_a_second() {
    let world = World::start().await;
    let mut stream = watch(world.operator()).await;
    let started = Instant::now();
    assert_eq!(qualified(&mut stream).await, 0);
    assert!(started.elapsed() < Duration::from_secs(1));

    for n in 1..=20 {
        record(&mut world.service(), Person::new(n, Arm::Treatment).facts()).await;
    }

    let mut messages = 0;
    while qualified(&mut stream).await < 20 {
        messages += 1;
    }
    let seconds = started.elapsed().as_secs_f64();
    assert!(
        f64::from(messages) <= seconds + 1.0,
        "{messages} in {seconds} s"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_stream_ends_when_the_server_stops() {
    let world = World::start().await;
    let mut stream = watch(world.operator()).await;
    qualified(&mut stream).await;

    let stopped = tokio::spawn(world.stop());
    let end = timeout(LIMIT, async {
        loop {
            if let Err(status) = stream.message().await {
                return status;
            }
        }
    });

    let status = end.await.expect("an end in time");
    assert_refused(&status, Code::Unavailable, ErrorReason::Draining, None);
    stopped.await.unwrap();
}

#[tokio::test]
async fn streams_of_figures_are_limited_and_make_room_again() {
    let world = World::start().await;
    let first = watch(world.operator()).await;
    let _second = watch(world.operator()).await;
    let request = pb::WatchKpisRequest {
        window: Some(day()),
        ..Default::default()
    };

    let refused = world
        .operator()
        .watch_kpis(request.clone())
        .await
        .unwrap_err();
    assert_refused(
        &refused,
        Code::ResourceExhausted,
        ErrorReason::QuotaExceeded,
        None,
    );

    drop(first);
    testkit::eventually(LIMIT, async || {
        world.operator().watch_kpis(request.clone()).await
    })
    .await;
    world.stop().await;
}

#[tokio::test]
async fn an_export_gives_every_fact_once_the_oldest_first() {
    let world = World::start().await;
    let mut told: Vec<_> = (1..=450)
        .flat_map(|n| Person::new(n, Arm::Holdout).buys(100).facts())
        .collect();
    told.extend(five_persons());
    for portion in told.chunks(500) {
        record(&mut world.service(), portion.to_vec()).await;
    }
    let request = pb::ExportFactsRequest {
        window: Some(window()),
    };

    let mut stream = world
        .operator()
        .export_facts(request)
        .await
        .unwrap()
        .into_inner();
    let mut taken = Vec::new();
    while let Some(chunk) = timeout(LIMIT, stream.message()).await.unwrap().unwrap() {
        assert!(!chunk.facts.is_empty() && chunk.facts.len() <= 200);
        taken.extend(chunk.facts);
    }

    let times: Vec<_> = taken
        .iter()
        .map(|fact| {
            let at = fact.occurred_at.unwrap();
            (at.seconds, at.nanos, fact.fact_id.clone())
        })
        .collect();
    assert!(times.is_sorted());
    let ids = |facts: &[proto::fact::v1::Fact]| {
        facts
            .iter()
            .map(|fact| fact.fact_id.clone())
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(ids(&taken), ids(&told));
    assert_eq!(taken.len(), ids(&told).len());
    world.stop().await;
}
