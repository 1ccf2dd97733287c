//! What is wrong with a call is answered by a code, a reason and a field, and leaves no trace.

use domain::id::SessionId;
use platform::auth::Role;
use platform::status::reason_of;
use proto::error::v1::ErrorReason;
use proto::session::v1 as pb;
use testkit::grpc::assert_refused;
use testkit::ids::nth;
use testkit::spoil::{CARD, assert_invalid};
use tonic::Code;

use crate::events::{added, declined, event, ordered, session_id, shopper_id, viewed};
use crate::world::World;

type Spoil = fn(&mut pb::Event);

const FAULTS: [(Spoil, &str, ErrorReason); 9] = [
    (|it| it.event_id.clear(), "event_id", ErrorReason::Required),
    (
        |it| it.session_id.push('x'),
        "session_id",
        ErrorReason::MalformedId,
    ),
    (|it| it.payload = None, "payload", ErrorReason::Required),
    (|it| it.page.push_str(CARD), "page", ErrorReason::CardData),
    (|it| age(it, -1_801), "occurred_at", ErrorReason::TimeTooOld),
    (
        |it| {
            it.payload = Some(ordered("A-1", 5_000));
            age(it, -86_401);
        },
        "occurred_at",
        ErrorReason::TimeTooOld,
    ),
    (|it| age(it, 301), "occurred_at", ErrorReason::TimeInFuture),
    (
        |it| it.payload = Some(added("shoe", -4)),
        "cart_item_added.line.unit_price.minor_units",
        ErrorReason::NegativeMoney,
    ),
    (
        |it| it.payload = Some(viewed(pb::PageKind::Unspecified)),
        "page_viewed.kind",
        ErrorReason::Required,
    ),
];

/// Moves an event in time.
fn age(event: &mut pb::Event, seconds: i64) {
    event.occurred_at.as_mut().unwrap().seconds += seconds;
}

#[tokio::test]
async fn a_faulty_event_is_rejected_by_itself() {
    let world = World::start().await;
    let good = || event(1, world.now(), added("shoe", 5_000));
    let faulty = FAULTS.map(|(spoil, _, _)| {
        let mut event = good();
        spoil(&mut event);
        event
    });

    let response = world
        .record([&[good()], faulty.as_slice(), &[good()]].concat())
        .await;

    assert_eq!((response.accepted_count, response.duplicate_count), (2, 0));
    let rejected = response.rejected.iter();
    let rejected: Vec<_> = rejected
        .map(|event| (event.index, event.field.as_str(), event.reason()))
        .collect();
    let expected = (1..)
        .zip(FAULTS)
        .map(|(index, (_, field, reason))| (index, field, reason));
    assert_eq!(rejected, expected.collect::<Vec<_>>());
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

    assert_invalid(&empty, ErrorReason::Required, "events");
    assert_invalid(&long, ErrorReason::TooManyItems, "events");
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

    let reason = ErrorReason::Unreadable;
    assert_refused(&refused, Code::InvalidArgument, reason, None);
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
    assert_invalid(&refused, ErrorReason::CardData, "session_id");
    for (request, reason, field) in [
        (token, ErrorReason::PageTokenInvalid, "page_token"),
        (phase, ErrorReason::UnknownEnum, "phase"),
        (state, ErrorReason::Required, "state"),
        (size, ErrorReason::OutOfRange, "page_size"),
    ] {
        let refused = client.list_sessions(request).await.unwrap_err();
        assert_invalid(&refused, reason, field);
    }
    let refused = client.watch_sessions(resume).await.unwrap_err();
    assert_invalid(&refused, ErrorReason::ResumeTokenInvalid, "resume_token");
}

#[tokio::test]
async fn only_a_good_token_of_the_right_kind_opens_the_door() {
    let world = World::start().await;
    let tokens = world.tokens();
    let request = || pb::RecordEventsRequest {
        events: vec![event(1, world.now(), viewed(pb::PageKind::Browse))],
    };
    for token in [
        tokens.expired(Role::Platform),
        tokens.for_other_audience(Role::Platform),
    ] {
        let mut client = world.with_token(&token);
        let refused = client.record_events(request()).await.unwrap_err();
        assert_refused(
            &refused,
            Code::Unauthenticated,
            ErrorReason::TokenInvalid,
            None,
        );
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
        events: [1, 2]
            .map(|n| event(n, world.now(), viewed(pb::PageKind::Browse)))
            .to_vec(),
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

/// Each is refused by itself, and what a page sees is taken beside it.
#[tokio::test]
async fn a_browser_tells_of_nothing_that_binds_the_shop() {
    let world = World::start().await;
    let mut browser = world.with_token(&world.tokens().storefront(nth::<SessionId>(1)));
    let now = world.now();
    let named = pb::Event {
        shopper_id: Some(shopper_id(9)),
        ..event(1, now, viewed(pb::PageKind::Browse))
    };
    let request = pb::RecordEventsRequest {
        events: vec![
            event(1, now, declined()),
            event(1, now, ordered("A-1", 5_000)),
            named,
        ],
    };

    let response = browser.record_events(request).await.unwrap().into_inner();

    assert_eq!(response.accepted_count, 1);
    let refused: Vec<_> = response
        .rejected
        .iter()
        .map(|refused| (refused.index, refused.field.as_str(), refused.reason()))
        .collect();
    let reason = ErrorReason::ScopeMissing;
    assert_eq!(
        refused,
        [(1, "order_placed", reason), (2, "shopper_id", reason),]
    );
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
