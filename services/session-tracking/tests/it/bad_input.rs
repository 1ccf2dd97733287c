//! What is wrong with a call is answered by a code, a reason and a field, and leaves no trace.

use std::time::Duration;

use domain::id::SessionId;
use domain::time::{earlier, later};
use platform::auth::Role;
use platform::status::reason_of;
use proto::error::v1::ErrorReason;
use proto::session::v1 as pb;
use testkit::grpc::{assert_hides, assert_refused};
use testkit::ids::nth;
use tonic::Code;

use crate::events::{added, event, session_id, usd, viewed};
use crate::world::World;

const CARD: &str = "4111111111111111";

#[tokio::test]
async fn a_faulty_event_is_rejected_by_itself() {
    let world = World::start().await;
    let now = world.now();
    let faulty = |change: fn(&mut pb::Event)| {
        let mut event = event(1, now, added("shoe", 5_000));
        change(&mut event);
        event
    };
    let mut card = event(1, now, added("shoe", 5_000));
    card.page = format!("/p/{CARD}");
    let early = event(1, earlier(now, Duration::from_hours(25)), added("shoe", 1));
    let late = event(1, later(now, Duration::from_secs(301)), added("shoe", 1));
    let mut negative = added("shoe", 1);
    if let pb::event::Payload::CartItemAdded(added) = &mut negative {
        added.line.as_mut().unwrap().unit_price = usd(-1);
    }

    let response = world
        .record(vec![
            event(1, now, added("shoe", 5_000)),
            faulty(|event| event.event_id.clear()),
            faulty(|event| event.session_id = "ses_x".to_owned()),
            faulty(|event| event.payload = None),
            card,
            early,
            late,
            event(1, now, negative),
            event(1, now, viewed(pb::PageKind::Unspecified)),
            event(1, now, viewed(pb::PageKind::Cart)),
        ])
        .await;

    assert_eq!((response.accepted_count, response.duplicate_count), (2, 0));
    let rejected: Vec<_> = response
        .rejected
        .iter()
        .map(|event| (event.index, event.field.as_str(), event.reason()))
        .collect();
    assert_eq!(
        rejected,
        [
            (1, "event_id", ErrorReason::Required),
            (2, "session_id", ErrorReason::MalformedId),
            (3, "payload", ErrorReason::Required),
            (4, "page", ErrorReason::CardData),
            (5, "occurred_at", ErrorReason::TimeTooOld),
            (6, "occurred_at", ErrorReason::TimeInFuture),
            (7, "cart_item_added.line.unit_price.minor_units", ErrorReason::NegativeMoney),
            (8, "page_viewed.kind", ErrorReason::Required),
        ]
    );
    assert!(!format!("{response:?}").contains(CARD));
    assert_eq!(world.session(1).await.event_count, 2);
}

#[tokio::test]
async fn a_batch_of_nothing_but_faults_leaves_no_session() {
    let world = World::start().await;
    let mut faulty = event(1, world.now(), added("shoe", 1));
    faulty.visitor_id = "vis_x".to_owned();

    let response = world.record(vec![faulty]).await;

    assert_eq!((response.accepted_count, response.rejected.len()), (0, 1));
    let request = pb::GetSessionRequest {
        session_id: session_id(1),
    };
    let refused = world.platform().get_session(request).await.unwrap_err();
    assert_refused(&refused, Code::NotFound, ErrorReason::NotFound, None);
}

#[tokio::test]
async fn an_empty_or_too_long_batch_is_refused_whole() {
    let world = World::start().await;
    let view = || event(1, world.now(), viewed(pb::PageKind::Browse));
    let refusal = async |events| {
        let request = pb::RecordEventsRequest { events };
        world.platform().record_events(request).await.unwrap_err()
    };

    let empty = refusal(Vec::new()).await;
    let long = refusal((0..1_001).map(|_| view()).collect()).await;

    assert_refused(&empty, Code::InvalidArgument, ErrorReason::Required, Some("events"));
    assert_refused(&long, Code::InvalidArgument, ErrorReason::TooManyItems, Some("events"));
}

#[tokio::test]
async fn a_message_beyond_its_size_is_refused() {
    let world = World::start().await;
    let mut event = event(1, world.now(), viewed(pb::PageKind::Browse));
    event.page = "x".repeat(300 * 1024);

    let request = pb::RecordEventsRequest {
        events: vec![event],
    };
    let refused = world.platform().record_events(request).await.unwrap_err();

    assert_eq!(refused.code(), Code::OutOfRange);
}

