//! What a policy says to a question: yes or no, by which policies, up to which amount, until when, and why not.
//!
//! Why not is found by asking again with something changed. The smallest change that would be allowed names the reasons,
//! whatever the policy looks like: that is also what would make the offer pass.

mod ask;

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use domain::cause::Cause;
use domain::offer::OfferRefusal;
use domain::time::{Timestamp, earlier, later};
use tracing::warn;

use super::answers::Answer;
use super::compiled::{CompiledPolicy, Slice};
use super::question::{AuthorityQuestion, BOTH, Grantor, PolicyName};
use ask::{Asker, Facts, Principal};

/// What lies between two instants that Cedar tells apart.
const INSTANT: Duration = Duration::from_millis(1);

/// Most changes that are tried to explain a refusal.
const MOST_TRIES: usize = 2_000;

/// What is of interest beside yes and no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seek {
    /// Until when the authority lasts; to whoever is refused why, and the largest amount that would be allowed.
    Answer,
    /// The largest amount alone. Why not, and until when, is not looked for: that takes many times as long.
    Room,
    /// As for an answer, and the largest amount in any case.
    Largest,
}

/// What a policy says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Weighed {
    /// Every reason against it; empty when it is allowed.
    pub(crate) refusals: Vec<OfferRefusal>,
    /// The most that would be allowed, in minor units; `None` when it was not sought.
    pub(crate) most: Option<i64>,
    /// When the authority ends that it is allowed under; not told where only [`Room`](Seek::Room) is of interest.
    pub(crate) until: Option<Timestamp>,
    /// The policies that decided.
    pub(crate) decided_by: Vec<PolicyName>,
}

/// What can stand between an offer and its grant, and be another thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Amount,
    Cause,
    Time,
    Currency,
    Approvals,
}

impl Change {
    /// In the order in which reasons are named.
    const ALL: [Self; 5] = [
        Self::Amount,
        Self::Cause,
        Self::Time,
        Self::Currency,
        Self::Approvals,
    ];

    fn reason(self) -> OfferRefusal {
        match self {
            Self::Amount => OfferRefusal::AboveAuthority,
            Self::Cause => OfferRefusal::CauseNotEligible,
            Self::Time => OfferRefusal::AuthorityExpired,
            Self::Currency => OfferRefusal::CurrencyMismatch,
            Self::Approvals => OfferRefusal::NeedsApproval,
        }
    }
}

/// What a policy says to one question, on whatever programme. Of all that is looked for only the most depends on what else there
/// is room for; the rest is asked once.
pub(crate) struct Verdict<'a> {
    /// One for each as whom the question is asked.
    scales: Vec<Scales<'a>>,
}

impl Verdict<'_> {
    /// No amount above `ceiling` is looked at as the most.
    pub(crate) fn weigh(&self, ceiling: i64, seek: Seek) -> Weighed {
        let weighed = self.scales.iter().map(|scales| scales.weigh(ceiling, seek));
        weighed
            .reduce(|best, other| if other.beats(&best) { other } else { best })
            .unwrap_or_else(|| Weighed {
                refusals: vec![OfferRefusal::RemedyNotAllowed],
                most: Some(0),
                ..Weighed::default()
            })
    }
}

impl CompiledPolicy {
    /// Asks a question.
    pub(crate) fn ask<'a>(&'a self, question: AuthorityQuestion<'a>) -> Verdict<'a> {
        let slice = self.slice(question.grantor.role(), question.remedy);
        let scales = slice.into_iter().flat_map(|slice| {
            let principals = principals(question, slice).into_iter();
            principals.map(move |principal| Scales::of(slice, question, &principal))
        });
        Verdict {
            scales: scales.collect(),
        }
    }

