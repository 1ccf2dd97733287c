//! What is no policy is refused with its reason, and the starter policy is one.

use domain::cause::Cause;
use domain::money::{Currency, Money};
use testkit::builders::usd;
use testkit::clock::start;

use super::super::question::{AuthorityQuestion, Circumstances, Grantor, Standing};
use super::super::{Seek, starter_policy};
use super::*;
use crate::samples::{ana, as_agent};

fn fault(text: &str) -> PolicyFault {
    CompiledPolicy::new(1, &[], text).unwrap_err()
}

fn name(text: &str) -> PolicyName {
    PolicyName::parse(text).unwrap()
}

#[test]
fn a_text_that_is_no_policy_is_refused_with_its_reason() {
    const HEAD: &str = "permit (principal, action, resource)";
    let named = |body: &str| format!("@id(\"a\") {HEAD} {body};");

    assert!(matches!(fault("permit everything"), PolicyFault::Syntax(_)));
    assert!(matches!(
        fault(&named("when { context.weather == 1 }")),
        PolicyFault::Schema(_)
    ));
    assert!(matches!(
        fault(&named("when { context.amount == \"much\" }")),
        PolicyFault::Schema(_)
    ));
    // What may be unknown must be asked for first.
    assert!(matches!(
        fault(&named("when { context.margin_left > 0 }")),
        PolicyFault::Schema(_)
    ));
    assert!(matches!(
        fault("@id(\"a\") permit (principal is Robot, action, resource);"),
        PolicyFault::Schema(_)
    ));
    assert_eq!(fault(&format!("{HEAD};")), PolicyFault::Unnamed(1));
    assert_eq!(
        fault(&format!("@id(\"a b\") {HEAD};")),
        PolicyFault::Unnamed(1)
    );
    let twice = format!("{}{}", named(""), named(""));
    assert_eq!(fault(&twice), PolicyFault::NamedTwice(name("a")));
    let meaning = format!("@id(\"a\") @refusal(\"mood\") {HEAD};");
    assert_eq!(fault(&meaning), PolicyFault::Refusal(name("a")));
    let local = named("when { context.now < datetime(\"2026-03-01T00:00:00+0100\") }");
    assert_eq!(fault(&local), PolicyFault::OutsideUtc(name("a")));
    for reckoned in [
        "context.now.toTime() < duration(\"18h\")",
        "context.now < datetime(\"2026-12-01\").offset(duration(\"12h\"))",
        "context.now.toDate() < datetime(\"2026-12-01\")",
    ] {
        let reckoned = named(&format!("when {{ {reckoned} }}"));
        assert_eq!(fault(&reckoned), PolicyFault::Reckoned(name("a")));
    }
    assert_eq!(
        fault("@id(\"a\") permit (principal == ?principal, action, resource);"),
        PolicyFault::Template
    );
    assert_eq!(fault(""), PolicyFault::Empty);
    let named = (0..=MAX_POLICIES).map(|number| format!("@id(\"{number}\") {HEAD};"));
    let many: Vec<String> = named.collect();
    let many = many.concat();
    assert_eq!(fault(&many), PolicyFault::TooMany);
}

#[test]
fn nobody_is_named_who_cannot_be() {
    for nobody in [
        "principal == Supervisor::\"north\"",
        "principal == Agent::\"ana\"",
        "principal == Agent::\"North/ana\"",
        "principal is Agent in Partner::\"North\"",
    ] {
        let text = format!("@id(\"a\") permit ({nobody}, action, resource);");
        assert_eq!(fault(&text), PolicyFault::Nobody(name("a")), "{nobody}");
    }
    let text = "@id(\"a\") permit (principal == Agent::\"north/ana\", action, resource);";
    CompiledPolicy::new(1, &[], text).unwrap();
}

