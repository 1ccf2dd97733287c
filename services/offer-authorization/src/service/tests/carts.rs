//! One cart is one cart, in however many interventions; and what is checked beforehand is what counts later.

use std::time::Duration;

use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use futures::future::join_all;
use storage::Database;
use testkit::builders::usd;
use testkit::on_each_engine;

use super::World;
use super::world::{granted, pending, refusal, request, thrifty};
use crate::authority::{Certificate, GrantorRole, Standing};
use crate::case::{Case, CaseAgent};
use crate::error::OfferError;
use crate::programme::Programme;
use crate::samples::{ana, colleague, programme};
use crate::service::{AuthorityReport, Authorization, CheckAuthority, Grantors, Viewer};
use crate::store::migrations;
use crate::store::standings::KnownPerson;

/// A case on the cart of case 1.
async fn same_cart(world: &World, number: u64) -> Case {
    let one = world.case(1).await;
    world
        .case_of(number, |case| {
            case.session = one.session;
            case.person = one.person;
        })
        .await
}

fn check_of(case: &Case) -> CheckAuthority {
    CheckAuthority {
        grantors: Grantors::Caller(GrantorRole::Agent, ana()),
        cause: case.cause,
        cart: case.cart.clone(),
        ladder: vec![RemedyKind::AmountOff],
        person: None,
        session: None,
        channel: None,
    }
}

async fn check(world: &World, command: CheckAuthority) -> Result<AuthorityReport, OfferError> {
    world
        .service
        .check(&world.tenant, &Viewer::Tenant, command)
        .await
}

async fn an_offer_brings_in_what_it_and_the_contact_cost(database: Database) {
    let first = World::bare(database);
    let world = first.beside(thrifty());
    let often = Programme {
        offers_per_person: 10,
        ..programme()
    };
    world.open(often, usd(10_000)).await;
    // A tenth of the margin of USD 100.00, less USD 3.00 for the contact.
    let case = world.case(1).await;
    let most_now = most(&world, check_of(&case)).await;
    assert_eq!(most_now, 700);

    let refused = refusal(world.ask(1, 701).await);
    assert_eq!(refused.reasons, [OfferRefusal::NotWorthwhile]);
    assert_eq!(refused.most, Some(usd(700)), "what would pass is told");
    granted(world.ask(1, 600).await);
    let rest = refusal(world.ask(1, 101).await);

    assert_eq!(rest.reasons, [OfferRefusal::NotWorthwhile]);
    assert_eq!(rest.most, Some(usd(100)), "what was granted counts");
}

/// The most that may be taken off.
async fn most(world: &World, command: CheckAuthority) -> i64 {
    let report = check(world, command).await.unwrap();
    let money = report
        .remedies
        .first()
        .and_then(|remedy| remedy.money.clone());
    money.map_or(0, |(most, _)| most.minor_units())
}

async fn earlier_offers_on_a_cart_count_in_every_intervention(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let case = same_cart(&world, 2).await;
    granted(world.ask(1, 700).await);

    let needs = pending(world.ask(2, 301).await);
    assert_eq!(
        needs.terms.amount,
        usd(301),
        "only a supervisor gives more than USD 10.00 on one cart"
    );
    granted(world.ask(2, 300).await);

    let of_cart = CheckAuthority {
        session: Some(case.session),
        ..check_of(&case)
    };
    assert_eq!(most(&world, of_cart).await, 0);
    assert_eq!(
        most(&world, check_of(&case)).await,
        1_000,
        "of a cart that is not named, nothing is known"
    );
}

async fn asking_in_many_interventions_at_once_is_no_way_around_authority(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    for number in 2..10 {
        same_cart(&world, number).await;
    }
    let asks = (1..10).map(|number| world.ask(number, 600));

    let answers = join_all(asks).await;

    let granted = answers
        .iter()
        .filter(|answer| matches!(answer, Authorization::Granted(_)));
    assert_eq!(granted.count(), 1);
    world.prove().await;
}

async fn an_expired_offer_is_not_redeemed_beside_one_of_another_intervention(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    same_cart(&world, 2).await;
    let late = granted(world.ask(1, 700).await);
    world.pass(Duration::from_mins(15)).await;
    granted(world.ask(2, 700).await);

    world.redeem(&late).await.unwrap_err();
}

async fn the_history_of_whoever_would_get_it_is_checked_too(database: Database) {
    let world = World::with_budget(database, 1_000_000).await;
    world.activate(0).await;
    let case = world.case(1).await;
    for number in 2..5 {
        world
            .case_of(number, |other| other.person = case.person)
            .await;
        granted(world.ask(number, 100).await);
        world.pass(Duration::from_mins(16)).await;
    }
    let known = CheckAuthority {
        person: Some(case.person),
        ..check_of(&case)
    };

    assert_eq!(most(&world, check_of(&case)).await, 2_000);
    assert_eq!(
        most(&world, known).await,
        1_000,
        "5 % for whoever lets offers lapse"
    );
}