#[tokio::test]
async fn reads_name_the_field_at_fault() {
    let world = World::start().await;
    let mut client = world.platform();
    let get = pb::GetSessionRequest {
        session_id: format!("ses_{CARD}"),
    };
    let token = pb::ListSessionsRequest {
        page_token: "made up".to_owned(),
        ..Default::default()
    };
    let phase = pb::ListSessionsRequest {
        phase: Some(99),
        ..Default::default()
    };
    let state = pb::ListSessionsRequest {
        state: Some(0),
        ..Default::default()
    };
    let size = pb::ListSessionsRequest {
        page_size: 201,
        ..Default::default()
    };
    let resume = pb::WatchSessionsRequest {
        resume_token: "1.any.active.1.1".to_owned(),
        ..Default::default()
    };

    let refused = client.get_session(get).await.unwrap_err();
    assert_refused(&refused, Code::InvalidArgument, ErrorReason::CardData, Some("session_id"));
    assert_hides(&refused, CARD);
    for (request, reason, field) in [
        (token, ErrorReason::PageTokenInvalid, "page_token"),
        (phase, ErrorReason::UnknownEnum, "phase"),
        (state, ErrorReason::Required, "state"),
        (size, ErrorReason::OutOfRange, "page_size"),
    ] {
        let refused = client.list_sessions(request).await.unwrap_err();
        assert_refused(&refused, Code::InvalidArgument, reason, Some(field));
    }
    let refused = client.watch_sessions(resume).await.unwrap_err();
    let reason = ErrorReason::ResumeTokenInvalid;
    assert_refused(&refused, Code::InvalidArgument, reason, Some("resume_token"));
}

#[tokio::test]
async fn only_a_good_token_of_the_right_kind_opens_the_door() {
    let world = World::start().await;
    let tokens = world.tokens();
    let request = || pb::RecordEventsRequest {
        events: vec![event(1, world.now(), viewed(pb::PageKind::Browse))],
    };
    for token in [tokens.expired(Role::Platform), tokens.for_other_audience(Role::Platform)] {
        let mut client = world.with_token(&token);
        let refused = client.record_events(request()).await.unwrap_err();
        assert_refused(&refused, Code::Unauthenticated, ErrorReason::TokenInvalid, None);
    }
    for token in [tokens.agent(), tokens.service(), tokens.checkout()] {
        let mut client = world.with_token(&token);
        let refused = client.record_events(request()).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
    }
}

#[tokio::test]
async fn a_browser_speaks_for_its_own_session_only() {
    let world = World::start().await;
    let mut browser = world.with_token(&world.tokens().storefront(nth::<SessionId>(1)));
    let request = pb::RecordEventsRequest {
        events: vec![
            event(1, world.now(), added("shoe", 5_000)),
            event(2, world.now(), added("shoe", 5_000)),
        ],
    };

    let response = browser.record_events(request).await.unwrap().into_inner();

    assert_eq!(response.accepted_count, 1);
    assert_eq!(response.rejected[0].reason(), ErrorReason::ScopeMissing);
    let get = pb::GetSessionRequest {
        session_id: session_id(1),
    };
    let refused = browser.get_session(get).await.unwrap_err();
    assert_eq!(reason_of(&refused), Some(ErrorReason::ScopeMissing));
}

#[tokio::test]
async fn another_tenant_sees_nothing_and_may_use_the_same_ids() {
    let world = World::start().await;
    let mine = event(1, world.now(), added("shoe", 5_000));
    world.send(vec![mine.clone()]).await;
    let mut other = world.with_token(&world.tokens().of_other_tenant(Role::Platform));
    let get = || pb::GetSessionRequest {
        session_id: session_id(1),
    };

    let refused = other.get_session(get()).await.unwrap_err();
    assert_refused(&refused, Code::NotFound, ErrorReason::NotFound, None);
    let listed = other.list_sessions(pb::ListSessionsRequest::default());
    assert_eq!(listed.await.unwrap().into_inner().sessions, []);
    let request = pb::RecordEventsRequest { events: vec![mine] };
    let response = other.record_events(request).await.unwrap().into_inner();
    assert_eq!((response.accepted_count, response.duplicate_count), (1, 0));
}
