//! How keys are read anew. Time is paused, so a day passes at once.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn publish(fixture: &Fixture, keys: &[&SigningKey]) {
    let keys: Vec<_> = keys.iter().map(|key| key.public_jwk()).collect();
    std::fs::write(
        fixture.keys.jwks_path(),
        json!({ "keys": keys }).to_string(),
    )
    .unwrap();
}

fn token_of(fixture: &Fixture, key: &SigningKey) -> String {
    let tenant = crate::testing::tenant("acme");
    let grant = crate::auth::Grant::new(AUDIENCE, tenant, "shop", CallerKind::Platform);
    key.mint(ISSUER, &grant, fixture.clock.now(), uuid::Uuid::nil())
        .unwrap()
}

#[tokio::test]
async fn a_new_key_is_found_when_it_is_first_used() {
    let fixture = Fixture::new().await;
    let (old, new) = (fixture.keys.signing_key(), SigningKey::generate().unwrap());
    tokio::time::pause();
    assert!(!fixture.accepts(&token_of(&fixture, &new)).await);
    publish(&fixture, &[&old, &new]);
    assert!(
        !fixture.accepts(&token_of(&fixture, &new)).await,
        "asked a moment ago"
    );
    tokio::time::advance(31 * SECOND).await;
    assert!(fixture.accepts(&token_of(&fixture, &new)).await);
    assert!(
        fixture.accepts(&token_of(&fixture, &old)).await,
        "both serve during a rotation"
    );
}

#[tokio::test]
async fn a_withdrawn_key_ends_in_the_background() {
    let fixture = Fixture::new().await;
    let old = fixture.keys.signing_key();
    publish(&fixture, &[&SigningKey::generate().unwrap()]);
    tokio::time::pause();
    tokio::time::advance(601 * SECOND).await;
    let mut rounds = 0;
    while fixture.accepts(&token_of(&fixture, &old)).await {
        rounds += 1;
        assert!(rounds < 10_000);
        tokio::time::resume();
        tokio::time::sleep(Duration::from_millis(1)).await;
        tokio::time::pause();
    }
}

#[tokio::test]
async fn the_last_good_keys_serve_for_a_day() {
    let fixture = Fixture::new().await;
    let key = fixture.keys.signing_key();
    std::fs::write(fixture.keys.jwks_path(), "<html>").unwrap();
    tokio::time::pause();
    tokio::time::advance(23 * 3_600 * SECOND).await;
    assert!(fixture.accepts(&token_of(&fixture, &key)).await);
    tokio::time::advance(2 * 3_600 * SECOND).await;
    assert!(!fixture.accepts(&token_of(&fixture, &key)).await);
    assert!(fixture.folder.path().exists());
}

/// A key server that counts, and answers with what it is given.
async fn key_server(answer: String) -> (String, Arc<AtomicU32>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let mut request = [0; 4_096];
            let _ = tcp.read(&mut request).await;
            counter.fetch_add(1, Ordering::SeqCst);
            let _ = tcp.write_all(answer.as_bytes()).await;
        }
    });
    (url, asked)
}

fn ok(body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

#[tokio::test]
async fn a_flood_of_unknown_keys_asks_once() {
    let fixture = Fixture::new().await;
    let set = json!({"keys": [fixture.keys.signing_key().public_jwk()]}).to_string();
    let (url, asked) = key_server(ok(&set)).await;
    let config = AuthConfig {
        jwks: url,
        ..auth_config(&fixture.keys)
    };
    let verifier = Verifier::open(&config, fixture.clock.clone())
        .await
        .unwrap();
    *verifier.inner.asked.lock().await = Instant::now().checked_sub(40 * SECOND).unwrap();
    let flood = (0..200).map(|number| {
        let token = fixture.with_header(json!({"kid": format!("k{number}")}));
        let verifier = verifier.clone();
        async move { verifier.verify(&token).await.is_err() }
    });
    assert!(
        futures::future::join_all(flood)
            .await
            .into_iter()
            .all(|refused| refused)
    );
    assert_eq!(
        asked.load(Ordering::SeqCst),
        2,
        "once at the start, once for the flood"
    );
    assert!(
        verifier
            .verify(&fixture.with_claims(json!({})))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_key_server_that_redirects_floods_or_errs_is_refused() {
    let fixture = Fixture::new().await;
    let set = json!({"keys": [fixture.keys.signing_key().public_jwk()]}).to_string();
    let (good, _) = key_server(ok(&set)).await;
    let redirect = format!("HTTP/1.1 302 Found\r\nlocation: {good}\r\ncontent-length: 0\r\n\r\n");
    let huge = ok(&format!("{set}{}", " ".repeat(300 * 1024)));
    let error = "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n".to_owned();
    for answer in [redirect, huge, error] {
        let (url, _) = key_server(answer).await;
        let config = AuthConfig {
            jwks: url,
            ..auth_config(&fixture.keys)
        };
        assert!(
            Verifier::open(&config, fixture.clock.clone())
                .await
                .is_err()
        );
    }
}
