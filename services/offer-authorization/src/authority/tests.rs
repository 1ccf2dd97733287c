//! The rules of authority: who, what, why, how much, until when.

use std::sync::LazyLock;
use std::time::Duration;

use domain::cart::Cart;
use domain::cause::Cause;
use domain::money::{Currency, Money};
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use domain::time::later;
use proptest::prelude::*;
use testkit::builders::{a_cart, bps, partner, usd};
use testkit::clock::start;

use super::*;
use crate::programme::{Programme, ProgrammeState};
use crate::samples::{
    MONEY_CAUSE, NO_FLOORS, ana, as_agent, colleague, line, policy, policy_of, programme, stranger,
};

/// Nothing but the margin of the usual cart is known.
static NOTHING: LazyLock<Circumstances> = LazyLock::new(Circumstances::default);

fn candidate() -> Candidate {
    Candidate {
        programme: programme(),
        budget: usd(100_000),
        purse: PurseRoom::Unlimited,
        uses: Some(1),
    }
}

fn cart() -> Cart {
    a_cart().with_value(20_000).with_margin(8_000).build()
}

fn question<'a>(grantor: &'a Grantor, cart: &'a Cart, amount: i64) -> Question<'a> {
    let asked = AuthorityQuestion {
        grantor,
        remedy: RemedyKind::AmountOff,
        cause: MONEY_CAUSE,
        cart_value: cart.value(),
        amount: usd(amount),
        granted: usd(0),
        circumstances: &NOTHING,
        now: start(),
    };
    Question {
        asked,
        cart,
        worth: None,
        floors: &NO_FLOORS,
        seek: Seek::Largest,
    }
}

fn decided(policy: &CompiledPolicy, question: Question<'_>, candidate: &Candidate) -> Judgement {
    judge(&policy.ask(question.asked), question, candidate)
}

