//! Domain values that are valid as they come, so that a test names only the fields it is about:
//! `a_moment().with_kind(MomentKind::ExitIntent).with_cart(a_cart().with_value(25_000)).build()`.
//!
//! Values are the same in each run and fit together: a session of one visitor with USD 120.00 in the cart, at the
//! time at which a new [`FakeClock`](crate::FakeClock) stands. A field without a method is set by struct update:
//! `Moment { event_count: 3, ..a_moment().build() }`.

mod assessment;
mod cart;
mod fact;
mod moment;

use domain::assessment::Probability;
use domain::channel::Channel;
use domain::consent::{Consent, ConsentState, Purpose};
use domain::id::{AgentId, PartnerId, TenantId};
use domain::money::{BasisPoints, Currency, Money};
use domain::text::Text;

use crate::clock::start;

pub use self::assessment::{AssessmentBuilder, an_assessment};
pub use self::cart::{CartBuilder, a_cart};
pub use self::fact::{FactBuilder, a_fact};
pub use self::moment::{MomentBuilder, a_moment};

/// The tenant `acme`, whose tokens [`tokens`](crate::tokens) makes.
pub fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

/// Another tenant, who must see nothing of the first.
pub fn other_tenant() -> TenantId {
    TenantId::parse("globex").unwrap()
}

/// The partner `north`.
pub fn partner() -> PartnerId {
    PartnerId::parse("north").unwrap()
}

/// The agent `ana` of that partner.
pub fn agent() -> AgentId {
    AgentId::parse("ana").unwrap()
}

/// So many US cents.
pub fn usd(minor_units: i64) -> Money {
    Money::new(minor_units, Currency::USD).unwrap()
}

/// So many hundredths of a percent.
pub fn bps(basis_points: u32) -> BasisPoints {
    BasisPoints::new(basis_points).unwrap()
}

pub fn probability(value: f64) -> Probability {
    Probability::new(value).unwrap()
}

/// A confirmed consent, given on the page at the start of time.
pub fn a_consent(channel: Channel, purpose: Purpose) -> Consent {
    Consent {
        channel,
        purpose,
        state: ConsentState::Confirmed,
        text_version: Text::parse("2026-01").unwrap(),
        source: Text::parse("checkout").unwrap(),
        zone: None,
        recorded_at: start(),
    }
}

#[cfg(test)]
mod tests;
