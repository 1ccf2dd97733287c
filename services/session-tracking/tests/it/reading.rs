//! Lists of sessions.

use proto::cause::v1::RiskPhase;
use proto::error::v1::ErrorReason;
use proto::session::v1 as pb;
use testkit::spoil::assert_invalid;

use crate::events::{added, declined, event, ordered, session_id, step, viewed};
use crate::world::World;

async fn listed(world: &World, request: pb::ListSessionsRequest) -> Vec<String> {
    let response = world
        .platform()
        .list_sessions(request)
        .await
        .unwrap()
        .into_inner();
    response
        .sessions
        .into_iter()
        .map(|session| session.session_id)
        .collect()
}

#[tokio::test]
async fn sessions_are_paged_the_last_active_first() {
    let world = World::start().await;
    for n in 1..=5 {
        let now = world.pass(1);
        world
            .send(vec![event(n, now, viewed(pb::PageKind::Browse))])
            .await;
    }
    let mut seen = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListSessionsRequest {
            page_size: 2,
            page_token,
            ..Default::default()
        };
        let page = world
            .platform()
            .list_sessions(request)
            .await
            .unwrap()
            .into_inner();
        seen.extend(page.sessions.into_iter().map(|session| session.session_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }

    let expected: Vec<_> = (1..=5).rev().map(session_id).collect();
    assert_eq!(seen, expected);
}

fn usd(minor_units: i64) -> proto::money::v1::Money {
    proto::money::v1::Money {
        minor_units,
        currency: "USD".to_owned(),
    }
}

#[tokio::test]
async fn carts_are_listed_by_their_value() {
    let world = World::start().await;
    for (n, price) in [(1, 300), (2, 900), (3, 100), (4, 500)] {
        let now = world.pass(1);
        world.send(vec![event(n, now, added("shoe", price))]).await;
    }
    let by_value = |least, page_token| pb::ListSessionsRequest {
        min_cart_value: Some(usd(least)),
        ordering: pb::SessionOrdering::CartValue.into(),
        page_size: 2,
        page_token,
        ..Default::default()
    };

    let mut client = world.platform();
    let first = client.list_sessions(by_value(300, String::new())).await;
    let first = first.unwrap().into_inner();
    let token = first.next_page_token.clone();
    let other_list = client.list_sessions(by_value(200, token.clone())).await;

    let ids = |page: pb::ListSessionsResponse| {
        let sessions = page.sessions.into_iter();
        sessions.map(|found| found.session_id).collect::<Vec<_>>()
    };
    assert_eq!(ids(first), [session_id(2), session_id(4)]);
    assert_eq!(listed(&world, by_value(300, token)).await, [session_id(1)]);
    let refused = other_list.unwrap_err();
    assert_invalid(&refused, ErrorReason::PageTokenInvalid, "page_token");
    let at_least = pb::ListSessionsRequest {
        min_cart_value: Some(usd(301)),
        ..Default::default()
    };
    assert_eq!(
        listed(&world, at_least).await,
        [session_id(4), session_id(2)]
    );
}

#[tokio::test]
async fn filters_choose_by_phase_state_and_hesitation() {
    let world = World::start().await;
    let now = world.now();
    world
        .send(vec![event(1, now, viewed(pb::PageKind::Browse))])
        .await;
    world
        .send(vec![
            event(2, now, step(pb::CheckoutStep::Payment)),
            event(2, now, declined()),
        ])
        .await;
    world
        .send(vec![
            event(3, now, added("shoe", 1)),
            event(3, now, ordered("A-1", 1)),
        ])
        .await;
    let all = pb::ListSessionsRequest::default;

    let in_checkout = pb::ListSessionsRequest {
        phase: Some(RiskPhase::TransactionalFriction.into()),
        ..all()
    };
    let sold = pb::ListSessionsRequest {
        state: Some(pb::SessionState::Ordered.into()),
        ..all()
    };
    let hesitating = pb::ListSessionsRequest {
        hesitating: Some(true),
        ..all()
    };
    let calm = pb::ListSessionsRequest {
        hesitating: Some(false),
        ..all()
    };

    assert_eq!(listed(&world, in_checkout).await, [session_id(2)]);
    assert_eq!(listed(&world, sold).await, [session_id(3)]);
    assert_eq!(listed(&world, hesitating).await, [session_id(2)]);
    assert_eq!(listed(&world, calm).await, [session_id(3), session_id(1)]);
}
