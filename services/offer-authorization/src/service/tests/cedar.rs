//! Policies in Cedar: who is meant, what a person has had, when a version decides, and what becomes of offers then.

use std::time::Duration;

use domain::channel::Channel;
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use domain::time::later;
use storage::Database;
use testkit::builders::usd;
use testkit::on_each_engine;

use super::World;
use super::world::{granted, refusal, request};
use crate::authority::{Certificate, Grant, GrantorRole, PolicyName, Reach, Standing};
use crate::case::CaseAgent;
use crate::error::OfferError;
use crate::offer::{IllegalMove, Offer};
use crate::samples::{ana, colleague, line, programme};
use crate::service::{Activation, Authorization, AuthorizeOffer, Viewer};
use crate::store::migrations;
use crate::store::standings::KnownPerson;

const DAY: Duration = Duration::from_hours(24);

fn names(policies: &[PolicyName]) -> Vec<&str> {
    policies.iter().map(PolicyName::as_str).collect()
}

fn decided_by(offer: &Offer) -> Vec<&str> {
    offer
        .state
        .hold()
        .map_or(Vec::new(), |hold| names(&hold.decided_by))
}

/// By the starter policy: the tenant has stored none.
async fn starting(database: Database) -> World {
    let world = World::with(database, programme(), usd(1_000_000)).await;
    world.activate(0).await;
    world
}

async fn stand(world: &World, tier: Option<&str>, certificates: Vec<Certificate>) {
    let known = KnownPerson {
        who: ana(),
        standing: Standing {
            tier: tier.map(|tier| tier.parse().unwrap()),
            certificates,
        },
    };
    world
        .service
        .set_standing(world.key(), known)
        .await
        .unwrap();
}

async fn an_answer_names_the_policies_that_decided_it(database: Database) {
    let world = starting(database).await;

    let offer = world.hold(1, 1_000).await;
    assert_eq!(decided_by(&offer), ["agent-discount"]);
    let read = world
        .service
        .get_offer(&world.tenant, &Viewer::Tenant, offer.terms.id);
    assert_eq!(decided_by(&read.await.unwrap()), ["agent-discount"]);

    world.cedar("@id(\"none\") forbid (principal, action, resource); @id(\"any\") permit (principal, action, resource);").await;
    world.case(2).await;
    let refused = refusal(world.ask(2, 100).await);
    assert_eq!(names(&refused.decided_by), ["none"]);
    assert_eq!(refused.reasons, [OfferRefusal::RemedyNotAllowed]);
}

