use domain::fact::FactBody;
use platform::client::{Client, connect_with_token};
use proto::kpi::v1::kpi_service_client::KpiServiceClient;
use proto::kpi::v1::{QueryKpisRequest, RecordFactsRequest, RecordFactsResponse};
use tonic::{Code, Response};

use super::*;
use crate::builders::a_fact;
use crate::ids::nth;

const DEADLINE: std::time::Duration = std::time::Duration::from_secs(10);

async fn kpi() -> (Kpi, StandIn, KpiServiceClient<Client>) {
    let kpi = Kpi::default();
    let served = StandIn::serve(Routes::new(kpi.server())).await;
    let client = connect_with_token(&served.uri(), "any").unwrap();
    (kpi, served, KpiServiceClient::new(client))
}

async fn tell(
    client: &KpiServiceClient<Client>,
    numbers: &[u64],
) -> Result<Response<RecordFactsResponse>, Status> {
    let fact = |n: &u64| a_fact(FactBody::InvitationShown).with_id(nth(*n)).build();
    let facts = numbers.iter().map(|n| fact(n).into()).collect();
    let mut client = client.clone();
    client.record_facts(RecordFactsRequest { facts }).await
}

#[tokio::test]
async fn what_is_told_is_kept() {
    let (kpi, _served, client) = kpi().await;

    tell(&client, &[1, 2]).await.unwrap();

    assert_eq!(kpi.facts.some(2).await.len(), 2);
    assert_eq!(kpi.facts.asked(), 1);
}

#[tokio::test]
async fn what_comes_again_is_kept_once() {
    let (kpi, _served, client) = kpi().await;

    tell(&client, &[1]).await.unwrap();
    tell(&client, &[1, 2]).await.unwrap();

    assert_eq!((kpi.facts.asked(), kpi.facts.messages().len()), (2, 2));
}

#[tokio::test]
async fn a_stand_in_refuses_for_as_long_as_it_is_told_to() {
    let (kpi, _served, client) = kpi().await;

    kpi.facts.refuse(Kind::Precondition);
    let refused = tell(&client, &[1]).await.unwrap_err();
    kpi.facts.answer();
    tell(&client, &[1]).await.unwrap();

    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!((kpi.facts.asked(), kpi.facts.messages().len()), (2, 1));
}

#[tokio::test]
async fn a_silent_stand_in_answers_once_it_speaks_again() {
    let (kpi, _served, client) = kpi().await;

    kpi.facts.fall_silent();
    let call = tokio::spawn(async move { tell(&client, &[1]).await });
    crate::eventually(DEADLINE, async || kpi.facts.asked() == 1).await;
    assert_eq!(kpi.facts.messages(), []);
    kpi.facts.answer();

    call.await.unwrap().unwrap();
    assert_eq!(kpi.facts.messages().len(), 1);
}

#[tokio::test]
async fn what_nobody_should_ask_is_not_answered() {
    let (_kpi, _served, mut client) = kpi().await;

    let asked = client.query_kpis(QueryKpisRequest::default()).await;

    assert_eq!(asked.unwrap_err().code(), Code::Unimplemented);
}
