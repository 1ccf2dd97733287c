//! Programmes, purses and policies, as an operator runs them.

use std::time::Duration;

use domain::time::later;
use proto::convert::time::wire_timestamp;
use proto::offers::v1 as pb;
use proto::remedy::v1::RemedyKind;
use testkit::builders::usd;
use testkit::clock::start;
use testkit::eventually;

use crate::world::{HOUR, World, a_programme, authorize, create, fresh};

#[tokio::test]
async fn a_programme_is_topped_up_and_frozen() {
    let world = World::with_case().await;
    let mut operator = world.programmes();
    let top_up = pb::TopUpBudgetRequest {
        request_id: fresh(),
        programme_id: "rescue".to_owned(),
        amount: Some(usd(5).into()),
    };
    let answer = operator.top_up_budget(top_up).await.unwrap().into_inner();
    assert_eq!(answer.programme.unwrap().budget, Some(usd(10_005).into()));
    let freeze = pb::SetProgrammeStateRequest {
        request_id: fresh(),
        programme_id: "rescue".to_owned(),
        state: pb::ProgrammeState::Frozen.into(),
    };
    let frozen = operator.set_programme_state(freeze).await.unwrap();
    let state = frozen.into_inner().programme.unwrap().state();
    assert_eq!(state, pb::ProgrammeState::Frozen);
    world.stop().await;
}

