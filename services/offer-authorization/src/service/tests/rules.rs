//! Programmes, purses, policies, and what may be granted before anybody asks.

use std::time::Duration;

use domain::cause::Cause;
use domain::fact::FactBody;
use domain::id::{AgentId, ProgrammeId};
use domain::money::{Currency, MAX_MINOR_UNITS, Money};
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use domain::time::{earlier, later};
use platform::paging::PageRequest;
use prost::Message as _;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::Query;
use storage::Database;
use testkit::builders::{a_cart, usd};
use testkit::on_each_engine;

use super::World;
use super::world::{granted, request};
use crate::authority::GrantorRole;
use crate::case::CaseAgent;
use crate::error::OfferError;
use crate::programme::{Programme, ProgrammeState};
use crate::samples::{ana, colleague, line, programme, stranger};
use crate::service::{AuthorityReport, CheckAuthority, Grantors, Viewer};
use crate::store::ledger::EntryFilter;
use crate::store::migrations;

pub(super) async fn check(world: &World, agents: Vec<CaseAgent>, cause: Cause) -> AuthorityReport {
    let command = CheckAuthority {
        grantors: Grantors::Available(agents),
        cause,
        cart: a_cart().with_value(20_000).with_margin(10_000).build(),
        ladder: vec![RemedyKind::AmountOff, RemedyKind::Information],
        person: None,
        session: None,
        channel: None,
    };
    let report = world.service.check(&world.tenant, &Viewer::Tenant, command);
    report.await.unwrap()
}

async fn somebody_empowered_is_enough(database: Database) {
    let world = World::with_budget(database, 700).await;
    let mut small = line(GrantorRole::Agent, RemedyKind::AmountOff, usd(500));
    small.reach = crate::authority::Reach::Person(ana());
    let mut large = line(GrantorRole::Agent, RemedyKind::AmountOff, usd(900));
    large.reach = crate::authority::Reach::Person(colleague("bo"));
    world.policy(vec![small, large]).await;
    let most = |report: &AuthorityReport| {
        let last = report
            .remedies
            .last()
            .and_then(|remedy| remedy.money.clone());
        last.map(|(most, _)| most.minor_units())
    };

    let both = check(&world, vec![ana(), colleague("bo")], Cause::PromoCode).await;
    assert!(both.empowered);
    assert_eq!(
        both.remedies[0].kind,
        RemedyKind::Information,
        "explain first"
    );
    assert_eq!(
        most(&both),
        Some(700),
        "the budget is less than the authority"
    );
    let one = check(&world, vec![ana()], Cause::PromoCode).await;
    assert_eq!(most(&one), Some(500));
}

async fn who_can_only_explain_is_not_empowered_for_a_cost(database: Database) {
    let world = World::with_budget(database, 700).await;
    world
        .policy(vec![line(
            GrantorRole::Supervisor,
            RemedyKind::AmountOff,
            usd(500),
        )])
        .await;

    let cost = check(&world, vec![ana()], Cause::UnexpectedCost).await;
    assert!(!cost.empowered);
    assert_eq!(cost.remedies.len(), 1, "an explanation is always allowed");
    assert_eq!(cost.refused[0].reasons, [OfferRefusal::RemedyNotAllowed]);
    let doubt = check(&world, vec![], Cause::ProductDoubt).await;
    assert!(doubt.empowered);
}

async fn an_empty_budget_and_purse_are_told_apart(database: Database) {
    let world = World::with_budget(database, 0).await;
    let budget = check(&world, vec![ana()], Cause::UnexpectedCost).await;
    assert_eq!(budget.refused[0].reasons, [OfferRefusal::BudgetExhausted]);

    let more = world.service.top_up(world.key(), programme().id, usd(100));
    more.await.unwrap();
    world.set_purse(None, 0).await;
    let purse = check(&world, vec![ana()], Cause::UnexpectedCost).await;
    assert_eq!(purse.refused[0].reasons, [OfferRefusal::PurseExhausted]);
}

