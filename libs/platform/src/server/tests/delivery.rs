use std::collections::BTreeMap;

use proto::delivery::v1::delivery_service_client::DeliveryServiceClient;
use proto::delivery::v1::{DeliverRequest, Delivery};

use super::*;

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn delivery(method: &str, request: &str) -> Delivery {
    Delivery {
        method: method.to_owned(),
        request: request.as_bytes().to_vec(),
        traceparent: TRACE.to_owned(),
    }
}

fn wait(millis: &str) -> Delivery {
    delivery("/test.Tiny/Wait", millis)
}

/// What became of each call, and the order in which that was told.
async fn delivered(
    client: Client,
    deliveries: Vec<Delivery>,
) -> Result<(BTreeMap<u32, (Code, ErrorReason)>, Vec<u32>), Status> {
    let mut client = DeliveryServiceClient::new(client);
    let mut answers = client
        .deliver(DeliverRequest { deliveries })
        .await?
        .into_inner();
    let (mut outcomes, mut order) = (BTreeMap::new(), Vec::new());
    while let Some(answer) = answers.message().await? {
        let outcome = (Code::from_i32(answer.code), answer.reason());
        assert_eq!(outcomes.insert(answer.index, outcome), None, "told twice");
        order.push(answer.index);
    }
    Ok((outcomes, order))
}

#[tokio::test]
async fn each_call_of_a_batch_has_its_own_access_and_fate() {
    let harness = harness().await;
    let service = harness.client_of("acme", CallerKind::Service);
    let calls = vec![
        wait("1"),
        delivery("/test.Tiny/Echo", "for platforms and agents"),
        delivery("/test.Tiny/NotInTheTable", ""),
        delivery(
            "/test.Tiny/Watch",
            "a stream, by a path that no contract knows",
        ),
        delivery("/rescate.delivery.v1.DeliveryService/Deliver", ""),
        delivery("/grpc.health.v1.Health/Check", ""),
        delivery("no path", ""),
        delivery("/test.Tiny/Panics", "not a number"),
    ];

    let (outcomes, _) = delivered(service, calls).await.unwrap();

    let forbidden = (Code::PermissionDenied, ErrorReason::ScopeMissing);
    let unknown = (Code::Unimplemented, ErrorReason::NotFound);
    let expected = [
        (Code::Ok, ErrorReason::Unspecified),
        forbidden,
        forbidden,
        forbidden,
        unknown,
        unknown,
        unknown,
        forbidden,
    ];
    assert_eq!(outcomes, (0..).zip(expected).collect());
    assert_eq!(harness.tiny.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_call_that_fails_or_takes_long_harms_no_other() {
    let harness = harness().await;
    let service = harness.client_of("acme", CallerKind::Service);

    let calls = vec![wait("300"), wait("a panic"), wait("1")];
    let (outcomes, order) = delivered(service, calls).await.unwrap();

    let done = (Code::Ok, ErrorReason::Unspecified);
    let failed = (Code::Internal, ErrorReason::Internal);
    assert_eq!(outcomes, [(0, done), (1, failed), (2, done)].into());
    assert_eq!(order.last(), Some(&0), "told as soon as it is known");
}

#[tokio::test]
async fn a_call_of_a_batch_goes_on_in_the_trace_that_it_names() {
    let harness = harness().await;
    let seen = Arc::clone(&harness.tiny.traces);
    let service = harness.client_of("acme", CallerKind::Service);

    delivered(service, vec![wait("1")]).await.unwrap();

    assert_eq!(seen.lock().unwrap().as_slice(), [TRACE]);
}

#[tokio::test]
async fn batches_are_for_services_and_bounded() {
    let harness = harness().await;
    let platform = delivered(harness.client(), vec![wait("1")]).await;
    assert_eq!(platform.unwrap_err().code(), Code::PermissionDenied);

    let service = || harness.client_of("acme", CallerKind::Service);
    for count in [0, 65] {
        let status = delivered(service(), vec![wait("1"); count]).await;
        let status = status.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{count}");
        let details = status.get_error_details();
        let fields = &details.bad_request().unwrap().field_violations;
        assert_eq!(fields.first().unwrap().field, "deliveries");
    }

    // As many batches as may be under way, and one more.
    let busy = (0..8).map(|_| tokio::spawn(delivered(service(), vec![wait("1000")])));
    let busy: Vec<_> = busy.collect();
    let tiny = &harness.tiny;
    let all_wait = async {
        while tiny.calls.load(Ordering::SeqCst) < 8 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), all_wait)
        .await
        .unwrap();
    let refused = delivered(service(), vec![wait("1")]).await.unwrap_err();
    assert_eq!(reason_of(&refused), Some(ErrorReason::Overloaded));
    for batch in busy {
        assert_eq!(batch.await.unwrap().unwrap().0.len(), 1);
    }
}
