//! Values that unit tests of several modules share. All fit together and go with the builders of `testkit`.

use domain::cause::Cause;
use domain::id::{AgentId, PartnerId, ProgrammeId};
use domain::money::{BasisPoints, Currency, Money};
use domain::remedy::RemedyKind;
use domain::time::{earlier, later};
use std::sync::LazyLock;
use std::time::Duration;
use testkit::builders::{agent, bps, partner, usd};
use testkit::clock::start;

use crate::authority::{CompiledPolicy, Grant, Grantor, GrantorRole, Reach};
use crate::case::CaseAgent;
use crate::floors::MarginFloors;
use crate::programme::{DEFAULT_HOLD_TTL, Programme, ProgrammeState};

const DAY: Duration = Duration::from_hours(24);

/// The agent `ana` of the partner `north`.
pub(crate) fn ana() -> CaseAgent {
    CaseAgent {
        partner: partner(),
        agent: agent(),
    }
}

/// Somebody else of the same partner.
pub(crate) fn colleague(name: &str) -> CaseAgent {
    CaseAgent {
        partner: partner(),
        agent: AgentId::parse(name).unwrap(),
    }
}

/// Ana of another partner.
pub(crate) fn stranger() -> CaseAgent {
    CaseAgent {
        partner: PartnerId::parse("south").unwrap(),
        agent: agent(),
    }
}

pub(crate) fn as_agent(who: CaseAgent) -> Grantor {
    Grantor::Person(GrantorRole::Agent, who)
}

/// `rescue`: shipping and discounts in USD, since yesterday and until tomorrow, without a margin floor to speak of.
pub(crate) fn programme() -> Programme {
    Programme {
        id: ProgrammeId::parse("rescue").unwrap(),
        remedies: vec![
            RemedyKind::WaiveShipping,
            RemedyKind::PercentOff,
            RemedyKind::AmountOff,
        ],
        currency: Currency::USD,
        starts_at: earlier(start(), DAY),
        ends_at: later(start(), DAY),
        margin_floor: BasisPoints::ZERO,
        offers_per_person: 1,
        hold_ttl: DEFAULT_HOLD_TTL,
        state: ProgrammeState::Active,
        periods: None,
    }
}

/// A line for everybody of a role.
pub(crate) fn line(role: GrantorRole, remedy: RemedyKind, max_amount: Money) -> Grant {
    Grant {
        role,
        reach: Reach::Everyone,
        remedy,
        causes: Vec::new(),
        max_amount,
        max_share: bps(10_000),
        expires_at: None,
        second_approval_above: None,
    }
}

/// Agents take up to USD 10.00 off, supervisors up to USD 30.00.
pub(crate) fn policy() -> CompiledPolicy {
    policy_of(vec![
        line(GrantorRole::Agent, RemedyKind::AmountOff, usd(1_000)),
        line(GrantorRole::Supervisor, RemedyKind::AmountOff, usd(3_000)),
    ])
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "a sample reads better without a borrow"
)]
pub(crate) fn policy_of(grants: Vec<Grant>) -> CompiledPolicy {
    CompiledPolicy::new(1, &grants, "").unwrap()
}

/// A shop without margin floors of its own.
pub(crate) static NO_FLOORS: LazyLock<MarginFloors> = LazyLock::new(MarginFloors::default);

/// A cause that money helps.
pub(crate) const MONEY_CAUSE: Cause = Cause::UnexpectedCost;
