//! Assignment of persons to the arms of an experiment: a pure hash, so that an arm sticks without being stored.
//!
//! The same person and experiment give the same arm for ever, on every host. The hash is part of the contract:
//! changing it would move people between the arms of running experiments.

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

/// FNV-1a, 64 bit. Its low bits alone are no good: ids of one millisecond differ in few bits, and it spreads those
/// badly. [`mix`] mends that.
fn fnv_1a(bytes: impl Iterator<Item = u8>) -> u64 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.fold(OFFSET_BASIS, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    })
}

/// The finaliser of `SplitMix64` (Steele, Lea and Flood 2014, in Stafford's variant 13): a bijection in which every bit
/// of the input flips each bit of the output with a chance close to one half.
const fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests;
