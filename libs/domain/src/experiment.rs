//! Assignment of persons to the arms of an experiment: a pure hash, so that an arm sticks without being stored.
//!
//! The same person and experiment give the same arm for ever, on every host. The hash is part of the contract:
//! changing it would move people between the arms of running experiments.

use crate::hash::{fnv_1a, mix};
use crate::id::{ExperimentId, PersonId};
use crate::money::BasisPoints;
use crate::word::closed_enum;

closed_enum! {
    /// An arm of an experiment.
    pub enum Arm {
        /// Treated as the plays say.
        Treatment = "treatment",
        /// Left alone on every channel, and still measured.
        Holdout = "holdout",
    }
}

impl Arm {
    /// The arm of a person. `holdout` is the share held out; raising it moves people from treatment to holdout and
    /// nobody back.
    pub fn assign(experiment: &ExperimentId, person: PersonId, holdout: BasisPoints) -> Self {
        if bucket(experiment, person) < u64::from(holdout.get()) {
            Self::Holdout
        } else {
            Self::Treatment
        }
    }
}

/// Buckets of one basis point each.
const BUCKETS: u64 = 10_000;

/// A number below 10,000, uniform over persons and independent between experiments.
fn bucket(experiment: &ExperimentId, person: PersonId) -> u64 {
    let (kind, uuid) = match person {
        PersonId::Shopper(shopper) => (b's', shopper.uuid()),
        PersonId::Visitor(visitor) => (b'v', visitor.uuid()),
    };
    let name = experiment.as_str().bytes();
    // Zero ends the name: no slug holds it, so no two pairs give the same bytes.
    let bytes = name.chain([0, kind]).chain(uuid.into_bytes());
    // The remainder favours low buckets by less than one in 10^15.
    mix(fnv_1a(bytes)) % BUCKETS
}

#[cfg(test)]
mod tests;
