//! The ledger in the abstract: which limits an offer draws on, and what each kind of entry does to them.
//!
//! For every limit `held + redeemed <= cap`, and both are the sums of the entries. The counters that make it hold under
//! concurrency are in `store::ledger`.

use std::fmt;

use domain::closed_enum;
use domain::id::{OfferId, PersonId, ProgrammeId};
use domain::money::{Currency, Money};

use crate::case::CaseAgent;
use crate::day::Day;
use crate::offer::{Hold, Terms};
use crate::programme::{Programme, PurseOwner};

closed_enum! {
    /// What a ledger entry books.
    pub enum EntryKind {
        /// Money is claimed.
        Hold = "hold",
        /// A claim is given back.
        Release = "release",
        /// A claim ran out.
        Expire = "expire",
        /// A claim was used in an order.
        Redeem = "redeem",
        /// A use was taken back.
        Reverse = "reverse",
        /// Money was added to the budget.
        TopUp = "top_up",
        /// Room of a period that has ended went into a later one.
        CarryOut = "carry_out",
        /// Room of an earlier period came into this one.
        CarryIn = "carry_in",
        /// Room of a period that has ended is gone.
        Lapse = "lapse",
    }
}

closed_enum! {
    /// What kind of thing is limited.
    pub enum Scope {
        /// Offers of a programme that one person has.
        Usage = "usage",
        /// What an agent grants in a day.
        AgentPurse = "agent_purse",
        /// What a partner grants in a day.
        PartnerPurse = "partner_purse",
        /// What a programme grants in all, or in one period.
        Budget = "budget",
    }
}

/// One limit, with one counter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LimitKey {
    pub(crate) scope: Scope,
    /// What is limited within the scope. Slashes stand between names, which hold none.
    pub(crate) subject: String,
}

impl LimitKey {
    /// The budget of a programme, or that of the period that begins on a day.
    pub(crate) fn budget(programme: &ProgrammeId, period: Option<Day>) -> Self {
        match period {
            None => Self::new(Scope::Budget, programme),
            Some(first) => Self::new(
                Scope::Budget,
                format_args!("{programme}/{}", first.number()),
            ),
        }
    }

    /// The budget that a programme grants from now.
    pub(crate) fn open_budget(programme: &Programme) -> Self {
        Self::budget(&programme.id, programme.open_period())
    }

    /// A purse on a day. Each currency is a purse of its own, so that sums never mix.
    pub(crate) fn purse(owner: &PurseOwner, day: Day, currency: Currency) -> Self {
        let PurseOwner { partner, agent } = owner;
        let day = day.number();
        match agent {
            None => Self::new(
                Scope::PartnerPurse,
                format_args!("{partner}/{day}/{currency}"),
            ),
            Some(agent) => Self::new(
                Scope::AgentPurse,
                format_args!("{partner}/{agent}/{day}/{currency}"),
            ),
        }
    }

    /// How many offers of a programme a person has.
    pub(crate) fn usage(programme: &ProgrammeId, person: PersonId) -> Self {
        Self::new(Scope::Usage, format_args!("{programme}/{person}"))
    }

    fn new(scope: Scope, subject: impl fmt::Display) -> Self {
        let subject = subject.to_string();
        Self { scope, subject }
    }
}

/// What one offer draws on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draw {
    pub(crate) offer: OfferId,
    pub(crate) programme: ProgrammeId,
    /// The period of the budget, where it has periods.
    pub(crate) period: Option<Day>,
    pub(crate) person: PersonId,
    pub(crate) agent: CaseAgent,
    pub(crate) day: Day,
    pub(crate) amount: Money,
}

/// One counter that an offer draws on, and by how much: minor units, or one use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) key: LimitKey,
    pub(crate) units: i64,
}

impl Draw {
    /// What an offer with these terms draws on while it has this hold.
    pub(crate) fn of(terms: &Terms, hold: &Hold) -> Self {
        Self {
            offer: terms.id,
            programme: terms.programme.clone(),
            period: hold.budget_period,
            person: terms.person,
            agent: terms.agent.clone(),
            day: hold.day,
            amount: terms.amount,
        }
    }

    /// The budget that it draws on.
    pub(crate) fn budget(&self) -> LimitKey {
        LimitKey::budget(&self.programme, self.period)
    }

    /// The purses of agent and partner.
    pub(crate) fn purse_owners(&self) -> [PurseOwner; 2] {
        purse_owners(&self.agent)
    }