/// Each of these would otherwise end the process: the stack of a test is that of a worker.
#[test]
fn what_goes_too_deep_is_refused_before_it_is_read() {
    let policy = |condition: &str| {
        format!("@id(\"a\") permit (principal, action, resource) when {{ {condition} }};")
    };
    for condition in [
        format!("{}true{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("{}true", "if true then true else ".repeat(1_300)),
        format!("true{}", " && true".repeat(4_000)),
        format!("1 == 1{}", "+1".repeat(15_000)),
        format!("[{}1{}].isEmpty()", "[".repeat(10_000), "]".repeat(10_000)),
    ] {
        assert_eq!(fault(&policy(&condition)), PolicyFault::TooDeep);
    }
    for condition in [
        format!("{}true{}", "(".repeat(15), ")".repeat(15)),
        format!("{}true", "if true then true else ".repeat(158)),
        format!("true{}", "&&true".repeat(79)),
        format!("1 == 1{}", "+1".repeat(158)),
        format!("context{}", ".a".repeat(158)),
        format!("{}true{}", "(true && ".repeat(15), ")".repeat(15)),
    ] {
        // Read or refused, but the process goes on.
        let _ = CompiledPolicy::new(1, &[], &policy(&condition));
    }
}

#[test]
fn what_may_be_unknown_can_be_asked_for() {
    let text = "@id(\"a\") permit (principal, action, resource) when { context has margin_left && context.margin_left > 0 };";

    CompiledPolicy::new(1, &[], text).unwrap();
}

/// The most that the starter policy allows on a cart of 1000.00.
fn most(grantor: &Grantor, tier: Option<&str>, remedy: RemedyKind, currency: Currency) -> i64 {
    let policy = starter_policy().unwrap().compile().unwrap();
    let circumstances = Circumstances {
        standing: Standing {
            tier: tier.map(|tier| tier.parse().unwrap()),
            certificates: Vec::new(),
        },
        ..Circumstances::default()
    };
    let of = |units| Money::new(units, currency).unwrap();
    let question = AuthorityQuestion {
        grantor,
        remedy,
        cause: Cause::UnexpectedCost,
        cart_value: of(100_000),
        amount: of(1),
        granted: of(0),
        circumstances: &circumstances,
        now: start(),
    };
    policy
        .ask(question)
        .weigh(100_000, Seek::Largest)
        .most
        .unwrap()
}

#[test]
fn two_supervisors_of_the_starter_policy_may_twice_as_much() {
    let policy = starter_policy().unwrap().compile().unwrap();
    let sol = Grantor::Person(GrantorRole::Supervisor, ana());
    let most = |approvals| {
        let circumstances = Circumstances {
            approvals,
            ..Circumstances::default()
        };
        let question = AuthorityQuestion {
            grantor: &sol,
            remedy: RemedyKind::AmountOff,
            cause: Cause::UnexpectedCost,
            cart_value: usd(100_000),
            amount: usd(1),
            granted: usd(0),
            circumstances: &circumstances,
            now: start(),
        };
        policy.ask(question).weigh(100_000, Seek::Largest).most
    };

    assert_eq!(
        [0, 1, 2].map(most),
        [Some(5_000), Some(5_000), Some(10_000)]
    );
}

/// What only two may approve at any amount is not refused for its amount.
#[test]
fn whoever_may_never_alone_is_told_that_it_takes_another() {
    let text = "@id(\"two\") permit (principal, action, resource) when { context.approvals >= 2 };";
    let policy = CompiledPolicy::new(1, &[], text).unwrap();
    let (sol, nothing) = (as_agent(ana()), Circumstances::default());
    let question = AuthorityQuestion {
        grantor: &sol,
        remedy: RemedyKind::Perk,
        cause: Cause::UnexpectedCost,
        cart_value: usd(100),
        amount: usd(1),
        granted: usd(0),
        circumstances: &nothing,
        now: start(),
    };

    let weighed = policy.ask(question).weigh(100, Seek::Answer);

    assert_eq!(weighed.refusals, [OfferRefusal::NeedsApproval]);
}

#[test]
fn everybody_of_the_starter_policy_may_more_than_whoever_is_below() {
    let (agent, supervisor) = (
        as_agent(ana()),
        Grantor::Person(GrantorRole::Supervisor, ana()),
    );
    let currencies = [
        Currency::USD,
        Currency::EUR,
        Currency::GBP,
        Currency::CAD,
        Currency::MXN,
    ];
    for currency in currencies {
        for remedy in [RemedyKind::WaiveShipping, RemedyKind::PercentOff] {
            let agents = most(&agent, None, remedy, currency);
            let leaders = most(&agent, Some("team_leader"), remedy, currency);
            let supervisors = most(&supervisor, None, remedy, currency);
            assert!(
                0 < agents && agents < leaders && leaders < supervisors,
                "{remedy} in {currency}"
            );
        }
        assert_eq!(most(&agent, None, RemedyKind::Perk, currency), 0);
        assert!(most(&supervisor, None, RemedyKind::Perk, currency) > 0);
    }
    assert_eq!(most(&supervisor, None, RemedyKind::Perk, Currency::JPY), 0);
}