#[tokio::test]
async fn purses_are_listed_with_what_is_used_of_them_today() {
    let world = World::with_case().await;
    world.hold(300).await;
    let set = pb::SetPurseRequest {
        request_id: fresh(),
        purse: Some(a_purse()),
    };
    world.programmes().set_purse(set).await.unwrap();

    let list = pb::ListPursesRequest::default();
    let listed = world.programmes().list_purses(list.clone()).await.unwrap();
    let of_south = pb::ListPursesRequest {
        partner_id: "south".to_owned(),
        ..list
    };
    let none = world.programmes().list_purses(of_south).await.unwrap();

    let used = pb::Purse {
        used_today: Some(usd(300).into()),
        ..a_purse()
    };
    assert_eq!(listed.into_inner().purses, [used]);
    assert!(none.into_inner().purses.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn a_margin_floor_is_set_met_listed_and_taken_away() {
    let world = World::with_case().await;
    let mut operator = world.programmes();
    let set = |floor_bps| pb::SetMarginFloorRequest {
        request_id: fresh(),
        floor: Some(pb::MarginFloor {
            category: None,
            remedy: Some(RemedyKind::AmountOff.into()),
            floor_bps,
        }),
    };
    let stored = operator.set_margin_floor(set(Some(4_900))).await.unwrap();
    let floor = stored.into_inner().floor.unwrap();
    let list = pb::ListMarginFloorsRequest::default();
    let listed = operator.list_margin_floors(list.clone()).await.unwrap();
    assert_eq!(listed.into_inner().floors, [floor]);

    // 100 - x >= 49 % of (200 - x) up to x = 3.9215...
    let answer = world.agent().authorize_offer(authorize(393)).await.unwrap();
    let Some(pb::authorize_offer_response::Decision::Refused(refused)) =
        answer.into_inner().decision
    else {
        panic!("granted below the floor");
    };
    let broken = pb::BrokenMarginFloor {
        part: Some(pb::broken_margin_floor::Part::OtherArticles(
            pb::OtherArticles {},
        )),
        floor_bps: 4_900,
        max_amount: Some(usd(392).into()),
    };
    assert_eq!(refused.reasons.len(), 1);
    assert_eq!(refused.reasons[0].broken_floors, [broken]);
    assert_eq!(refused.reasons[0].max_amount, Some(usd(392).into()));

    let gone = operator.set_margin_floor(set(None)).await.unwrap();
    assert_eq!(gone.into_inner().floor.unwrap().floor_bps, None);
    let listed = operator.list_margin_floors(list).await.unwrap();
    assert!(listed.into_inner().floors.is_empty());
    world.hold(393).await;
    world.stop().await;
}

#[tokio::test]
async fn a_policy_is_tried_out_activated_and_listed() {
    let world = World::with_case().await;
    let mut operator = world.programmes();
    world.hold(300).await;

    let stored = operator
        .create_authority_policy(a_policy(200))
        .await
        .unwrap();
    let version = stored.into_inner().policy.unwrap().version;
    let dry = pb::DryRunAuthorityPolicyRequest {
        version,
        ..pb::DryRunAuthorityPolicyRequest::default()
    };
    let dry = operator
        .dry_run_authority_policy(dry)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((dry.decision_count, dry.newly_refused_count), (1, 1));
    let activate = pb::ActivateAuthorityPolicyRequest {
        request_id: fresh(),
        version,
        at: None,
    };
    operator.activate_authority_policy(activate).await.unwrap();
    operator
        .create_authority_policy(a_policy(100))
        .await
        .unwrap();

    let all = pb::ListAuthorityPoliciesRequest::default();
    let listed = operator
        .list_authority_policies(all)
        .await
        .unwrap()
        .into_inner();
    let versions: Vec<_> = listed
        .policies
        .iter()
        .map(|p| (p.version, p.active))
        .collect();
    assert_eq!(versions, [(2, false), (1, true), (0, false)]);
    world.stop().await;
}

#[tokio::test]
async fn policies_in_cedar_decide_by_their_names() {
    let world = World::with_case().await;
    let mut operator = world.programmes();
    let mut policy = a_policy(300);
    policy.policy.as_mut().unwrap().cedar =
        "@id(\"half\") forbid (principal, action, resource) when { context.amount > 150 };"
            .to_owned();
    let stored = operator.create_authority_policy(policy).await.unwrap();
    let version = stored.into_inner().policy.unwrap().version;
    let activate = pb::ActivateAuthorityPolicyRequest {
        request_id: fresh(),
        version,
        at: None,
    };
    operator.activate_authority_policy(activate).await.unwrap();

    let refused = world.agent().authorize_offer(authorize(151)).await;
    let refused = refused.unwrap().into_inner().decision;
    let held = world.hold(150).await;

    let Some(pb::authorize_offer_response::Decision::Refused(refused)) = refused else {
        panic!("not refused: {refused:?}");
    };
    assert_eq!(refused.deciding_policies, ["half"]);
    assert_eq!(refused.reasons[0].max_amount, Some(usd(150).into()));
    assert_eq!(held.offer.unwrap().deciding_policies, ["line-1"]);
    world.stop().await;
}

#[tokio::test]
async fn standings_and_statements_are_told() {
    let world = World::with_case().await;
    world.hold(300).await;
    let standing = pb::Standing {
        partner_id: "north".to_owned(),
        agent_id: "ana".to_owned(),
        tier: "team_leader".to_owned(),
        certificates: vec![pb::Certificate {
            name: "pci".to_owned(),
            expires_at: Some(wire_timestamp(later(start(), HOUR))),
        }],
    };
    let set = pb::SetStandingRequest {
        request_id: fresh(),
        standing: Some(standing.clone()),
    };
    let mut operator = world.programmes();
    operator.set_standing(set).await.unwrap();

    let listed = operator
        .list_standings(pb::ListStandingsRequest::default())
        .await;
    let statement = operator.get_statement(pb::GetStatementRequest {
        from: Some(wire_timestamp(start())),
        until: Some(wire_timestamp(later(start(), HOUR))),
        grouping: pb::StatementGrouping::Agent.into(),
        ..pb::GetStatementRequest::default()
    });
    let statement = statement.await.unwrap().into_inner();

    assert_eq!(listed.unwrap().into_inner().standings, [standing]);
    assert_eq!(statement.lines[0].closing, Some(usd(300).into()));
    assert!(
        statement.csv.contains(",north,ana,USD,0,300,"),
        "{}",
        statement.csv
    );
    world.stop().await;
}

#[tokio::test]
async fn the_ledger_tells_every_movement() {
    let world = World::with_case().await;
    let held = world.hold(300).await;
    let list = pb::ListLedgerEntriesRequest::default();

    let listed = world
        .programmes()
        .list_ledger_entries(list.clone())
        .await
        .unwrap();
    let of_offer = pb::ListLedgerEntriesRequest {
        offer_id: held.offer.unwrap().offer_id,
        ..list
    };
    let only = world
        .programmes()
        .list_ledger_entries(of_offer)
        .await
        .unwrap();

    let entries = listed.into_inner().entries;
    let kinds: Vec<_> = entries.iter().map(pb::LedgerEntry::kind).collect();
    assert_eq!(
        kinds,
        [pb::LedgerEntryKind::Hold, pb::LedgerEntryKind::TopUp]
    );
    assert_eq!(only.into_inner().entries, entries[..1]);
    world.stop().await;
}

/// USD 100.00 a month, of which at most USD 20.00 are carried over.
pub(crate) fn a_monthly_programme() -> pb::Programme {
    pb::Programme {
        ends_at: Some(wire_timestamp(later(start(), HOUR * 24 * 90))),
        budget_periods: Some(pb::BudgetPeriods {
            length: pb::BudgetPeriodLength::Month.into(),
            carry_over: pb::CarryOver::AtMost.into(),
            carry_over_max: Some(usd(2_000).into()),
            ..pb::BudgetPeriods::default()
        }),
        ..a_programme()
    }
}

#[tokio::test]
async fn a_budget_begins_anew_each_month() {
    let world = World::start().await;
    let created = create(a_monthly_programme());
    let created = world.programmes().create_programme(created).await;
    let first = created.unwrap().into_inner().programme.unwrap();
    let periods = first.budget_periods.unwrap();
    assert_eq!(periods.allowance, Some(usd(10_000).into()));

    world.clock.advance(HOUR * 24 * 31);
    let all = pb::ListProgrammesRequest::default();
    let budget = Some(usd(12_000).into());
    eventually(Duration::from_secs(10), || async {
        let listed = world.programmes().list_programmes(all.clone()).await;
        listed.unwrap().into_inner().programmes[0].budget == budget
    })
    .await;

    // The token of a month ago is no good any more.
    let mut operator = world.programmes();
    let listed = operator.list_programmes(all).await.unwrap().into_inner();
    let second = listed.programmes[0].budget_periods.clone().unwrap();
    assert_eq!(second.open_from, periods.open_until);
    let entries = operator.list_ledger_entries(pb::ListLedgerEntriesRequest::default());
    let entries = entries.await.unwrap().into_inner().entries;
    let booked = entries.iter().map(|entry| {
        let amount = entry.amount.clone().unwrap().minor_units;
        (entry.kind(), amount, entry.period_from)
    });
    let (carry_in, carry_out, lapse, top_up) = (
        pb::LedgerEntryKind::CarryIn,
        pb::LedgerEntryKind::CarryOut,
        pb::LedgerEntryKind::Lapse,
        pb::LedgerEntryKind::TopUp,
    );
    let expected = [
        (lapse, 8_000, periods.open_from),
        (carry_in, 2_000, second.open_from),
        (carry_out, 2_000, periods.open_from),
        (top_up, 10_000, second.open_from),
        (top_up, 10_000, periods.open_from),
    ];
    assert_eq!(booked.collect::<Vec<_>>(), expected);
    world.stop().await;
}

#[tokio::test]
async fn programmes_are_listed_by_id_in_pages() {
    let world = World::with_case().await;
    let another = pb::Programme {
        programme_id: "another".to_owned(),
        ..a_programme()
    };
    world
        .programmes()
        .create_programme(create(another))
        .await
        .unwrap();
    let mut page = pb::ListProgrammesRequest {
        page_size: 1,
        page_token: String::new(),
    };

    let first = world
        .programmes()
        .list_programmes(page.clone())
        .await
        .unwrap()
        .into_inner();
    page.page_token = first.next_page_token;
    let second = world
        .programmes()
        .list_programmes(page)
        .await
        .unwrap()
        .into_inner();

    assert_eq!(first.programmes[0].programme_id, "another");
    assert_eq!(second.programmes[0].programme_id, "rescue");
    assert!(second.next_page_token.is_empty());
    world.stop().await;
}

/// USD 10.00 a day for all agents of the partner.
pub(crate) fn a_purse() -> pb::Purse {
    pb::Purse {
        partner_id: "north".to_owned(),
        daily_limit: Some(usd(1_000).into()),
        ..pb::Purse::default()
    }
}

/// Agents take so much off.
pub(crate) fn a_policy(max_amount: i64) -> pb::CreateAuthorityPolicyRequest {
    pb::CreateAuthorityPolicyRequest {
        request_id: fresh(),
        policy: Some(pb::AuthorityPolicy {
            purpose: "a test".to_owned(),
            grants: vec![pb::AuthorityGrant {
                role: pb::GrantorRole::Agent.into(),
                remedy: RemedyKind::AmountOff.into(),
                max_amount: Some(usd(max_amount).into()),
                max_bps: 10_000,
                ..pb::AuthorityGrant::default()
            }],
            ..pb::AuthorityPolicy::default()
        }),
    }
}
