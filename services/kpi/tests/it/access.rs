//! Who sees what.

use platform::auth::Role;
use proto::error::v1::ErrorReason;
use proto::kpi::v1 as pb;
use testkit::grpc::assert_refused;
use tonic::Code;

use crate::world::{World, day, five_persons, query, record, report};

fn chats(answer: pb::QueryKpisResponse) -> (u64, u64) {
    let report = answer.report.unwrap();
    let rate = report.proactive_chat_conversion_rate.unwrap();
    (rate.numerator, rate.denominator)
}

#[tokio::test]
async fn a_partner_sees_its_own_figures_only() {
    let world = World::start().await;
    record(&mut world.service(), five_persons()).await;
    let mut north = world.supervisor();
    let of = |partner: &str| pb::QueryKpisRequest {
        partner_id: partner.to_owned(),
        ..query()
    };

    let own = report(&mut north).await;

    assert_eq!(
        own.recovered_revenue.unwrap().treatment_n,
        0,
        "arms belong to the tenant"
    );
    assert_eq!(own.funnel.unwrap().qualified, 2);
    let named = north.query_kpis(of("north")).await.unwrap().into_inner();
    assert_eq!(chats(named), (1, 2));
    let refused = north.query_kpis(of("south")).await.unwrap_err();
    assert_refused(&refused, Code::NotFound, ErrorReason::UnknownPartner, None);
    let watched = pb::WatchKpisRequest {
        partner_id: "south".to_owned(),
        window: Some(day()),
        ..Default::default()
    };
    let refused = north.watch_kpis(watched).await.unwrap_err();
    assert_refused(&refused, Code::NotFound, ErrorReason::UnknownPartner, None);
    let seen = world
        .operator()
        .query_kpis(of("south"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(chats(seen), (1, 1));
    world.stop().await;
}

#[tokio::test]
async fn a_tenant_sees_nothing_of_another() {
    let world = World::start().await;
    record(&mut world.service(), five_persons()).await;
    let mut stranger = world.with_token(&world.tokens().of_other_tenant(Role::Operator));

    let theirs = report(&mut stranger).await;

    assert_eq!(
        theirs.funnel,
        Some(pb::Funnel {
            event_to_reservation: Some(pb::LatencyFigures::default()),
            ..pb::Funnel::default()
        })
    );
    let request = pb::GetExperimentRequest {
        experiment_id: "proactive-help".to_owned(),
        ..Default::default()
    };
    let refused = stranger.get_experiment(request).await.unwrap_err();
    assert_refused(
        &refused,
        Code::NotFound,
        ErrorReason::UnknownExperiment,
        None,
    );
    world.stop().await;
}

#[tokio::test]
async fn a_broken_token_opens_nothing() {
    let world = World::start().await;

    for (name, token) in world.tokens().broken(Role::Operator) {
        let Ok(client) = platform::client::connect_with_token(&world.uri(), &token) else {
            continue;
        };
        let mut kpis = pb::kpi_service_client::KpiServiceClient::new(client);
        let refused = kpis.query_kpis(query()).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{name}");
    }
    world.stop().await;
}

#[tokio::test]
async fn only_services_tell_facts_and_only_operators_take_them_all() {
    let world = World::start().await;
    let request = pb::RecordFactsRequest {
        facts: five_persons(),
    };

    let refused = world.operator().record_facts(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let refused = world
        .supervisor()
        .export_facts(pb::ExportFactsRequest::default())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    world.stop().await;
}