    /// Whether a question is allowed, without a word on why.
    pub(crate) fn allows(&self, question: AuthorityQuestion<'_>) -> bool {
        let slice = self.slice(question.grantor.role(), question.remedy);
        slice.is_some_and(|slice| {
            principals(question, slice).into_iter().any(|principal| {
                let scales = Scales::of(slice, question, &principal);
                scales.asker.ask(scales.facts).is_allowed
            })
        })
    }
}

/// As whom a question is asked. For a supervisor who is yet to be found, as each that the policies name.
fn principals(question: AuthorityQuestion<'_>, slice: &Slice) -> Vec<Principal> {
    let role = question.grantor.role();
    match question.grantor {
        Grantor::Person(_, person) => vec![Principal::person(role, person)],
        Grantor::Shop(partner) => vec![Principal::nobody(role, partner)],
        Grantor::AnySupervisor(partner) => {
            let of_partner = format!("{partner}/");
            let named = slice.literals.persons.iter();
            let named = named.filter(|person| person.starts_with(&of_partner));
            named
                .map(|person| Principal::named(role, partner, person))
                .chain([Principal::nobody(role, partner)])
                .collect()
        }
    }
}

impl Weighed {
    fn beats(&self, other: &Self) -> bool {
        let rank = |weighed: &Self| (weighed.refusals.is_empty(), weighed.most);
        rank(self) > rank(other)
    }
}

/// One question as one person, with the policies that can decide on it.
struct Scales<'a> {
    slice: &'a Slice,
    asker: Asker<'a>,
    facts: Facts,
    answer: Arc<Answer>,
    /// When the authority ends, once that was looked for.
    until: OnceCell<Option<Timestamp>>,
    /// Why it is refused whatever the amount, once that was looked for.
    nearest: OnceCell<Vec<OfferRefusal>>,
}

impl<'a> Scales<'a> {
    fn of(slice: &'a Slice, question: AuthorityQuestion<'a>, principal: &Principal) -> Self {
        let asker = Asker::new(slice, question, principal);
        let facts = Facts::of(question);
        let answer = asker.ask(facts);
        if answer.is_unsound {
            let policies = &answer.decided_by;
            warn!(
                ?policies,
                "policies cannot be worked out, so that what they decide on is refused"
            );
        }
        Self {
            slice,
            asker,
            facts,
            answer,
            until: OnceCell::new(),
            nearest: OnceCell::new(),
        }
    }

    fn weigh(&self, ceiling: i64, seek: Seek) -> Weighed {
        let Answer {
            is_allowed,
            decided_by,
            refusals,
            ..
        } = &*self.answer;
        let most = (seek != Seek::Answer || !is_allowed).then(|| self.most(ceiling));
        if *is_allowed {
            let ends = (seek != Seek::Room).then(|| self.end_of_authority());
            return Weighed {
                refusals: Vec::new(),
                most,
                until: ends.flatten(),
                decided_by: decided_by.clone(),
            };
        }
        let refusals = if !refusals.is_empty() {
            refusals.clone()
        } else if most.is_some_and(|most| most > 0) {
            vec![OfferRefusal::AboveAuthority]
        } else if seek == Seek::Room || !self.slice.permits {
            vec![OfferRefusal::RemedyNotAllowed]
        } else {
            self.nearest().to_vec()
        };
        Weighed {
            refusals,
            most,
            until: None,
            decided_by: decided_by.clone(),
        }
    }

    /// The largest amount up to `ceiling` that is allowed while one more minor unit is not, by bisection; 0 when not even
    /// one is. It is never one that the policy was not asked about.
    fn most(&self, ceiling: i64) -> i64 {
        let allows = |amount| {
            let facts = Facts {
                amount,
                ..self.facts
            };
            self.asker.ask(facts).is_allowed
        };
        if ceiling < 1 || !self.slice.permits || !allows(1) {
            return 0;
        }
        if allows(ceiling) {
            return ceiling;
        }
        let (mut good, mut bad) = (1, ceiling);
        while bad - good > 1 {
            let middle = good + (bad - good) / 2;
            if allows(middle) {
                good = middle;
            } else {
                bad = middle;
            }
        }
        good
    }