async fn a_partner_asks_for_its_own_agents_only(database: Database) {
    let world = World::with_budget(database, 700).await;
    let command = CheckAuthority {
        grantors: Grantors::Available(vec![ana()]),
        cause: Cause::UnexpectedCost,
        cart: a_cart().build(),
        ladder: Vec::new(),
        person: None,
        session: None,
        channel: None,
    };
    let south = Viewer::Partner(stranger().partner);

    let refused = world.service.check(&world.tenant, &south, command).await;

    assert!(matches!(refused, Err(OfferError::PartnerUnknown)));
}

async fn a_purse_is_good_for_a_day_and_set_for_today_too(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let offer = world.hold(1, 600).await;
    world.redeem(&offer).await.unwrap();
    assert_eq!(
        world.set_purse(Some(ana()), 1_000).await,
        600,
        "counted before it was set"
    );
    world.case(2).await;
    assert_eq!(world.refused(2, 401).await, [OfferRefusal::PurseExhausted]);

    assert_eq!(
        world.set_purse(Some(ana()), 100).await,
        600,
        "what is granted stays granted"
    );
    assert_eq!(world.refused(2, 1).await, [OfferRefusal::PurseExhausted]);
    world.prove().await;

    world.pass(Duration::from_hours(14)).await;
    assert_eq!(world.refused(2, 101).await, [OfferRefusal::PurseExhausted]);
    granted(world.ask(2, 100).await);
    world.prove().await;
}

async fn agents_share_the_purse_of_their_partner(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    world.set_purse(None, 1_000).await;
    world.set_purse(Some(ana()), 800).await;
    world.hold(1, 700).await;
    world
        .case_of(2, |case| case.agent = Some(colleague("bo")))
        .await;
    let mut request = request(2, 301);
    request.who = colleague("bo");

    let refused = world
        .service
        .authorize(world.key(), request.clone())
        .await
        .unwrap();
    let refused = super::world::refusal(refused);
    assert_eq!(refused.reasons, [OfferRefusal::PurseExhausted]);
    assert_eq!(refused.most, Some(usd(300)));

    request.asked = crate::amounts::Asked::Amount(usd(300));
    granted(world.service.authorize(world.key(), request).await.unwrap());
    world.prove().await;
}

async fn a_purse_keeps_its_currency(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    world.set_purse(None, 1_000).await;
    let euros = crate::programme::Purse {
        owner: crate::programme::PurseOwner {
            partner: ana().partner,
            agent: None,
        },
        daily_limit: Money::new(5, Currency::EUR).unwrap(),
    };

    let refused = world.service.set_purse(world.key(), euros).await;

    assert!(
        matches!(refused, Err(OfferError::Invalid(fault)) if fault.field.ends_with("currency"))
    );
}

async fn a_frozen_programme_grants_nothing_and_keeps_its_holds(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let offer = world.hold(1, 100).await;
    let set = |state| {
        world
            .service
            .set_programme_state(world.key(), programme().id, state)
    };
    set(ProgrammeState::Frozen).await.unwrap();
    world.case(2).await;

    assert_eq!(
        world.refused(2, 100).await,
        [OfferRefusal::ProgrammeInactive]
    );
    world.redeem(&offer).await.unwrap();
    set(ProgrammeState::Active).await.unwrap();
    granted(world.ask(2, 100).await);
}

async fn a_budget_grows_up_to_the_largest_amount(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let top_up = |amount| world.service.top_up(world.key(), programme().id, amount);

    assert_eq!(top_up(usd(500)).await.unwrap().budget, usd(1_500));
    assert!(matches!(
        top_up(usd(MAX_MINOR_UNITS)).await,
        Err(OfferError::Invalid(_))
    ));
    let euros = Money::new(1, Currency::EUR).unwrap();
    assert!(matches!(top_up(euros).await, Err(OfferError::Invalid(_))));
    let unknown = ProgrammeId::parse("unknown").unwrap();
    let nowhere = world.service.top_up(world.key(), unknown, usd(1)).await;
    assert!(matches!(nowhere, Err(OfferError::ProgrammeUnknown)));
    let again = world
        .service
        .create_programme(world.key(), programme(), usd(1))
        .await;
    assert!(matches!(again, Err(OfferError::ProgrammeExists)));
    world.prove().await;
}