/// Judges an amount that ana asks for, after the test has changed the question or the candidate.
fn judged(
    policy: &CompiledPolicy,
    change: impl FnOnce(&mut Question<'_>, &mut Candidate),
) -> Judgement {
    let (ana, cart, mut candidate) = (as_agent(ana()), cart(), candidate());
    let mut question = question(&ana, &cart, 1_000);
    change(&mut question, &mut candidate);
    decided(policy, question, &candidate)
}

fn reasons(change: impl FnOnce(&mut Question<'_>, &mut Candidate)) -> Vec<OfferRefusal> {
    judged(&policy(), change).reasons
}

#[test]
fn an_offer_within_everything_passes_up_to_the_least_limit() {
    let judgement = judged(&policy(), |_, _| {});

    assert!(judgement.passes());
    assert_eq!(judgement.most, Some(usd(1_000)));
}

#[test]
fn each_limit_is_exact_to_the_minor_unit() {
    type Limit = (OfferRefusal, fn(&mut Candidate));
    let limits: [Limit; 3] = [
        (OfferRefusal::BudgetExhausted, |candidate| {
            candidate.budget = usd(999);
        }),
        (OfferRefusal::PurseExhausted, |candidate| {
            candidate.purse = PurseRoom::Left(usd(999));
        }),
        (OfferRefusal::MarginFloor, |candidate| {
            // Margin 80.00 of value 200.00: 80 - x >= 36.85 % of (200 - x) up to x = 9.97.
            candidate.programme.margin_floor = bps(3_685);
        }),
    ];
    for (reason, narrow) in limits {
        let judgement = judged(&policy(), |_, candidate| narrow(candidate));

        assert_eq!(judgement.reasons, [reason]);
        let most = judgement.most.expect("less would pass");
        let again = judged(&policy(), |question, candidate| {
            question.asked.amount = most;
            narrow(candidate);
        });
        assert!(again.passes(), "{reason} at {most}");
    }
}

#[test]
fn above_the_authority_says_how_much_would_pass() {
    let judgement = judged(&policy(), |question, _| question.asked.amount = usd(1_001));

    assert!(judgement.needs_only_approval());
    assert_eq!(judgement.most, Some(usd(1_000)));
}

#[test]
fn a_share_of_the_cart_limits_too() {
    let mut small = line(GrantorRole::Agent, RemedyKind::AmountOff, usd(1_000));
    small.max_share = bps(499);

    let judgement = judged(&policy_of(vec![small]), |_, _| {});

    assert_eq!(judgement.most, Some(usd(998)));
}

#[test]
fn money_is_for_a_money_cause_unless_the_line_names_another() {
    let doubt =
        |question: &mut Question<'_>, _: &mut Candidate| question.asked.cause = Cause::ProductDoubt;
    assert_eq!(reasons(doubt), [OfferRefusal::CauseNotEligible]);

    let mut named = line(GrantorRole::Agent, RemedyKind::AmountOff, usd(1_000));
    named.causes = vec![Cause::ProductDoubt];
    let policy = policy_of(vec![named]);
    assert!(judged(&policy, doubt).passes());
    let refused = judged(&policy, |_, _| {});
    assert_eq!(refused.reasons, [OfferRefusal::CauseNotEligible]);
}

#[test]
fn authority_ends_at_its_instant() {
    let mut ending = line(GrantorRole::Agent, RemedyKind::AmountOff, usd(1_000));
    let end = later(start(), Duration::from_millis(1));
    ending.expires_at = Some(end);
    let policy = policy_of(vec![ending]);

    assert_eq!(judged(&policy, |_, _| {}).authority_until, Some(end));
    let after = judged(&policy, |question, _| question.asked.now = end);
    assert_eq!(after.reasons, [OfferRefusal::AuthorityExpired]);
}

#[test]
fn authority_may_end_after_an_instant() {
    let end = later(start(), Duration::from_mins(1));
    let permit = "@id(\"any\") permit (principal, action, resource)";
    let until = format!("{permit} when {{ context.now <= datetime(\"{end:.3}\") }};");
    let unless = format!(
        "{permit}; @id(\"late\") forbid (principal, action, resource) when {{ context.now > datetime(\"{end:.3}\") }};"
    );
    for text in [until, unless] {
        let policy = CompiledPolicy::new(1, &[], &text).unwrap();

        let judgement = judged(&policy, |_, _| {});

        let first_refused = later(end, Duration::from_millis(1));
        assert!(judgement.passes());
        assert_eq!(judgement.authority_until, Some(first_refused), "{text}");
    }
}

#[test]
fn a_line_that_ends_soon_shortens_only_what_it_alone_allows() {
    let lasting = line(GrantorRole::Agent, RemedyKind::AmountOff, usd(1_000));
    let end = later(start(), Duration::from_mins(1));
    let raise = Grant {
        max_amount: usd(2_000),
        expires_at: Some(end),
        ..lasting.clone()
    };
    let policy = policy_of(vec![lasting, raise]);
    let until = |granted, amount| {
        let judgement = judged(&policy, |question, _| {
            (question.asked.granted, question.asked.amount) = (usd(granted), usd(amount));
        });
        assert!(judgement.passes());
        judgement.authority_until
    };

    assert_eq!(until(0, 1_000), None);
    assert_eq!(until(0, 1_001), Some(end));
    assert_eq!(until(600, 401), Some(end), "both offers together need it");
}

#[test]
fn lines_reach_whom_they_name() {
    let reaching = |reach| {
        let mut named = line(GrantorRole::Agent, RemedyKind::AmountOff, usd(1_000));
        named.reach = reach;
        policy_of(vec![named])
    };
    let passes = |policy: &CompiledPolicy, who: Grantor| {
        let cart = cart();
        decided(policy, question(&who, &cart, 1), &candidate()).passes()
    };

    let of_partner = reaching(Reach::Partner(partner()));
    assert!(passes(&of_partner, as_agent(colleague("bo"))));
    assert!(!passes(&of_partner, as_agent(stranger())));
    let of_ana = reaching(Reach::Person(ana()));
    assert!(passes(&of_ana, as_agent(ana())));
    assert!(!passes(&of_ana, as_agent(colleague("bo"))));
    assert!(!passes(&of_ana, as_agent(stranger())));
    let supervisor = Grantor::Person(GrantorRole::Supervisor, ana());
    assert!(!passes(&of_ana, supervisor), "the line is for agents");
}

#[test]
fn whoever_has_no_line_may_grant_nothing() {
    let refused = judged(&policy(), |question, _| {
        question.asked.remedy = RemedyKind::Perk;
    });

    assert_eq!(refused.reasons, [OfferRefusal::RemedyNotAllowed]);
    assert_eq!(refused.most, None);
}

#[test]
fn any_supervisor_stands_for_the_best_and_the_shop_for_none_by_name() {
    let mut named = line(GrantorRole::Supervisor, RemedyKind::AmountOff, usd(5_000));
    named.reach = Reach::Person(colleague("sol"));
    let policy = policy_of(vec![named]);
    let cart = cart();
    let passes =
        |who: Grantor| decided(&policy, question(&who, &cart, 5_000), &candidate()).passes();

    assert!(passes(Grantor::AnySupervisor(partner())));
    assert!(!passes(Grantor::AnySupervisor(stranger().partner)));
    assert!(!passes(Grantor::Shop(partner())));
}

#[test]
fn all_reasons_are_found_at_once() {
    let found = reasons(|question, candidate| {
        question.asked.amount = usd(9_000);
        candidate.budget = usd(1);
        candidate.purse = PurseRoom::Left(usd(1));
        candidate.uses = Some(0);
        candidate.programme = Programme {
            state: ProgrammeState::Frozen,
            ends_at: start(),
            ..programme()
        };
    });

    let expected = [
        OfferRefusal::AboveAuthority,
        OfferRefusal::MarginFloor,
        OfferRefusal::BudgetExhausted,
        OfferRefusal::PurseExhausted,
        OfferRefusal::UsageLimit,
        OfferRefusal::ProgrammeInactive,
        OfferRefusal::OutsidePeriod,
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_is_not_known_is_a_refusal() {
    let unknown = a_cart().with_value(20_000).without_margin().build();
    let empty = a_cart().emptied().build();
    let (ana, candidate) = (as_agent(ana()), candidate());
    let reasons = |cart| decided(&policy(), question(&ana, cart, 1), &candidate).reasons;

    assert_eq!(reasons(&unknown), [OfferRefusal::MarginUnknown]);
    assert!(reasons(&empty).contains(&OfferRefusal::CartEmpty));
}

#[test]
fn currencies_never_meet() {
    let euros = Money::new(1, Currency::EUR).unwrap();
    let asked = reasons(|question, _| question.asked.amount = euros);
    let programme = reasons(|_, candidate| candidate.programme.currency = Currency::EUR);
    let purse = reasons(|_, candidate| candidate.purse = PurseRoom::OtherCurrency);

    for found in [asked, programme, purse] {
        assert_eq!(found, [OfferRefusal::CurrencyMismatch]);
    }
}

#[test]
fn a_large_offer_in_slices_is_still_large() {
    let judgement = judged(&policy(), |question, _| question.asked.granted = usd(600));

    assert!(judgement.needs_only_approval());
    assert_eq!(judgement.most, Some(usd(400)));
}

#[test]
fn shipping_is_not_waived_beyond_what_it_costs() {
    let policy = policy_of(vec![line(
        GrantorRole::Agent,
        RemedyKind::WaiveShipping,
        usd(5_000),
    )]);
    let cart = a_cart().with_value(20_000).with_shipping(799).build();
    let ana = as_agent(ana());
    let mut ask = question(&ana, &cart, 800);
    ask.asked.remedy = RemedyKind::WaiveShipping;

    let judgement = decided(&policy, ask, &candidate());

    assert_eq!(judgement.reasons, [OfferRefusal::AboveAuthority]);
    assert!(
        !judgement.needs_only_approval(),
        "no supervisor waives more than there is"
    );
    assert_eq!(judgement.most, Some(usd(799)));
}

#[test]
fn the_choice_is_what_passes_and_else_the_nearest() {
    let passing = |most| Judgement {
        most: Some(usd(most)),
        ..Judgement::default()
    };
    let refused = |reasons: &[OfferRefusal]| Judgement {
        reasons: reasons.to_vec(),
        ..Judgement::default()
    };
    let near = refused(&[OfferRefusal::UsageLimit]);
    let far = refused(&[OfferRefusal::CartEmpty, OfferRefusal::UsageLimit]);

    let all = [
        (1, far.clone()),
        (2, passing(5)),
        (3, passing(7)),
        (4, passing(7)),
    ];
    assert_eq!(largest(all.clone()).map(|(name, _)| name), Some(3));
    assert_eq!(first(all).map(|(name, _)| name), Some(2));
    let none = [(1, far), (2, near.clone()), (3, near)];
    assert_eq!(largest(none.clone()).map(|(name, _)| name), Some(2));
    assert_eq!(first(none).map(|(name, _)| name), Some(2));
}

proptest! {
    #[test]
    fn the_most_passes_and_one_more_does_not(
        value in 1_i64..1_000_000,
        margin in 0_u32..=10_000,
        floor in 0_u32..=10_000,
        budget in 0_i64..2_000,
        share in 1_u32..=10_000,
    ) {
        let margin = usd(value).share(bps(margin)).minor_units();
        let cart = a_cart().with_value(value).with_margin(margin).build();
        let mut limited = line(GrantorRole::Agent, RemedyKind::AmountOff, usd(1_000));
        limited.max_share = bps(share);
        let policy = policy_of(vec![limited]);
        let mut candidate = candidate();
        candidate.budget = usd(budget);
        candidate.programme.margin_floor = bps(floor);
        let ana = as_agent(ana());
        let ask = |amount| decided(&policy, question(&ana, &cart, amount), &candidate);

        let most = ask(1).most.map_or(0, Money::minor_units);

        prop_assert!(most == 0 || ask(most).passes());
        prop_assert!(!ask(most + 1).passes());
    }
}
