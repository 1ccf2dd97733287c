//! A token that is revoked is refused by every server within five seconds, also in the streams that it opened.

use futures::future::join_all;
use tonic::Streaming;

use super::*;

/// From the edit of the list to the refusal, on all servers.
const SPREAD: Duration = Duration::from_secs(5);

async fn watch(client: &Client) -> Streaming<Bytes> {
    let mut grpc = tonic::client::Grpc::new(client.clone());
    grpc.ready().await.unwrap();
    let watch = grpc.server_streaming(Request::new(Bytes::new()), testing::path("Watch"), Raw);
    let mut stream = watch.await.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap().unwrap(), "first");
    stream
}

fn is_revoked(status: &Status) -> bool {
    status.code() == Code::Unauthenticated && reason_of(status) == Some(ErrorReason::TokenRevoked)
}

async fn refuses(client: &Client) -> bool {
    call(client, "Echo", "")
        .await
        .is_err_and(|status| is_revoked(&status))
}

#[tokio::test]
async fn a_revoked_token_ends_calls_and_streams_on_all_servers() {
    let list = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(list.path(), r#"{"revoked":[]}"#).unwrap();
    let servers = Harness::replicas(quick(), list.path().to_str().unwrap()).await;
    let (ana, bo) = (
        servers
            .each_ref()
            .map(|server| server.client_of("acme", agent("ana"))),
        servers
            .each_ref()
            .map(|server| server.client_of("acme", agent("bo"))),
    );
    let of_ana = join_all(ana.iter().map(watch)).await;
    let mut of_bo = join_all(bo.iter().map(watch)).await;

    std::fs::write(
        list.path(),
        r#"{"revoked":[{"tenant":"acme","sub":"ana"}]}"#,
    )
    .unwrap();

    let ended = tokio::time::timeout(SPREAD, async {
        for mut stream in of_ana {
            let end = stream.message().await.unwrap_err();
            assert!(is_revoked(&end), "{end:?}");
        }
        while !join_all(ana.iter().map(refuses))
            .await
            .into_iter()
            .all(|refused| refused)
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    ended.await.expect("refused everywhere in time");
    for (client, stream) in bo.iter().zip(&mut of_bo) {
        call(client, "Echo", "")
            .await
            .expect("another token is good");
        let next = tokio::time::timeout(Duration::from_millis(50), stream.message()).await;
        assert!(next.is_err(), "and so is its stream: {next:?}");
    }
}

#[tokio::test]
async fn a_token_that_ends_ends_its_stream() {
    let harness = harness().await;
    let mut grant = Grant::new(AUDIENCE, tenant("acme"), "", agent("ana"));
    grant.life = Duration::from_secs(1);
    let client = harness.client_with(&ClientConfig::default(), &harness.token(&grant));

    let mut stream = watch(&client).await;

    let end = tokio::time::timeout(SPREAD, stream.message());
    let end = end.await.expect("in time").unwrap_err();
    assert_eq!(end.code(), Code::Unauthenticated);
}
