//! Random policies with carts to try them on: small numbers, so that limits are met, missed and hit exactly.

use std::time::Duration;

use domain::cart::Cart;
use domain::cause::Cause;
use domain::channel::Channel;
use domain::id::PersonId;
use domain::money::{Currency, Money};
use domain::remedy::RemedyKind;
use domain::time::{Timestamp, later};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use testkit::builders::{bps, usd};
use testkit::clock::start;
use testkit::ids::nth;

use super::super::*;
use super::carts::{cart, floors};
use crate::floors::MarginFloor;
use crate::samples::{ana, as_agent, programme};

pub(super) const MS: Duration = Duration::from_millis(1);

const CARTS: usize = 20;
/// Policies of one test, of which there are ten, so that each is a process that ends soon: ten thousand answers in all. The
/// variable sets another number.
const POLICIES: usize = 50;
const POLICIES_VARIABLE: &str = "RESCATE_TEST_POLICIES";
pub(super) const REMEDIES: [RemedyKind; 3] = [
    RemedyKind::AmountOff,
    RemedyKind::PercentOff,
    RemedyKind::PriceMatch,
];
const CAUSES: [Cause; 3] = [Cause::UnexpectedCost, Cause::PromoCode, Cause::ProductDoubt];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Permit,
    Forbid,
}

/// A policy in the words of the reference. What is absent or empty does not limit.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) effect: Effect,
    pub(super) role: GrantorRole,
    pub(super) remedies: Vec<RemedyKind>,
    pub(super) causes: Vec<Cause>,
    pub(super) currency: Option<Currency>,
    /// A permit is for at most so much, a forbid for all above.
    pub(super) max: i64,
    pub(super) share: u32,
    pub(super) until: Option<Timestamp>,
    pub(super) tier: Option<Tier>,
    pub(super) certificate: Option<CertificateName>,
    pub(super) unused: u32,
    pub(super) channel: Option<Channel>,
    /// What one pair of eyes may; above it takes two.
    pub(super) alone: Option<i64>,
}

/// Somebody who asks for something on a cart.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) grantor: Grantor,
    pub(super) remedy: RemedyKind,
    pub(super) cause: Cause,
    pub(super) cart: Cart,
    pub(super) amount: i64,
    pub(super) granted: Money,
    pub(super) circumstances: Circumstances,
    pub(super) candidate: Candidate,
    pub(super) floors: Vec<MarginFloor>,
    /// By how many basis points a contact raises the chance of an order, and what it costs.
    pub(super) worth: Option<(u32, i64)>,
    pub(super) now: Timestamp,
}

/// Policies with their carts: others for each part, and the same in each run.
pub(super) fn worlds(part: u8) -> Vec<(Vec<Rule>, Vec<Case>)> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test that is run longer on demand"
    )]
    let given = std::env::var(POLICIES_VARIABLE).ok();
    let policies = given.map_or(POLICIES, |count| count.parse().unwrap());
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[part; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), seed);
    let world = (vec(rule(), 1..6), vec(case(), CARTS));
    let mut next = || {
        let (mut rules, cases) = world.new_tree(&mut runner).unwrap().current();
        for (rule, number) in rules.iter_mut().zip(1..) {
            rule.name = format!("rule-{number}");
        }
        (rules, cases)
    };
    (0..policies).map(|_| next()).collect()
}

/// The instants at which rules and certificates end, in their order.
pub(super) fn ends(rules: &[Rule], case: &Case) -> Vec<Timestamp> {
    let certificates = case.circumstances.standing.certificates.iter();
    let mut ends: Vec<Timestamp> = rules.iter().filter_map(|rule| rule.until).collect();
    ends.extend(certificates.map(|held| held.expires_at));
    ends.sort_unstable();
    ends
}

/// The rules as policies.
pub(super) fn written(rules: &[Rule]) -> String {
    rules.iter().map(Rule::in_cedar).collect()
}

