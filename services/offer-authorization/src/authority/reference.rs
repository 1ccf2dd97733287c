//! A slow second opinion: the same rules without Cedar, without bisection and without short cuts. Random policies, carts
//! and limits must be answered alike by both.

mod carts;
mod floors;
mod random;

use domain::cause::Cause;
use domain::money::{Currency, Money};
use domain::offer::OfferRefusal;
use domain::time::Timestamp;

use testkit::builders::{bps, usd};

use super::*;
use crate::amounts::Worth;
use crate::floors::MarginFloors;
use floors::keeps_floors_of_the_shop;
use random::{Case, Effect, Rule};

/// What can be another thing, with the reason that it stands for.
const CHANGES: [OfferRefusal; 5] = [
    OfferRefusal::AboveAuthority,
    OfferRefusal::CauseNotEligible,
    OfferRefusal::AuthorityExpired,
    OfferRefusal::CurrencyMismatch,
    OfferRefusal::NeedsApproval,
];

/// One question, as the rules see it.
#[derive(Debug, Clone, Copy)]
struct Asked<'a> {
    case: &'a Case,
    total: i64,
    cause: Cause,
    currency: Currency,
    approvals: u32,
    now: Timestamp,
}

impl Rule {
    fn holds(&self, asked: Asked<'_>) -> bool {
        let standing = &asked.case.circumstances.standing;
        let value = i128::from(asked.case.cart.value().minor_units());
        // Exactly as the terms of a line say it: no more than this share of the value, to the minor unit.
        let within_share = i128::from(asked.total) * 10_000 <= value * i128::from(self.share);
        let small = asked.total <= self.max && within_share;
        let sized = match self.effect {
            Effect::Permit => small,
            Effect::Forbid => !small,
        };
        let certified = self.certificate.as_ref().is_none_or(|name| {
            let held = &standing.certificates;
            held.iter()
                .any(|one| one.name == *name && asked.now < one.expires_at)
        });
        sized
            && certified
            && self.role == asked.case.grantor.role()
            && self.remedies.contains(&asked.case.remedy)
            && self
                .currency
                .is_none_or(|currency| currency == asked.currency)
            && self.until.is_none_or(|end| asked.now < end)
            && self
                .tier
                .as_ref()
                .is_none_or(|tier| standing.tier.as_ref() == Some(tier))
            && self.is_for(asked.cause)
            && asked.case.circumstances.history.unused >= self.unused
            && (self.channel.is_none() || asked.case.circumstances.channel == self.channel)
            && self.is_seen_by_enough(asked)
    }

    /// Up to some amount one pair of eyes is enough, above it takes two.
    fn is_seen_by_enough(&self, asked: Asked<'_>) -> bool {
        self.alone
            .is_none_or(|alone| asked.total <= alone || asked.approvals >= 2)
    }

    fn is_for(&self, cause: Cause) -> bool {
        if self.causes.is_empty() {
            self.effect == Effect::Forbid || cause.is_money_cause()
        } else {
            self.causes.contains(&cause)
        }
    }
}

impl Asked<'_> {
    fn of(case: &Case, amount: i64) -> Asked<'_> {
        Asked {
            case,
            total: amount + case.granted.minor_units(),
            cause: case.cause,
            currency: case.cart.currency(),
            approvals: case.circumstances.approvals,
            now: case.now,
        }
    }

    /// The rules that decide: those that forbid it, else those that permit it.
    fn decided_by(self, rules: &[Rule]) -> (bool, Vec<String>) {
        let of = |effect| {
            let held = rules
                .iter()
                .filter(|rule| rule.effect == effect && rule.holds(self));
            let mut names: Vec<String> = held.map(|rule| rule.name.clone()).collect();
            names.sort();
            names
        };
        let (forbids, permits) = (of(Effect::Forbid), of(Effect::Permit));
        if forbids.is_empty() {
            (!permits.is_empty(), permits)
        } else {
            (false, forbids)
        }
    }

    fn is_allowed(self, rules: &[Rule]) -> bool {
        self.decided_by(rules).0
    }
}

/// The most that passes policy and limits, by trying every amount.
fn most(case: &Case, rules: &[Rule]) -> i64 {
    (1..=case.cart.value().minor_units())
        .rev()
        .find(|amount| {
            limits(case, *amount).is_empty() && Asked::of(case, *amount).is_allowed(rules)
        })
        .unwrap_or(0)
}