    /// The first instant after now at which the answer turns.
    fn end_of_authority(&self) -> Option<Timestamp> {
        let is_to_come = |instant: &Timestamp| *instant > self.facts.now;
        *self.until.get_or_init(|| {
            // A policy may hold until an instant, or until after it.
            self.turns()
                .into_iter()
                .flat_map(|turn| [turn, after(turn)])
                .filter(is_to_come)
                .find(|now| !self.asker.ask(self.at(*now)).is_allowed)
        })
    }

    /// The reasons of the smallest change that would be allowed; that the remedy is not, when none would.
    fn nearest(&self) -> &[OfferRefusal] {
        self.nearest.get_or_init(|| self.find_nearest())
    }

    fn find_nearest(&self) -> Vec<OfferRefusal> {
        let mut tries = MOST_TRIES;
        let mut sets: Vec<Vec<Change>> = subsets();
        sets.sort_by_key(Vec::len);
        for changes in sets {
            if self.would_pass(&changes, &mut tries) {
                return changes.into_iter().map(Change::reason).collect();
            }
        }
        vec![OfferRefusal::RemedyNotAllowed]
    }

    /// Whether the offer is allowed once these things are others, whatever they are then.
    fn would_pass(&self, changes: &[Change], tries: &mut usize) -> bool {
        let mut worlds = vec![self.facts];
        for change in changes {
            worlds = worlds
                .into_iter()
                .flat_map(|facts| self.others(*change, facts))
                .take(*tries)
                .collect();
        }
        worlds.into_iter().any(|facts| {
            let is_left = *tries > 0;
            *tries = tries.saturating_sub(1);
            is_left && self.asker.ask(facts).is_allowed
        })
    }

    fn others(&self, change: Change, facts: Facts) -> Vec<Facts> {
        match change {
            Change::Amount => vec![Facts {
                amount: 0,
                granted: 0,
                ..facts
            }],
            Change::Cause => Cause::ALL
                .iter()
                .map(|cause| Facts {
                    cause: *cause,
                    ..facts
                })
                .collect(),
            Change::Time => self
                .turns()
                .into_iter()
                .flat_map(|turn| [earlier(turn, INSTANT), turn, after(turn)])
                .map(|now| Facts { now, ..facts })
                .collect(),
            Change::Currency => {
                let currencies = self.slice.literals.currencies.iter();
                currencies
                    .map(|currency| Facts {
                        currency: *currency,
                        ..facts
                    })
                    .collect()
            }
            // Where no policy counts them, more of them change nothing.
            Change::Approvals if !self.slice.literals.counts_approvals => Vec::new(),
            Change::Approvals => vec![Facts {
                approvals: BOTH,
                ..facts
            }],
        }
    }

    /// The instants at which an answer may turn, in their order.
    fn turns(&self) -> Vec<Timestamp> {
        let mut turns: Vec<Timestamp> = self.slice.literals.instants.iter().copied().collect();
        turns.extend(self.asker.ends_of_certificates());
        turns.sort_unstable();
        turns.dedup();
        turns
    }

    fn at(&self, now: Timestamp) -> Facts {
        Facts { now, ..self.facts }
    }
}

/// The next instant that Cedar tells from this one.
fn after(turn: Timestamp) -> Timestamp {
    later(turn, INSTANT)
}

/// All sets of changes but the empty one.
fn subsets() -> Vec<Vec<Change>> {
    let mut sets: Vec<Vec<Change>> = vec![Vec::new()];
    for change in Change::ALL {
        let with: Vec<Vec<Change>> = sets
            .iter()
            .map(|set| [set.as_slice(), &[change]].concat())
            .collect();
        sets.extend(with);
    }
    sets.retain(|set| !set.is_empty());
    sets
}