/// Permits as lines of authority, and as the rules that those lines are.
pub(super) fn as_lines(permits: &[Rule]) -> (Vec<Grant>, Vec<Rule>) {
    let mut lines = Vec::new();
    let mut rules = Vec::new();
    for permit in permits {
        for remedy in &permit.remedies {
            let currency = permit.currency.unwrap_or(Currency::USD);
            lines.push(Grant {
                role: permit.role,
                reach: Reach::Everyone,
                remedy: *remedy,
                causes: permit.causes.clone(),
                max_amount: Money::new(permit.max, currency).unwrap(),
                max_share: bps(permit.share),
                expires_at: permit.until,
                second_approval_above: permit
                    .alone
                    .map(|alone| Money::new(alone, currency).unwrap()),
            });
            rules.push(Rule {
                name: format!("line-{}", lines.len()),
                remedies: vec![*remedy],
                currency: Some(currency),
                tier: None,
                certificate: None,
                unused: 0,
                channel: None,
                ..permit.clone()
            });
        }
    }
    (lines, rules)
}

impl Rule {
    fn in_cedar(&self) -> String {
        let words = |words: Vec<&str>| words.join(", ");
        let actions = self
            .remedies
            .iter()
            .map(|remedy| format!("Action::\"{remedy}\""));
        let actions: Vec<String> = actions.collect();
        let kind = match self.role {
            GrantorRole::Agent => "Agent",
            GrantorRole::Supervisor => "Supervisor",
        };
        let small = format!(
            "(context.total <= {} && context.total_bps <= {})",
            self.max, self.share
        );
        let (effect, sized) = match self.effect {
            Effect::Permit => ("permit", small),
            Effect::Forbid => ("forbid", format!("!{small}")),
        };
        let mut conditions = vec![sized];
        conditions.extend(self.conditions());
        let actions = words(actions.iter().map(String::as_str).collect());
        format!(
            "@id(\"{}\")\n{effect} (principal is {kind}, action in [{actions}], resource)\nwhen {{ {} }};\n",
            self.name,
            conditions.join(" && "),
        )
    }

    /// Beside how much it is.
    fn conditions(&self) -> Vec<String> {
        let mut conditions = vec![format!("context.offers_unused >= {}", self.unused)];
        if let Some(currency) = self.currency {
            conditions.push(format!("context.currency == \"{currency}\""));
        }
        if let Some(end) = self.until {
            conditions.push(format!("context.now < datetime(\"{end:.3}\")"));
        }
        if let Some(channel) = self.channel {
            conditions.push(format!(
                "context has channel && context.channel == \"{channel}\""
            ));
        }
        if let Some(alone) = self.alone {
            conditions.push(format!(
                "(context.total <= {alone} || context.approvals >= 2)"
            ));
        }
        if let Some(tier) = &self.tier {
            conditions.push(format!(
                "principal has tier && principal.tier == \"{tier}\""
            ));
        }
        if let Some(name) = &self.certificate {
            conditions.push(format!("principal.certificates.contains(\"{name}\")"));
        }
        if !self.causes.is_empty() {
            let causes: Vec<String> = self
                .causes
                .iter()
                .map(|cause| format!("\"{cause}\""))
                .collect();
            conditions.push(format!("[{}].contains(context.cause)", causes.join(", ")));
        } else if self.effect == Effect::Permit {
            conditions.push("context.money_cause".to_owned());
        }
        conditions
    }
}

fn rule() -> impl Strategy<Value = Rule> {
    let head = (
        prop_oneof![5 => Just(Effect::Permit), 1 => Just(Effect::Forbid)],
        prop_oneof![3 => Just(GrantorRole::Agent), 1 => Just(GrantorRole::Supervisor)],
        subsequence(REMEDIES.to_vec(), 1..=REMEDIES.len()),
        prop_oneof![2 => Just(Vec::new()), 1 => subsequence(CAUSES.to_vec(), 1..=2)],
    );
    let limits = (
        option::weighted(
            0.3,
            prop_oneof![3 => Just(Currency::USD), 1 => Just(Currency::EUR)],
        ),
        0_i64..400,
        prop_oneof![1 => Just(10_000_u32), 2 => 0_u32..=10_000],
        option::weighted(0.3, instant()),
        option::weighted(0.1, tier()),
        option::weighted(0.15, certificate()),
        prop_oneof![5 => Just(0_u32), 1 => 1_u32..4],
        option::weighted(0.15, channel()),
        option::weighted(0.2, 0_i64..200),
    );
    (head, limits).prop_map(|((effect, role, remedies, causes), limits)| {
        let (currency, max, share, until, tier, certificate, unused, channel, alone) = limits;
        Rule {
            name: String::new(),
            effect,
            role,
            remedies,
            causes,
            currency,
            max,
            share,
            until,
            tier,
            certificate,
            unused,
            channel,
            alone,
        }
    })
}

