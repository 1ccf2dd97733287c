use super::*;

#[tokio::test]
async fn what_does_not_fit_is_refused_quickly() {
    let config = ServerConfig {
        concurrency_limit: 1,
        ..quick()
    };
    let own_pool = |server: Server| server.pool("/test.Tiny/Who", 1);
    let harness = Harness::start_with(config, own_pool).await;
    let client = harness.client();
    assert_eq!(call(&client, "Echo", "warm").await.unwrap(), "warm");
    let running = tokio::spawn({
        let client = client.clone();
        async move { call(&client, "Wait", "600").await }
    });
    let status = loop {
        let started = Instant::now();
        if let Err(status) = call(&client, "Echo", "x").await {
            assert!(started.elapsed() < Duration::from_millis(100));
            break status;
        }
    };
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(reason_of(&status), Some(ErrorReason::Overloaded));
    assert!(retry_after_of(&status).is_some());
    assert_eq!(
        call(&harness.client_of("other", CallerKind::Platform), "Who", "")
            .await
            .unwrap(),
        "other true"
    );
    assert_eq!(health(&harness, "").await.unwrap(), 1);
    assert_eq!(running.await.unwrap().unwrap(), "waited");
    assert_eq!(
        call(&client, "Echo", "room again").await.unwrap(),
        "room again"
    );
}

#[tokio::test]
async fn one_tenant_takes_half_at_most() {
    let config = ServerConfig {
        concurrency_limit: 4,
        ..quick()
    };
    let harness = Harness::start(config).await;
    let greedy = harness.client();
    let running: Vec<_> = (0..2)
        .map(|_| {
            let client = greedy.clone();
            tokio::spawn(async move { call(&client, "Wait", "600").await })
        })
        .collect();
    let status = loop {
        if let Err(status) = call(&greedy, "Echo", "x").await {
            break status;
        }
    };
    assert_eq!(status.code(), Code::ResourceExhausted);
    let violations = status.get_details_quota_failure().unwrap().violations;
    assert_eq!(violations[0].subject, "calls of a tenant at once");
    let other = harness.client_of("other", CallerKind::Platform);
    assert_eq!(call(&other, "Echo", "mine").await.unwrap(), "mine");
    for call in running {
        assert!(call.await.unwrap().is_ok());
    }
}

#[tokio::test]
async fn calls_between_services_take_nothing_from_the_tenant() {
    let config = ServerConfig {
        concurrency_limit: 4,
        ..quick()
    };
    let harness = Harness::start(config).await;
    let relay = harness.client_of("acme", CallerKind::Service);
    let running: Vec<_> = (0..3)
        .map(|_| {
            let client = relay.clone();
            tokio::spawn(async move { call(&client, "Wait", "600").await })
        })
        .collect();
    let calls = &harness.tiny.calls;
    stop::until(async || calls.load(Ordering::SeqCst) == 3).await;
    let shop = harness.client();
    assert_eq!(call(&shop, "Echo", "a place").await.unwrap(), "a place");
    for call in running {
        assert_eq!(call.await.unwrap().unwrap(), "waited");
    }
}

#[tokio::test]
async fn an_agent_over_its_rate_is_told_when_to_come_back() {
    let config = ServerConfig {
        agent_calls_per_second: 1,
        ..quick()
    };
    let harness = Harness::start(config).await;
    let busy = harness.client_of("acme", agent("ana"));
    let mut refused = None;
    for _ in 0..3 {
        refused = call(&busy, "Echo", "x").await.err();
    }
    let status = refused.unwrap();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(reason_of(&status), Some(ErrorReason::QuotaExceeded));
    assert!(retry_after_of(&status).unwrap() <= Duration::from_secs(1));
    assert!(!format!("{status:?}").contains("ana"), "{status:?}");
    let other = harness.client_of("acme", agent("bo"));
    assert_eq!(call(&other, "Echo", "fine").await.unwrap(), "fine");
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    use tokio::io::AsyncReadExt;
    let config = ServerConfig {
        first_byte_timeout_ms: 100,
        ..quick()
    };
    let harness = Harness::start(config).await;
    let mut silent = tokio::net::TcpStream::connect(harness.address)
        .await
        .unwrap();
    let mut buffer = [0; 1];
    let read = tokio::time::timeout(Duration::from_secs(5), silent.read(&mut buffer)).await;
    assert!(matches!(read.expect("closed in time"), Ok(0) | Err(_)));
    assert_eq!(call(&harness.client(), "Echo", "x").await.unwrap(), "x");
}

#[tokio::test]
async fn one_connection_too_many_is_closed_and_others_live() {
    use tokio::io::AsyncReadExt;
    let config = ServerConfig {
        max_connections: 1,
        ..quick()
    };
    let harness = Harness::start(config).await;
    let client = harness.client();
    assert_eq!(call(&client, "Echo", "x").await.unwrap(), "x");
    let mut second = tokio::net::TcpStream::connect(harness.address)
        .await
        .unwrap();
    let mut buffer = [0; 1];
    let read = tokio::time::timeout(Duration::from_secs(5), second.read(&mut buffer)).await;
    assert!(matches!(read.expect("closed in time"), Ok(0) | Err(_)));
    assert_eq!(call(&client, "Echo", "y").await.unwrap(), "y");
}

#[tokio::test]
async fn headers_have_a_limit() {
    let harness = harness().await;
    let long = "x".repeat(64 * 1024);
    let bare = tonic::transport::Endpoint::from_shared(harness.uri())
        .unwrap()
        .connect_lazy();
    let mut grpc = tonic::client::Grpc::new(bare);
    grpc.ready().await.unwrap();
    let mut request = Request::new(Bytes::new());
    request
        .metadata_mut()
        .insert("x-long", long.parse().unwrap());
    assert!(
        grpc.unary(request, testing::path("Echo"), Raw)
            .await
            .is_err()
    );
    assert_eq!(call(&harness.client(), "Echo", "x").await.unwrap(), "x");
}
