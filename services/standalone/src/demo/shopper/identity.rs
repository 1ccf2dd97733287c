//! Who a scripted shopper is: ids that are the same on every run with the same seed.

use domain::experiment::Arm;
use domain::id::{ExperimentId, InvalidId, PersonId, SessionId, ShopperId, VisitorId};
use domain::money::BasisPoints;
use domain::time::{LocalHours, Timestamp, Zone};

use crate::demo::scenes::{Hour, Scene};
use crate::replay::name_uuid;

/// The experiment that the holdout belongs to, and the share held out, as intervention-routing has them by default.
const EXPERIMENT: &str = "proactive-help";
const HELD_OUT: u32 = 1_000;

/// Zones around the world; in one of them it is day and in one it is night, whenever the demo runs.
const ZONES: [&str; 6] = [
    "America/New_York",
    "Europe/Madrid",
    "Asia/Tokyo",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Pacific/Auckland",
];

/// The ids and traits of one scripted shopper.
#[derive(Debug, Clone)]
pub(in crate::demo) struct Identity {
    pub(in crate::demo) session: SessionId,
    pub(in crate::demo) visitor: VisitorId,
    pub(in crate::demo) shopper: ShopperId,
    pub(in crate::demo) order: String,
    pub(in crate::demo) zone: String,
}

impl Identity {
    /// The shopper of a scene. Ids of shoppers are tried until the hash of the experiment draws the arm of the scene.
    pub(in crate::demo) fn of(scene: &Scene, seed: u64, now: Timestamp) -> Result<Self, InvalidId> {
        let name = |what: &str| name_uuid(&format!("rescate-demo/{seed}/{}/{what}", scene.name));
        Ok(Self {
            session: SessionId::from_uuid(name("session")),
            visitor: VisitorId::from_uuid(name("visitor")),
            shopper: drawn(scene.shopper.arm, name)?,
            order: format!("demo-{seed}-{}", scene.name),
            zone: zone(scene.shopper.hour, now).to_owned(),
        })
    }
}

fn drawn(arm: Arm, name: impl Fn(&str) -> uuid::Uuid) -> Result<ShopperId, InvalidId> {
    let experiment = ExperimentId::parse(EXPERIMENT)?;
    let share = BasisPoints::new(HELD_OUT).unwrap_or(BasisPoints::ZERO);
    let mut tries = (0_u32..).map(|number| ShopperId::from_uuid(name(&number.to_string())));
    let wanted =
        |shopper: &ShopperId| Arm::assign(&experiment, PersonId::Shopper(*shopper), share) == arm;
    // INVARIANT: both arms have a share, so the search ends.
    Ok(tries
        .find(wanted)
        .unwrap_or(ShopperId::from_uuid(name("shopper"))))
}

/// A zone in which it is the wanted time of day, well inside the hours.
fn zone(hour: Hour, now: Timestamp) -> &'static str {
    let (from, until) = match hour {
        Hour::Day => (9, 18),
        Hour::Night => (21, 6),
    };
    let is_wanted = |name: &&&str| {
        Zone::parse(name)
            .ok()
            .zip(LocalHours::new(from, until).ok())
            .is_some_and(|(zone, hours)| hours.contains(&zone, now))
    };
    ZONES.iter().find(is_wanted).copied().unwrap_or("UTC")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::time::later;

    use super::*;
    use crate::demo::scenes::SCENES;

    #[test]
    fn somewhere_it_is_day_and_somewhere_night_at_any_time() {
        for hour in 0..24 {
            let now = later(Timestamp::UNIX_EPOCH, Duration::from_hours(hour));
            assert_ne!(zone(Hour::Day, now), "UTC", "{hour}");
            assert_ne!(zone(Hour::Night, now), "UTC", "{hour}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_people_and_another_seed_others() {
        let scene = SCENES.first().unwrap();
        let shopper = |seed| {
            Identity::of(scene, seed, Timestamp::UNIX_EPOCH)
                .unwrap()
                .shopper
        };

        assert_eq!(shopper(1), shopper(1));
        assert_ne!(shopper(1), shopper(2));
    }
}