/// The limits beside the policy that an amount breaks.
fn limits(case: &Case, amount: i64) -> Vec<OfferRefusal> {
    let mut broken = Vec::new();
    let floor = i128::from(case.candidate.programme.margin_floor.get());
    let value = i128::from(case.cart.value().minor_units() - amount);
    match case.cart.margin() {
        None => broken.push(OfferRefusal::MarginUnknown),
        Some(margin) => {
            let left = margin.minor_units() - case.granted.minor_units() - amount;
            let keeps = left >= 0 && value >= 0 && i128::from(left) * 10_000 >= value * floor;
            if !keeps || !keeps_floors_of_the_shop(case, amount) {
                broken.push(OfferRefusal::MarginFloor);
            }
        }
    }
    if amount > case.candidate.budget.minor_units() {
        broken.push(OfferRefusal::BudgetExhausted);
    }
    if let PurseRoom::Left(room) = case.candidate.purse
        && amount > room.minor_units()
    {
        broken.push(OfferRefusal::PurseExhausted);
    }
    if case.candidate.uses == Some(0) {
        broken.push(OfferRefusal::UsageLimit);
    }
    if let (Some((lift, contact)), Some(margin)) = (case.worth, case.cart.margin()) {
        let brings_in = i128::from(margin.minor_units()) * i128::from(lift);
        let costs = i128::from(amount + case.granted.minor_units() + contact);
        if costs * 10_000 > brings_in {
            broken.push(OfferRefusal::NotWorthwhile);
        }
    }
    broken
}

/// Whether the rules allow it once these things are others, whatever they are then.
fn would_pass(rules: &[Rule], case: &Case, asked: Asked<'_>, changes: &[OfferRefusal]) -> bool {
    let Some((first, rest)) = changes.split_first() else {
        return asked.is_allowed(rules);
    };
    let ends = rules.iter().filter_map(|rule| rule.until);
    let certificates = case.circumstances.standing.certificates.iter();
    let ends = ends.chain(certificates.map(|held| held.expires_at));
    let others: Vec<Asked<'_>> = if *first == OfferRefusal::AboveAuthority {
        vec![Asked { total: 0, ..asked }]
    } else if *first == OfferRefusal::CauseNotEligible {
        let causes = Cause::ALL.iter();
        causes
            .map(|cause| Asked {
                cause: *cause,
                ..asked
            })
            .collect()
    } else if *first == OfferRefusal::AuthorityExpired {
        ends.flat_map(|end| [domain::time::earlier(end, random::MS), end])
            .map(|now| Asked { now, ..asked })
            .collect()
    } else if *first == OfferRefusal::NeedsApproval {
        vec![Asked {
            approvals: 2,
            ..asked
        }]
    } else {
        let currencies = rules.iter().filter_map(|rule| rule.currency);
        currencies
            .map(|currency| Asked { currency, ..asked })
            .collect()
    };
    others
        .into_iter()
        .any(|other| would_pass(rules, case, other, rest))
}

/// The reasons for which the policy is against it are those of a change that would pass, and no smaller one would.
fn explains(rules: &[Rule], case: &Case, found: &[OfferRefusal]) {
    let asked = Asked::of(case, case.amount);
    if found == [OfferRefusal::RemedyNotAllowed] {
        assert!(!would_pass(rules, case, asked, &CHANGES), "{case:#?}");
        return;
    }
    let is_all_that_is_above = found == [OfferRefusal::AboveAuthority];
    let enough = would_pass(rules, case, asked, found);
    assert!(
        enough || is_all_that_is_above,
        "{found:?} would not do: {case:#?}"
    );
    for left_out in found {
        let fewer: Vec<_> = found
            .iter()
            .copied()
            .filter(|one| one != left_out)
            .collect();
        assert!(
            !would_pass(rules, case, asked, &fewer),
            "{fewer:?} would do: {case:#?}"
        );
    }
}

fn judged(policy: &CompiledPolicy, case: &Case) -> Judgement {
    let (worth, floors) = (case.worth(), MarginFloors::new(case.floors.clone()));
    let question = case.question(worth.as_ref(), &floors);
    judge(&policy.ask(question.asked), question, &case.candidate)
}