async fn what_an_agent_gave_back_is_not_held_against_the_shopper(database: Database) {
    let world = World::with_budget(database, 1_000_000).await;
    world.activate(0).await;
    let case = world.case(1).await;
    for number in 2..5 {
        world
            .case_of(number, |other| other.person = case.person)
            .await;
        let offer = granted(world.ask(number, 100).await);
        let agent = crate::service::Actor::Person(GrantorRole::Agent, ana());
        world
            .service
            .release(world.key(), agent, offer.terms.id)
            .await
            .unwrap();
    }

    granted(world.ask(1, 1_500).await);
}

async fn stand(world: &World, who: CaseAgent, tier: Option<&str>, certificates: Vec<Certificate>) {
    let standing = Standing {
        tier: tier.map(|tier| tier.parse().unwrap()),
        certificates,
    };
    let known = KnownPerson { who, standing };
    world
        .service
        .set_standing(world.key(), known)
        .await
        .unwrap();
}

async fn a_supervisor_with_a_tier_can_be_asked(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    world
        .cedar(
            "@id(\"lead\") permit (principal is Supervisor, action, resource)
             when { principal has tier && principal.tier == \"lead\" };
             @id(\"agents\") permit (principal is Agent, action, resource)
             when { context.total <= 100 };",
        )
        .await;
    world.case(1).await;
    assert!(
        matches!(world.ask(1, 500).await, Authorization::Refused(_)),
        "nobody may"
    );

    stand(&world, colleague("sol"), Some("lead"), Vec::new()).await;

    pending(world.ask(1, 500).await);
}

/// Two hundred agents, each with a certificate that ends at another time, are one to the policy.
async fn ends_of_certificates_tell_nobody_apart(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let agents: Vec<CaseAgent> = (0..4)
        .map(|number| colleague(&format!("a{number}")))
        .collect();
    for (agent, hours) in agents.iter().zip(1..) {
        let certificate = Certificate {
            name: "refunds".parse().unwrap(),
            expires_at: domain::time::later(world.now(), Duration::from_hours(hours)),
        };
        stand(&world, agent.clone(), None, vec![certificate]).await;
    }
    let case = world.case(1).await;
    let command = CheckAuthority {
        grantors: Grantors::Available(agents),
        ..check_of(&case)
    };

    assert_eq!(most(&world, command).await, 1_000);
}

async fn more_kinds_of_agents_than_can_be_asked_about_are_refused(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    for number in 0..2 {
        let more = Programme {
            id: format!("more-{number}").parse().unwrap(),
            ..programme()
        };
        let created = world.service.create_programme(world.key(), more, usd(1));
        created.await.unwrap();
    }
    let agents: Vec<CaseAgent> = (0..90)
        .map(|number| colleague(&format!("a{number}")))
        .collect();
    for (agent, tier) in agents.iter().zip(0..) {
        stand(&world, agent.clone(), Some(&format!("t{tier}")), Vec::new()).await;
    }
    let case = world.case(1).await;
    let of = |agents: &[CaseAgent]| CheckAuthority {
        grantors: Grantors::Available(agents.to_vec()),
        ..check_of(&case)
    };

    assert_eq!(most(&world, of(&agents[..85])).await, 1_000);
    let refused = check(&world, of(&agents)).await;
    assert!(
        matches!(&refused, Err(OfferError::Invalid(fault)) if fault.field == "available.agents"),
        "{refused:?}"
    );
}

async fn a_policy_that_cannot_be_worked_out_is_named(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    world
        .cedar(
            "@id(\"any\") permit (principal, action, resource);
             @id(\"overflows\") forbid (principal, action, resource)
             when { context.amount * 9223372036854775807 > 3 };",
        )
        .await;
    world.case(1).await;

    let refused = refusal(world.ask(1, 500).await);

    let names: Vec<&str> = refused
        .decided_by
        .iter()
        .map(crate::authority::PolicyName::as_str)
        .collect();
    assert_eq!(names, ["overflows"]);
}

async fn nobody_gives_more_shipping_than_there_is(database: Database) {
    let world = World::with_budget(database, 1_000_000).await;
    world.activate(0).await;
    world
        .case_of(1, |case| {
            case.cart = testkit::builders::a_cart()
                .with_value(20_000)
                .with_margin(10_000)
                .with_shipping(500)
                .build();
        })
        .await;
    let shipping = crate::service::AuthorizeOffer {
        remedy: RemedyKind::WaiveShipping,
        ..request(1, 501)
    };

    let answer = world
        .service
        .authorize(world.key(), shipping)
        .await
        .unwrap();

    assert_eq!(refusal(answer).reasons, [OfferRefusal::AboveAuthority]);
}

on_each_engine!(
    [
        an_offer_brings_in_what_it_and_the_contact_cost,
        earlier_offers_on_a_cart_count_in_every_intervention,
        asking_in_many_interventions_at_once_is_no_way_around_authority,
        an_expired_offer_is_not_redeemed_beside_one_of_another_intervention,
        the_history_of_whoever_would_get_it_is_checked_too,
        what_an_agent_gave_back_is_not_held_against_the_shopper,
        a_supervisor_with_a_tier_can_be_asked,
        ends_of_certificates_tell_nobody_apart,
        more_kinds_of_agents_than_can_be_asked_about_are_refused,
        a_policy_that_cannot_be_worked_out_is_named,
        nobody_gives_more_shipping_than_there_is,
    ],
    migrations()
);
