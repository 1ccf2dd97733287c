//! Programmes, policies and lists that are wrong are refused whole.

use proto::error::v1::ErrorReason;
use proto::offers::v1 as pb;
use proto::remedy::v1::RemedyKind;
use testkit::builders::usd;

use crate::bad_input::{CARD, Change, assert_at};
use crate::rules::{a_monthly_programme, a_policy};
use crate::world::{World, a_programme, create, fresh};

#[tokio::test]
async fn what_a_programme_is_for_is_parsed() {
    let world = World::start().await;
    let changes: [Change<pb::Programme>; 6] = [
        ("programme.programme_id", ErrorReason::MalformedId, |p| {
            p.programme_id = "A b".into();
        }),
        ("programme.programme_id", ErrorReason::CardData, |p| {
            p.programme_id = CARD.into();
        }),
        ("programme.remedies", ErrorReason::Required, |p| {
            p.remedies.clear();
        }),
        ("programme.remedies[0]", ErrorReason::OutOfRange, |p| {
            p.remedies = vec![RemedyKind::Information.into()];
        }),
        ("programme.remedies[1]", ErrorReason::DuplicateItem, |p| {
            p.remedies = vec![RemedyKind::Perk.into(); 2];
        }),
        ("programme.budget", ErrorReason::Required, |p| {
            p.budget = None;
        }),
    ];
    for (field, reason, change) in changes {
        let mut programme = a_programme();
        change(&mut programme);
        let answer = world.programmes().create_programme(create(programme)).await;
        assert_at(answer, field, reason);
    }
    let all = pb::ListProgrammesRequest::default();
    let listed = world.programmes().list_programmes(all).await.unwrap();
    assert!(listed.into_inner().programmes.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn the_limits_of_a_programme_are_parsed() {
    let world = World::start().await;
    let changes: [Change<pb::Programme>; 6] = [
        ("programme.starts_at", ErrorReason::Required, |p| {
            p.starts_at = None;
        }),
        ("programme.ends_at", ErrorReason::OutOfRange, |p| {
            p.ends_at = p.starts_at;
        }),
        ("programme.margin_floor_bps", ErrorReason::OutOfRange, |p| {
            p.margin_floor_bps = 10_001;
        }),
        (
            "programme.offers_per_person",
            ErrorReason::OutOfRange,
            |p| p.offers_per_person = 0,
        ),
        (
            "programme.offers_per_person",
            ErrorReason::OutOfRange,
            |p| p.offers_per_person = 1_001,
        ),
        ("programme.hold_ttl", ErrorReason::OutOfRange, |p| {
            p.hold_ttl = Some(prost_types::Duration {
                seconds: 59,
                nanos: 0,
            });
        }),
    ];
    for (field, reason, change) in changes {
        let mut programme = a_programme();
        change(&mut programme);
        let answer = world.programmes().create_programme(create(programme)).await;
        assert_at(answer, field, reason);
    }
    let all = pb::ListProgrammesRequest::default();
    let listed = world.programmes().list_programmes(all).await.unwrap();
    assert!(listed.into_inner().programmes.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn the_periods_of_a_budget_are_parsed() {
    let world = World::start().await;
    let at = |field: &str| format!("programme.budget_periods.{field}");
    let changes: [Change<pb::BudgetPeriods>; 7] = [
        ("length", ErrorReason::Required, |p| p.length = 0),
        ("carry_over", ErrorReason::Required, |p| p.carry_over = 0),
        ("carry_over_max", ErrorReason::Required, |p| {
            p.carry_over_max = None;
        }),
        ("carry_over_max.minor_units", ErrorReason::OutOfRange, |p| {
            p.carry_over_max = Some(usd(0).into());
        }),
        (
            "carry_over_max.currency",
            ErrorReason::CurrencyMismatch,
            |p| p.carry_over_max.as_mut().unwrap().currency = "EUR".to_owned(),
        ),
        ("carry_over_max", ErrorReason::OutOfRange, |p| {
            p.carry_over = pb::CarryOver::All.into();
        }),
        ("allowance.currency", ErrorReason::CardData, |p| {
            p.allowance = Some(usd(1).into());
            p.allowance.as_mut().unwrap().currency = CARD.to_owned();
        }),
    ];
    for (field, reason, change) in changes {
        let mut programme = a_monthly_programme();
        change(programme.budget_periods.as_mut().unwrap());
        let answer = world.programmes().create_programme(create(programme)).await;
        assert_at(answer, &at(field), reason);
    }
    world.stop().await;
}

#[tokio::test]
async fn a_margin_floor_is_parsed() {
    let world = World::start().await;
    let changes: [Change<pb::MarginFloor>; 5] = [
        ("floor.category", ErrorReason::Required, |floor| {
            floor.category = Some(String::new());
        }),
        ("floor.category", ErrorReason::CardData, |floor| {
            floor.category = Some(CARD.to_owned());
        }),
        ("floor.remedy", ErrorReason::Required, |floor| {
            floor.remedy = Some(0);
        }),
        ("floor.remedy", ErrorReason::OutOfRange, |floor| {
            floor.remedy = Some(RemedyKind::Information.into());
        }),
        ("floor.floor_bps", ErrorReason::OutOfRange, |floor| {
            floor.floor_bps = Some(10_001);
        }),
    ];
    for (field, reason, change) in changes {
        let mut floor = pb::MarginFloor {
            category: Some("Shoes".to_owned()),
            remedy: Some(RemedyKind::Perk.into()),
            floor_bps: Some(500),
        };
        change(&mut floor);
        let request = pb::SetMarginFloorRequest {
            request_id: fresh(),
            floor: Some(floor),
        };
        let answer = world.programmes().set_margin_floor(request).await;
        assert_at(answer, field, reason);
    }
    world.stop().await;
}

#[tokio::test]
async fn a_policy_is_checked_whole() {
    let world = World::start().await;
    let changes: [Change<pb::AuthorityPolicy>; 12] = [
        ("policy.purpose", ErrorReason::Required, |p| {
            p.purpose.clear();
        }),
        ("policy.purpose", ErrorReason::TooLong, |p| {
            p.purpose = "a".repeat(257);
        }),
        ("policy.purpose", ErrorReason::CardData, |p| {
            p.purpose = CARD.to_owned();
        }),
        ("policy.grants", ErrorReason::Required, |p| p.grants.clear()),
        ("policy.grants[1]", ErrorReason::DuplicateItem, |p| {
            p.grants.push(p.grants[0].clone());
        }),
        ("policy.grants[0].role", ErrorReason::Required, |p| {
            p.grants[0].role = 0;
        }),
        ("policy.grants[0].partner_id", ErrorReason::Required, |p| {
            p.grants[0].agent_id = "ana".to_owned();
        }),
        ("policy.grants[0].max_bps", ErrorReason::OutOfRange, |p| {
            p.grants[0].max_bps = 0;
        }),
        ("policy.cedar", ErrorReason::InvalidField, |p| {
            p.cedar = "permit everything".to_owned();
        }),
        ("policy.cedar", ErrorReason::TooLong, |p| {
            p.cedar = " ".repeat(32_769);
        }),
        ("policy.cedar", ErrorReason::CardData, |p| {
            p.cedar = format!("// {CARD}");
        }),
        ("policy.grants", ErrorReason::TooManyItems, |p| {
            p.grants = vec![p.grants[0].clone(); 201];
        }),
    ];
    for (field, reason, change) in changes {
        let mut request = a_policy(100);
        change(request.policy.as_mut().unwrap());
        let answer = world.programmes().create_authority_policy(request).await;
        assert_at(answer, field, reason);
    }
    world.stop().await;
}

#[tokio::test]
async fn lists_refuse_foreign_tokens_and_oversized_pages() {
    let world = World::start().await;
    let list = |page_size, page_token: &str| pb::ListOffersRequest {
        page_size,
        page_token: page_token.to_owned(),
        ..pb::ListOffersRequest::default()
    };
    let long = world.agent().list_offers(list(201, "")).await;
    assert_at(long, "page_size", ErrorReason::OutOfRange);
    let foreign = world.agent().list_offers(list(1, "foreign")).await;
    assert_at(foreign, "page_token", ErrorReason::PageTokenInvalid);
    let mut unknown = list(1, "");
    unknown.state = Some(0);
    let unset = world.agent().list_offers(unknown).await;
    assert_at(unset, "state", ErrorReason::Required);
    world.stop().await;
}