fn check(policy: &CompiledPolicy, rules: &[Rule], case: &Case) {
    let judgement = judged(policy, case);
    let broken = limits(case, case.amount);
    let (is_allowed, decided_by) = Asked::of(case, case.amount).decided_by(rules);

    assert_eq!(judgement.others, broken, "{case:#?}");
    let told = !judgement.broken_floors.is_empty();
    assert_eq!(
        broken.contains(&OfferRefusal::MarginFloor),
        told,
        "{case:#?}"
    );
    assert_eq!(
        judgement.passes(),
        is_allowed && broken.is_empty(),
        "{case:#?}"
    );
    let names: Vec<String> = judgement
        .decided_by
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(names, decided_by, "{case:#?}");
    // Where nothing passes whatever the amount, no most is told.
    let hopeless =
        broken.contains(&OfferRefusal::MarginUnknown) || broken.contains(&OfferRefusal::UsageLimit);
    let most = if hopeless { 0 } else { most(case, rules) };
    assert_eq!(
        judgement.most.map_or(0, Money::minor_units),
        most,
        "{case:#?}"
    );
    if is_allowed {
        let ends = random::ends(rules, case);
        let mut ends = ends.into_iter().filter(|end| *end > case.now);
        let until = ends.find(|end| {
            let then = Asked {
                now: *end,
                ..Asked::of(case, case.amount)
            };
            !then.is_allowed(rules)
        });
        assert_eq!(judgement.authority_until, until, "{case:#?}");
        return;
    }
    let of_policy: Vec<OfferRefusal> = judgement
        .reasons
        .iter()
        .copied()
        .filter(|reason| !broken.contains(reason))
        .collect();
    assert!(!of_policy.is_empty(), "{case:#?}");
    explains(rules, case, &of_policy);
}

impl Case {
    fn question<'a>(&'a self, worth: Option<&'a Worth>, floors: &'a MarginFloors) -> Question<'a> {
        let asked = AuthorityQuestion {
            grantor: &self.grantor,
            remedy: self.remedy,
            cause: self.cause,
            cart_value: self.cart.value(),
            amount: Money::new(self.amount, self.cart.currency()).unwrap(),
            granted: self.granted,
            circumstances: &self.circumstances,
            now: self.now,
        };
        Question {
            asked,
            cart: &self.cart,
            worth,
            floors,
            seek: Seek::Largest,
        }
    }

    fn worth(&self) -> Option<Worth> {
        self.worth.map(|(lift, contact)| Worth {
            lift: bps(lift),
            contact_costs: vec![usd(contact)],
        })
    }
}

fn random_policies_and_carts_are_answered_as_by_the_reference(part: u8) {
    let mut seen = [0_u32; 2];
    for (rules, cases) in random::worlds(part) {
        let policy = CompiledPolicy::new(1, &[], &random::written(&rules)).unwrap();
        for case in &cases {
            check(&policy, &rules, case);
            let passes = Asked::of(case, case.amount).is_allowed(&rules);
            seen[usize::from(passes)] += 1;
        }
    }
    let enough = (seen[0] + seen[1]) / 10;
    assert!(
        seen.iter().all(|count| *count > enough),
        "{seen:?}: what passes and what does not"
    );
}

macro_rules! in_parts {
    ($($part:ident = $number:literal),+ $(,)?) => {
        $(#[test]
        fn $part() {
            random_policies_and_carts_are_answered_as_by_the_reference($number);
        })+
    };
}

in_parts! {
    first = 1, second = 2, third = 3, fourth = 4, fifth = 5, sixth = 6, seventh = 7, eighth = 8, ninth = 9, tenth = 10,
}

/// Lines become policies of their own: that they mean what they say is compared in the same way.
#[test]
fn random_lines_are_answered_as_by_the_reference() {
    let mut compared = 0;
    for (mut rules, cases) in random::worlds(11) {
        rules.retain(|rule| rule.effect == Effect::Permit);
        let (lines, rules) = random::as_lines(&rules);
        if lines.is_empty() {
            continue;
        }
        let policy = CompiledPolicy::new(1, &lines, "").unwrap();
        for case in &cases {
            check(&policy, &rules, case);
            compared += 1;
        }
    }
    assert!(compared > 500, "{compared}");
}