async fn the_money_that_ends_first_is_used_first(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let ending = |name: &str, days: i64| Programme {
        id: ProgrammeId::parse(name).unwrap(),
        ends_at: if days > 0 {
            later(world.now(), Duration::from_hours(12))
        } else {
            earlier(world.now(), Duration::from_hours(1))
        },
        offers_per_person: 9,
        ..programme()
    };
    for (name, days) in [("z-soon", 1), ("a-over", -1)] {
        let created = world
            .service
            .create_programme(world.key(), ending(name, days), usd(150));
        created.await.unwrap();
    }
    world.case(1).await;

    let first = granted(world.ask(1, 100).await);
    let second = granted(world.ask(1, 100).await);

    assert_eq!(first.terms.programme.as_str(), "z-soon");
    assert_eq!(
        second.terms.programme,
        programme().id,
        "the other has no room"
    );
    world.prove().await;
}

async fn a_programme_of_long_ago_is_forgotten(database: Database) {
    let ended = Programme {
        ends_at: earlier(testkit::clock::start(), Duration::from_hours(1)),
        ..programme()
    };
    let world = World::with(database, ended, usd(1_000)).await;
    world.case(1).await;

    assert_eq!(world.refused(1, 100).await, [OfferRefusal::OutsidePeriod]);
    world.clock.advance(Duration::from_hours(24 * 30));
    assert_eq!(
        world.refused(1, 100).await,
        [OfferRefusal::RemedyNotAllowed]
    );
}

async fn entries_are_listed_the_newest_first(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let offer = world.hold(1, 100).await;
    world.redeem(&offer).await.unwrap();
    let page = PageRequest::parse(2, "").unwrap();
    let all = EntryFilter::default();

    let first = world
        .service
        .list_entries(&world.tenant, &all, &page)
        .await
        .unwrap();
    let next = PageRequest::parse(2, &first.next_page_token).unwrap();
    let second = world
        .service
        .list_entries(&world.tenant, &all, &next)
        .await
        .unwrap();

    let kinds: Vec<_> = [first.items, second.items]
        .concat()
        .iter()
        .map(|entry| entry.kind.as_str())
        .collect();
    assert_eq!(kinds, ["redeem", "hold", "top_up"]);
}

async fn kpi_is_told_what_becomes_of_offers(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let offer = world.hold(1, 600).await;
    world.refused(1, 600).await;
    world.redeem(&offer).await.unwrap();
    let mut facts = Vec::new();
    let select = Query::select()
        .column("payload")
        .from("outbox")
        .order_by("id", sea_orm::Order::Asc)
        .take();
    for row in world.database().read().query_all(&select).await.unwrap() {
        let payload: Vec<u8> = row.try_get("", "payload").unwrap();
        let request = proto::kpi::v1::RecordFactsRequest::decode(payload.as_slice()).unwrap();
        for fact in request.facts {
            facts.push(domain::fact::Fact::try_from(fact).unwrap());
        }
    }

    assert_eq!(facts.len(), 3);
    assert!(matches!(&facts[0].body, FactBody::OfferHeld { amount, .. } if *amount == usd(600)));
    assert!(matches!(&facts[1].body, FactBody::OfferRefused { .. }));
    assert!(
        matches!(&facts[2].body, FactBody::OfferRedeemed { offer: told, .. } if *told == offer.terms.id)
    );
    for fact in facts {
        assert_eq!(fact.intervention, Some(offer.terms.intervention));
        assert_eq!(fact.agent, Some(AgentId::parse("ana").unwrap()));
    }
}

on_each_engine!(
    [
        somebody_empowered_is_enough,
        who_can_only_explain_is_not_empowered_for_a_cost,
        an_empty_budget_and_purse_are_told_apart,
        a_partner_asks_for_its_own_agents_only,
        a_purse_is_good_for_a_day_and_set_for_today_too,
        agents_share_the_purse_of_their_partner,
        a_purse_keeps_its_currency,
        a_frozen_programme_grants_nothing_and_keeps_its_holds,
        a_budget_grows_up_to_the_largest_amount,
        the_money_that_ends_first_is_used_first,
        a_programme_of_long_ago_is_forgotten,
        entries_are_listed_the_newest_first,
        kpi_is_told_what_becomes_of_offers,
    ],
    migrations()
);
