//! Whoever may not be contacted is not: consent, channel, hour, zone, caps and switches against one another, judged by
//! a second statement of the rules.

use domain::consent::ConsentState;
use domain::moment::Progress;
use domain::time::{Zone, from_millis, later};
use proptest::prelude::*;
use testkit::builders::a_consent;

use super::*;

const ZONES: [&str; 5] = [
    "Europe/Madrid",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Pacific/Apia",
];

#[derive(Debug, Clone)]
struct Case {
    channel: Channel,
    consent: Option<(Channel, Purpose, ConsentState)>,
    zone: Option<&'static str>,
    at: Timestamp,
    contacts: u32,
    stopped: bool,
    open: bool,
    progressing: bool,
}

fn channels() -> impl Strategy<Value = Channel> {
    proptest::sample::select(vec![Channel::OnPage, Channel::Chat, Channel::Call])
}

fn cases() -> impl Strategy<Value = Case> {
    let consent = (
        channels(),
        proptest::sample::select(Purpose::ALL),
        proptest::sample::select(ConsentState::ALL),
    );
    (
        (
            channels(),
            proptest::option::of(consent),
            proptest::option::of(proptest::sample::select(ZONES.to_vec())),
        ),
        // Around the changes of clocks in spring and autumn 2026, and anywhere in the year.
        prop_oneof![
            1_772_900_000_000_i64..1_773_100_000_000,
            1_793_400_000_000_i64..1_793_700_000_000,
            1_767_225_600_000_i64..1_798_761_600_000,
        ],
        (0_u32..5, any::<bool>(), any::<bool>(), any::<bool>()),
    )
        .prop_map(
            |((channel, consent, zone), at, (contacts, stopped, open, progressing))| Case {
                channel,
                consent,
                zone,
                at: from_millis(at).unwrap(),
                contacts,
                stopped,
                open,
                progressing,
            },
        )
}

impl Case {
    fn world(&self) -> World {
        let mut moment = a_moment().with_occurred_at(self.at);
        if let Some(zone) = self.zone {
            moment = moment.with_zone(zone);
        }
        if let Some((channel, purpose, state)) = self.consent {
            let mut consent = a_consent(channel, purpose);
            consent.state = state;
            moment = moment.with_consent(consent);
        }
        let mut world = World::new(moment, vec![on(self.channel, a_play("a", 500))]);
        world.now = later(self.at, Duration::from_secs(1));
        world.record.contacts_in_window = self.contacts;
        if self.stopped {
            world.rules.outreach = Outreach::Stopped;
        }
        if self.open {
            world.record.contact = Contact::Open;
        }
        if self.progressing {
            world.assessment.progress = Progress::Progressing;
        }
        world
    }

    fn may_be_contacted(&self, now: Timestamp) -> bool {
        let consents = self.consent
            == Some((
                self.channel,
                Purpose::ProactiveHelp,
                ConsentState::Confirmed,
            ));
        let daytime = || {
            self.zone.is_some_and(|zone| {
                LocalHours::new(8, 20)
                    .unwrap()
                    .contains(&Zone::parse(zone).unwrap(), now)
            })
        };
        consents
            && (self.channel != Channel::Call || daytime())
            && self.contacts < 3
            && !self.stopped
            && !self.open
            && !self.progressing
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn nobody_is_contacted_who_may_not_be(case in cases()) {
        let world = case.world();
        let open = matches!(world.gate(), Gate::Open { .. });

        prop_assert_eq!(open, case.may_be_contacted(world.now));
    }
}
