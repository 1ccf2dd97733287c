use super::*;
use crate::server::Readiness;

/// Polls until a condition holds, for five seconds at most.
pub(super) async fn until<F, T>(mut ready: F)
where
    F: FnMut() -> T,
    T: Future<Output = bool>,
{
    let polled = async {
        while !ready().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), polled)
        .await
        .expect("in time");
}

#[tokio::test]
async fn health_follows_readiness() {
    let readiness = Readiness::waiting();
    let given = readiness.clone();
    let harness = Harness::start_with(quick(), |server| {
        server
            .readiness(given)
            .grpc_service("rescate.kpi.v1.KpiService")
    })
    .await;
    assert_eq!(health(&harness, "").await.unwrap(), 2);
    readiness.set_ready();
    until(async || health(&harness, "rescate.kpi.v1.KpiService").await.unwrap() == 1).await;
    readiness.set_waiting();
    until(async || health(&harness, "").await.unwrap() == 2).await;
}

#[tokio::test]
async fn a_stop_says_so_at_once_and_lets_calls_finish() {
    let config = ServerConfig {
        drain_accept_ms: 400,
        ..quick()
    };
    let harness = Harness::start(config).await;
    let client = harness.client();
    until(async || health(&harness, "").await.unwrap() == 1).await;
    let running = tokio::spawn({
        let client = client.clone();
        async move { call(&client, "Wait", "800").await }
    });
    until(async || harness.tiny.calls.load(Ordering::SeqCst) == 1).await;
    let stopped = Instant::now();
    harness.shutdown.cancel();
    until(async || health(&harness, "").await.unwrap() == 2).await;
    assert!(stopped.elapsed() < Duration::from_millis(200));
    assert_eq!(
        call(&client, "Echo", "still accepted").await.unwrap(),
        "still accepted"
    );
    assert_eq!(running.await.unwrap().unwrap(), "waited");
    let served = tokio::time::timeout(Duration::from_secs(3), harness.serving).await;
    served
        .expect("returns once calls are done")
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn what_never_ends_is_cut() {
    let config = ServerConfig {
        drain_accept_ms: 10,
        drain_calls_ms: 100,
        max_deadline_ms: 60_000,
        ..quick()
    };
    let harness = Harness::start(config).await;
    let client = harness.client();
    let running = tokio::spawn(async move {
        call_within(&client, "Wait", "30000", Duration::from_secs(40)).await
    });
    until(async || harness.tiny.calls.load(Ordering::SeqCst) == 1).await;
    harness.shutdown.cancel();
    let served = tokio::time::timeout(Duration::from_secs(3), harness.serving).await;
    served.expect("in any case").unwrap().unwrap();
    let status = running.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
}

#[tokio::test]
async fn streams_end_with_a_token_to_go_on_from() {
    let harness = harness().await;
    let mut grpc = tonic::client::Grpc::new(harness.client());
    grpc.ready().await.unwrap();
    let mut answers = grpc
        .server_streaming(Request::new(Bytes::new()), testing::path("Watch"), Raw)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answers.message().await.unwrap().unwrap(), "first");
    harness.shutdown.cancel();
    let status = answers.message().await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(reason_of(&status), Some(ErrorReason::Draining));
    let info = status.get_details_error_info().unwrap();
    assert_eq!(info.metadata["resume_token"], "after first");
}
