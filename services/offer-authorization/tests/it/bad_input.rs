//! What is wrong is named by field and reason, changes nothing and is not repeated.

use std::fmt::Debug;

use proto::error::v1::ErrorReason;
use proto::money::v1::Money;
use proto::offers::v1 as pb;
use proto::remedy::v1::RemedyKind;
use testkit::builders::usd;
use testkit::grpc::assert_refused;
pub(crate) use testkit::spoil::CARD;
use testkit::spoil::assert_invalid;
use tonic::{Code, Response, Status};

use crate::world::{World, a_case, a_programme, authorize, create, fresh, id, redeem, reverse};

type Value = pb::authorize_offer_request::Value;
pub(crate) type Change<T> = (&'static str, ErrorReason, fn(&mut T));

/// The answer to a request that one change has spoiled.
#[track_caller]
pub(crate) fn assert_at<T: Debug>(
    answer: Result<Response<T>, Status>,
    field: &str,
    reason: ErrorReason,
) {
    assert_invalid(&answer.unwrap_err(), reason, field);
}

fn amount(minor_units: i64, currency: &str) -> Money {
    Money {
        minor_units,
        currency: currency.to_owned(),
    }
}

#[tokio::test]
async fn the_ids_of_a_case_are_parsed() {
    let world = World::with_case().await;
    let changes: [Change<pb::RecordCaseRequest>; 7] = [
        ("request_id", ErrorReason::Required, |case| {
            case.request_id.clear();
        }),
        ("request_id", ErrorReason::MalformedId, |case| {
            case.request_id = "x".to_owned();
        }),
        ("intervention_id", ErrorReason::MalformedId, |case| {
            case.intervention_id = id::<domain::id::OfferId>(1);
        }),
        ("revision", ErrorReason::OutOfRange, |case| {
            case.revision = 0;
        }),
        ("revision", ErrorReason::OutOfRange, |case| {
            case.revision = u64::MAX;
        }),
        ("session_id", ErrorReason::Required, |case| {
            case.session_id.clear();
        }),
        ("person_id", ErrorReason::CardData, |case| {
            case.person_id = CARD.to_owned();
        }),
    ];
    for (field, reason, change) in changes {
        let mut case = a_case();
        change(&mut case);
        assert_at(world.service().record_case(case).await, field, reason);
    }
    world.stop().await;
}

#[tokio::test]
async fn what_a_case_says_is_parsed() {
    let world = World::with_case().await;
    let changes: [Change<pb::RecordCaseRequest>; 6] = [
        ("cause", ErrorReason::UnknownEnum, |case| case.cause = 999),
        ("cause", ErrorReason::Required, |case| case.cause = 0),
        ("cart", ErrorReason::Required, |case| case.cart = None),
        (
            "cart.lines[0].unit_price.minor_units",
            ErrorReason::NegativeMoney,
            |case| {
                let cart = case.cart.as_mut().unwrap();
                cart.lines[0].unit_price = Some(amount(-1, "USD"));
            },
        ),
        (
            "cart.shipping.currency",
            ErrorReason::CurrencyMismatch,
            |case| {
                case.cart.as_mut().unwrap().shipping = Some(amount(1, "EUR"));
            },
        ),
        ("agent.agent_id", ErrorReason::CardData, |case| {
            case.agent.as_mut().unwrap().agent_id = CARD.to_owned();
        }),
    ];
    for (field, reason, change) in changes {
        let mut case = a_case();
        change(&mut case);
        assert_at(world.service().record_case(case).await, field, reason);
    }
    world.stop().await;
}

#[tokio::test]
async fn a_request_for_an_offer_is_parsed_field_by_field() {
    let world = World::with_case().await;
    let changes: [Change<pb::AuthorizeOfferRequest>; 12] = [
        ("request_id", ErrorReason::Required, |ask| {
            ask.request_id.clear();
        }),
        ("intervention_id", ErrorReason::Required, |ask| {
            ask.intervention_id.clear();
        }),
        ("remedy", ErrorReason::Required, |ask| ask.remedy = 0),
        ("remedy", ErrorReason::UnknownEnum, |ask| ask.remedy = -1),
        ("remedy", ErrorReason::OutOfRange, |ask| {
            ask.remedy = RemedyKind::Fix.into();
        }),
        ("value", ErrorReason::Required, |ask| ask.value = None),
        ("discount_bps", ErrorReason::InvalidField, |ask| {
            ask.value = Some(Value::DiscountBps(100));
        }),
        ("discount_bps", ErrorReason::OutOfRange, |ask| {
            ask.remedy = RemedyKind::PercentOff.into();
            ask.value = Some(Value::DiscountBps(10_001));
        }),
        ("amount.minor_units", ErrorReason::OutOfRange, |ask| {
            ask.value = Some(Value::Amount(amount(0, "USD")));
        }),
        ("amount.minor_units", ErrorReason::NegativeMoney, |ask| {
            ask.value = Some(Value::Amount(amount(-1, "USD")));
        }),
        ("amount.minor_units", ErrorReason::MoneyOverflow, |ask| {
            ask.value = Some(Value::Amount(amount(i64::MAX, "USD")));
        }),
        ("amount.currency", ErrorReason::UnknownCurrency, |ask| {
            ask.value = Some(Value::Amount(amount(1, "usd")));
        }),
    ];
    for (field, reason, change) in changes {
        let mut ask = authorize(100);
        change(&mut ask);
        assert_at(world.agent().authorize_offer(ask).await, field, reason);
        world.clock.advance(std::time::Duration::from_secs(1));
    }
    assert_eq!(world.money().await, (0, 0));
    assert!(world.told().facts().is_empty());
    world.stop().await;
}

#[tokio::test]
async fn a_redemption_is_parsed_field_by_field() {
    let world = World::with_case().await;
    let held = world.hold(100).await;
    let changes: [Change<pb::RedeemOfferRequest>; 7] = [
        ("offer_token", ErrorReason::Required, |ask| {
            ask.offer_token.clear();
        }),
        ("offer_token", ErrorReason::TooLong, |ask| {
            ask.offer_token = "a".repeat(9_000);
        }),
        ("offer_token", ErrorReason::TokenNotVerified, |ask| {
            ask.offer_token.push('a');
        }),
        ("order_id", ErrorReason::Required, |ask| {
            ask.order_id.clear();
        }),
        ("order_id", ErrorReason::CardData, |ask| {
            ask.order_id = CARD.to_owned();
        }),
        ("order_id", ErrorReason::TooLong, |ask| {
            ask.order_id = "A".repeat(65);
        }),
        ("cart_version", ErrorReason::TokenNotVerified, |ask| {
            ask.cart_version = 2;
        }),
    ];
    for (field, reason, change) in changes {
        let mut ask = redeem(&held);
        change(&mut ask);
        assert_at(world.checkout().redeem_offer(ask).await, field, reason);
    }
    assert_eq!(world.money().await, (100, 0));
    world.stop().await;
}

#[tokio::test]
async fn a_reversal_is_parsed_field_by_field() {
    let world = World::with_case().await;
    let held = world.hold(100).await;
    let answer = world.checkout().redeem_offer(redeem(&held)).await.unwrap();
    let redemption = answer.into_inner().redemption_id;
    let changes: [Change<pb::ReverseRedemptionRequest>; 5] = [
        ("redemption_id", ErrorReason::MalformedId, |ask| {
            ask.redemption_id = "x".to_owned();
        }),
        ("reason", ErrorReason::Required, |ask| ask.reason = 0),
        ("amount.minor_units", ErrorReason::OutOfRange, |ask| {
            ask.amount = Some(amount(0, "USD"));
        }),
        ("amount.minor_units", ErrorReason::OutOfRange, |ask| {
            ask.amount = Some(amount(101, "USD"));
        }),
        ("amount.currency", ErrorReason::CurrencyMismatch, |ask| {
            ask.amount = Some(amount(1, "EUR"));
        }),
    ];
    for (field, reason, change) in changes {
        let mut ask = reverse(&redemption, None);
        change(&mut ask);
        assert_at(
            world.checkout().reverse_redemption(ask).await,
            field,
            reason,
        );
    }
    assert_eq!(world.money().await, (0, 100));
    world.stop().await;
}

#[tokio::test]
async fn what_does_not_exist_has_a_reason_of_its_own() {
    let world = World::with_case().await;
    let offer = id::<domain::id::OfferId>(404);
    let unknown = world
        .agent()
        .release_offer(release(&offer))
        .await
        .unwrap_err();
    assert_refused(&unknown, Code::NotFound, ErrorReason::NotFound, None);
    let top_up = pb::TopUpBudgetRequest {
        request_id: fresh(),
        programme_id: "unknown".to_owned(),
        amount: Some(usd(1).into()),
    };
    let unknown = world.programmes().top_up_budget(top_up).await.unwrap_err();
    assert_refused(
        &unknown,
        Code::NotFound,
        ErrorReason::UnknownProgramme,
        None,
    );
    let twice = world
        .programmes()
        .create_programme(create(a_programme()))
        .await
        .unwrap_err();
    assert_refused(
        &twice,
        Code::FailedPrecondition,
        ErrorReason::AlreadyExists,
        None,
    );
    world.stop().await;
}

#[tokio::test]
async fn what_may_not_follow_has_a_reason_of_its_own() {
    let world = World::with_case().await;
    let held = world.hold(100).await;
    let offer = held.offer.clone().unwrap().offer_id;
    let approve = pb::ApproveOfferRequest {
        request_id: fresh(),
        offer_id: offer.clone(),
    };
    let illegal = world.supervisor().approve_offer(approve).await.unwrap_err();
    assert_refused(
        &illegal,
        Code::FailedPrecondition,
        ErrorReason::IllegalState,
        None,
    );
    world.checkout().redeem_offer(redeem(&held)).await.unwrap();
    let again = world
        .checkout()
        .redeem_offer(redeem(&held))
        .await
        .unwrap_err();
    assert_refused(
        &again,
        Code::FailedPrecondition,
        ErrorReason::AlreadyRedeemed,
        None,
    );
    let ended = world
        .agent()
        .release_offer(release(&offer))
        .await
        .unwrap_err();
    assert_refused(
        &ended,
        Code::FailedPrecondition,
        ErrorReason::OfferEnded,
        None,
    );
    assert_eq!(world.money().await, (0, 100));
    world.stop().await;
}

fn release(offer_id: &str) -> pb::ReleaseOfferRequest {
    pb::ReleaseOfferRequest {
        request_id: fresh(),
        offer_id: offer_id.to_owned(),
    }
}