    /// The counters in the one order in which every transaction takes them, so that no two wait for each other in a
    /// circle. The busiest one comes last, so that it is locked for the shortest time.
    pub(crate) fn shares(&self) -> [Share; 4] {
        let money = self.amount.minor_units();
        let [agent, partner] = self
            .purse_owners()
            .map(|owner| LimitKey::purse(&owner, self.day, self.amount.currency()));
        let usage = LimitKey::usage(&self.programme, self.person);
        let budget = self.budget();
        [
            (usage, 1),
            (agent, money),
            (partner, money),
            (budget, money),
        ]
        .map(|(key, units)| Share { key, units })
    }
}

/// The purses that an agent draws on: the agent's own, and the partner's.
pub(crate) fn purse_owners(agent: &CaseAgent) -> [PurseOwner; 2] {
    [Some(agent.agent.clone()), None].map(|agent_id| PurseOwner {
        partner: agent.partner.clone(),
        agent: agent_id,
    })
}

/// When an offer claimed its money first, and when that claim ran out: places in the order of booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FirstClaim {
    pub(crate) held: i64,
    pub(crate) expired: Option<i64>,
}

impl FirstClaim {
    /// Whether the later of two offers on one case was decided on while the earlier one still counted. If not, each had
    /// the whole authority and margin for itself, and both together may have more than that.
    pub(crate) fn is_counted_with(self, other: Self) -> bool {
        let (first, second) = if self.held <= other.held {
            (self, other)
        } else {
            (other, self)
        };
        first.expired.is_none_or(|expired| second.held < expired)
    }
}

/// What an entry does to the two columns of a counter, as factors of its units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) held: i64,
    pub(crate) redeemed: i64,
    /// On the cap of a budget.
    pub(crate) cap: i64,
}

impl EntryKind {
    /// The one definition of what entries mean; counters and their audit both follow it.
    pub(crate) fn effect(self) -> Effect {
        let (held, redeemed, cap) = match self {
            Self::Hold => (1, 0, 0),
            Self::Release | Self::Expire => (-1, 0, 0),
            Self::Redeem => (-1, 1, 0),
            Self::Reverse => (0, -1, 0),
            Self::TopUp | Self::CarryIn => (0, 0, 1),
            Self::CarryOut | Self::Lapse => (0, 0, -1),
        };
        Effect {
            held,
            redeemed,
            cap,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::time::later;
    use testkit::builders::usd;
    use testkit::clock::start;
    use testkit::ids::nth;

    use super::*;
    use crate::samples::{ana, programme};

    fn draw() -> Draw {
        Draw {
            offer: nth(1),
            programme: programme().id,
            period: None,
            person: PersonId::Visitor(nth(2)),
            agent: ana(),
            day: Day::of(start()),
            amount: usd(250),
        }
    }

    #[test]
    fn counters_are_taken_in_one_order_and_the_budget_last() {
        let shares = draw().shares();

        let scopes = shares.each_ref().map(|share| share.key.scope);
        assert_eq!(scopes.as_slice(), Scope::ALL);
        assert_eq!(shares.map(|share| share.units), [1, 250, 250, 250]);
    }

    #[test]
    fn a_purse_is_one_for_each_day_and_currency() {
        let owner = &draw().purse_owners()[1];
        let today = Day::of(start());
        let key = |day, currency| LimitKey::purse(owner, day, currency);
        let tomorrow = Day::of(later(start(), Duration::from_hours(24)));

        assert_ne!(key(today, Currency::USD), key(tomorrow, Currency::USD));
        assert_ne!(key(today, Currency::USD), key(today, Currency::EUR));
    }

    #[test]
    fn a_budget_is_one_for_each_period() {
        let id = programme().id;
        let today = Day::of(start());

        assert_eq!(LimitKey::budget(&id, None).subject, "rescue");
        assert_ne!(
            LimitKey::budget(&id, Some(today)),
            LimitKey::budget(&id, Some(today.plus(1)))
        );
    }

    #[test]
    fn offers_count_together_when_the_second_came_while_the_first_was_held() {
        let claim = |held, expired| FirstClaim { held, expired };
        let first = claim(1, Some(5));

        for (second, together) in [
            (claim(2, None), true),
            (claim(4, Some(6)), true),
            (claim(6, None), false),
            (claim(6, Some(9)), false),
        ] {
            assert_eq!(first.is_counted_with(second), together, "{second:?}");
            assert_eq!(second.is_counted_with(first), together, "{second:?}");
        }
        assert!(claim(1, None).is_counted_with(claim(9, None)));
    }
}