async fn a_policy_says_what_its_refusal_means(database: Database) {
    let world = starting(database).await;
    world
        .cedar(
            "@id(\"any\") permit (principal, action, resource);
             @id(\"once\") @refusal(\"usage_limit\")
             forbid (principal, action in Action::\"money\", resource)
             when { context.remedies_held.contains(\"amount_off\") };",
        )
        .await;
    world.hold(1, 100).await;

    let refused = refusal(world.ask(1, 50).await);

    assert_eq!(refused.reasons, [OfferRefusal::UsageLimit]);
    assert_eq!(names(&refused.decided_by), ["once"]);
}

async fn a_team_leader_may_more_than_an_agent(database: Database) {
    let world = starting(database).await;
    world.case(1).await;
    assert!(matches!(
        world.ask(1, 2_500).await,
        Authorization::ApprovalNeeded(_)
    ));

    stand(&world, Some("team_leader"), Vec::new()).await;

    let offer = granted(world.ask(1, 2_500).await);
    assert_eq!(decided_by(&offer), ["team-leader-discount"]);
}

async fn a_certificate_is_good_until_it_ends(database: Database) {
    let world = starting(database).await;
    world
        .cedar(
            "@id(\"certified\") permit (principal is Agent, action, resource)
             when { principal.certificates.contains(\"refunds\") };",
        )
        .await;
    world.case(1).await;
    assert_eq!(
        world.refused(1, 100).await,
        [OfferRefusal::RemedyNotAllowed]
    );

    let end = later(world.now(), Duration::from_mins(5));
    let refunds = Certificate {
        name: "refunds".parse().unwrap(),
        expires_at: end,
    };
    stand(&world, None, vec![refunds]).await;

    let offer = granted(world.ask(1, 100).await);
    assert_eq!(offer.state.until(), end, "no hold outlives the certificate");
    world.clock.advance(Duration::from_mins(5));
    world.case(2).await;
    assert_eq!(
        world.refused(2, 100).await,
        [OfferRefusal::AuthorityExpired]
    );
    let late = world.redeem(&offer).await;
    assert!(
        matches!(late, Err(OfferError::Move(IllegalMove::NotHeld))),
        "{late:?}"
    );
}

/// Three carts with offers that nobody used: then a twentieth of the cart, and as much help as before.
async fn whoever_lets_offers_lapse_gets_less_money(database: Database) {
    let world = starting(database).await;
    let person = world.case(1).await.person;
    for number in 2..5 {
        world.case_of(number, |case| case.person = person).await;
        granted(world.ask(number, 100).await);
        world.pass(Duration::from_mins(16)).await;
    }

    let refused = refusal(world.ask(1, 1_500).await);

    assert_eq!(refused.reasons, [OfferRefusal::AboveAuthority]);
    assert_eq!(refused.most, Some(usd(1_000)), "5 % of USD 200.00");
    assert_eq!(names(&refused.decided_by), ["coupon-seeker"]);
    world.case(9).await;
    granted(world.ask(9, 1_500).await);
}

async fn a_version_decides_from_its_instant_on(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let stricter = vec![line(GrantorRole::Agent, RemedyKind::AmountOff, usd(500))];
    let policy = crate::service::NewPolicy {
        purpose: "less, from tomorrow on".parse().unwrap(),
        grants: stricter,
        cedar: String::new(),
    };
    let stored = world
        .service
        .create_policy(world.key(), policy)
        .await
        .unwrap();
    let at = later(world.now(), Duration::from_hours(1));
    let later_on = Activation {
        version: stored.policy.version,
        at: Some(at),
    };

    let scheduled = world
        .service
        .activate_policy(world.key(), later_on)
        .await
        .unwrap();

    assert_eq!(
        (scheduled.active, scheduled.scheduled_at),
        (false, Some(at))
    );
    let page = platform::paging::PageRequest::first();
    let listed = world
        .service
        .list_policies(&world.tenant, &page)
        .await
        .unwrap();
    let times: Vec<_> = listed
        .items
        .iter()
        .map(|item| (item.active, item.scheduled_at))
        .collect();
    assert_eq!(times, [(false, Some(at)), (true, None), (false, None)]);
    world.hold(1, 900).await;
    world.clock.advance(Duration::from_hours(1));
    world.case(2).await;
    assert!(matches!(world.ask(2, 900).await, Authorization::Refused(_)));
    world.activate(1).await;
    granted(world.ask(2, 900).await);
}

async fn nobody_activates_in_the_past(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    world.clock.advance(DAY);
    for at in [
        domain::time::earlier(world.now(), Duration::from_millis(1)),
        later(world.now(), 366 * DAY),
    ] {
        let activation = Activation {
            version: 0,
            at: Some(at),
        };
        let refused = world.service.activate_policy(world.key(), activation).await;
        assert!(matches!(refused, Err(OfferError::Invalid(fault)) if fault.field == "at"));
    }
}

async fn a_stricter_policy_leaves_open_holds_good(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let offer = world.hold(1, 900).await;

    world
        .policy(vec![line(
            GrantorRole::Agent,
            RemedyKind::AmountOff,
            usd(1),
        )])
        .await;

    world.case(2).await;
    assert!(matches!(world.ask(2, 900).await, Authorization::Refused(_)));
    world.redeem(&offer).await.unwrap();
}

async fn help_that_costs_nothing_is_no_matter_of_policy(database: Database) {
    let world = starting(database).await;
    world
        .cedar("@id(\"none\") forbid (principal, action, resource);")
        .await;
    let case = world.case(1).await;
    let check = crate::service::CheckAuthority {
        grantors: crate::service::Grantors::Caller(GrantorRole::Agent, ana()),
        cause: case.cause,
        cart: case.cart.clone(),
        ladder: Vec::new(),
        person: None,
        session: None,
        channel: None,
    };

    let report = world
        .service
        .check(&world.tenant, &Viewer::Tenant, check)
        .await
        .unwrap();

    let kinds: Vec<RemedyKind> = report.remedies.iter().map(|remedy| remedy.kind).collect();
    assert_eq!(kinds, [RemedyKind::Information, RemedyKind::Fix]);
    let amount_off = report
        .refused
        .iter()
        .find(|refused| refused.kind == RemedyKind::AmountOff);
    assert_eq!(names(&amount_off.unwrap().decided_by), ["none"]);
    let shipping = AuthorizeOffer {
        remedy: RemedyKind::WaiveShipping,
        ..request(1, 100)
    };
    let refused = world
        .service
        .authorize(world.key(), shipping)
        .await
        .unwrap();
    assert_eq!(names(&refusal(refused).decided_by), ["none"]);
}

/// Agents whom the policy does not tell apart are asked about once, as whoever has most left; one whom it names is not.
async fn the_best_of_those_available_is_found(database: Database) {
    let world = World::with_budget(database, 100_000).await;
    let lines = [
        (Reach::Everyone, 500),
        (Reach::Person(colleague("bo")), 900),
    ];
    let lines = lines.map(|(reach, most)| Grant {
        reach,
        ..line(GrantorRole::Agent, RemedyKind::AmountOff, usd(most))
    });
    world.policy(lines.to_vec()).await;
    world.set_purse(Some(ana()), 100).await;
    let case = world.case(1).await;
    let most = |agents: Vec<CaseAgent>| {
        let check = crate::service::CheckAuthority {
            grantors: crate::service::Grantors::Available(agents),
            cause: case.cause,
            cart: case.cart.clone(),
            ladder: vec![RemedyKind::AmountOff],
            person: None,
            session: None,
            channel: None,
        };
        let (service, tenant) = (world.service.clone(), world.tenant.clone());
        async move {
            let report = service
                .check(&tenant, &Viewer::Tenant, check)
                .await
                .unwrap();
            report.remedies[0].money.clone().unwrap().0
        }
    };

    assert_eq!(most(vec![ana()]).await, usd(100));
    assert_eq!(most(vec![ana(), colleague("cy")]).await, usd(500));
    assert_eq!(most(vec![colleague("cy"), ana()]).await, usd(500));
    assert_eq!(most(vec![ana(), colleague("bo")]).await, usd(900));
}

async fn a_policy_sees_how_the_shopper_is_reached(database: Database) {
    let world = World::with_budget(database, 10_000).await;
    let text = r#"@id("chat") permit (principal, action, resource)
        when { context has channel && context.channel == "chat" };"#;
    world.cedar(text).await;
    for (number, channel) in [
        (1, Some(Channel::Chat)),
        (2, Some(Channel::Call)),
        (3, None),
    ] {
        let case = world.case_of(number, |case| case.channel = channel).await;
        let check = crate::service::CheckAuthority {
            grantors: crate::service::Grantors::Caller(GrantorRole::Agent, ana()),
            cause: case.cause,
            cart: case.cart,
            ladder: vec![RemedyKind::AmountOff],
            person: None,
            session: None,
            channel,
        };
        let (tenant, all) = (&world.tenant, Viewer::Tenant);
        let checked = world.service.check(tenant, &all, check).await.unwrap();

        let is_chat = channel == Some(Channel::Chat);
        assert_eq!(checked.empowered, is_chat, "{channel:?}");
        let asked = world.ask(number, 500).await;
        assert_eq!(
            matches!(asked, Authorization::Granted(_)),
            is_chat,
            "{channel:?}"
        );
    }
}

on_each_engine!(
    [
        a_policy_sees_how_the_shopper_is_reached,
        the_best_of_those_available_is_found,
        an_answer_names_the_policies_that_decided_it,
        a_policy_says_what_its_refusal_means,
        a_team_leader_may_more_than_an_agent,
        a_certificate_is_good_until_it_ends,
        whoever_lets_offers_lapse_gets_less_money,
        a_version_decides_from_its_instant_on,
        nobody_activates_in_the_past,
        a_stricter_policy_leaves_open_holds_good,
        help_that_costs_nothing_is_no_matter_of_policy,
    ],
    migrations()
);