fn channel() -> impl Strategy<Value = Channel> {
    select(vec![Channel::Chat, Channel::Call])
}

/// A few instants around the clock of the cases, so that ends meet.
fn instant() -> impl Strategy<Value = Timestamp> {
    (0_u64..6).prop_map(|minutes| later(start(), Duration::from_mins(minutes)))
}

fn tier() -> impl Strategy<Value = Tier> {
    select(vec!["team_leader", "senior"]).prop_map(|name| Tier::parse(name).unwrap())
}

fn certificate() -> impl Strategy<Value = CertificateName> {
    select(vec!["refunds", "pci"]).prop_map(|name| CertificateName::parse(name).unwrap())
}

fn grantor() -> impl Strategy<Value = Grantor> {
    prop_oneof![
        6 => Just(as_agent(ana())),
        1 => Just(Grantor::Person(GrantorRole::Supervisor, ana())),
        1 => Just(Grantor::Shop(ana().partner)),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let asked = (
        grantor(),
        select(REMEDIES.to_vec()),
        prop_oneof![4 => Just(CAUSES[0]), 1 => select(CAUSES.to_vec())],
        prop_oneof![2 => 1_i64..100, 1 => 1_i64..400],
        prop_oneof![3 => Just(0_i64), 1 => 0_i64..100],
        instant(),
    );
    let limits = (
        prop_oneof![2 => Just(0_u32), 1 => 0_u32..=9_000],
        prop_oneof![2 => Just(1_000_i64), 1 => 0_i64..400],
        option::weighted(0.3, 0_i64..400),
        prop_oneof![9 => Just(1_u32), 1 => Just(0_u32)],
        option::weighted(0.2, (1_u32..=10_000, 0_i64..20)),
        floors(),
    );
    (asked, cart(), limits, circumstances()).prop_map(|(asked, cart, limits, circumstances)| {
        let (grantor, remedy, cause, amount, granted, now) = asked;
        let (floor, budget, purse, uses, worth, floors) = limits;
        let mut candidate = Candidate {
            programme: programme(),
            budget: usd(budget),
            purse: purse.map_or(PurseRoom::Unlimited, |left| PurseRoom::Left(usd(left))),
            uses: Some(uses),
        };
        candidate.programme.margin_floor = bps(floor);
        Case {
            grantor,
            remedy,
            cause,
            amount: amount.min(cart.value().minor_units()),
            granted: usd(granted),
            circumstances: Circumstances {
                margin: cart.margin(),
                ..circumstances
            },
            cart,
            candidate,
            floors,
            worth,
            now,
        }
    })
}

fn circumstances() -> impl Strategy<Value = Circumstances> {
    let held =
        (certificate(), instant()).prop_map(|(name, expires_at)| Certificate { name, expires_at });
    let seen = (
        option::of(tier()),
        vec(held, 0..3),
        0_u32..5,
        option::of(channel()),
        prop_oneof![3 => Just(0_u32), 1 => 1_u32..=2],
    );
    seen.prop_map(
        |(tier, certificates, unused, channel, approvals)| Circumstances {
            standing: Standing { tier, certificates },
            person: Some(PersonId::Visitor(nth(2))),
            margin: None,
            remedies_held: Vec::new(),
            history: History {
                had: unused,
                unused,
            },
            channel,
            approvals,
        },
    )
}
