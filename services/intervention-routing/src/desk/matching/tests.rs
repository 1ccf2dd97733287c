//! Who gets a task.

use std::time::Duration;

use domain::time::later;
use proptest::prelude::*;
use testkit::clock::start;

use super::*;
use crate::task::tests::agent_of;

pub(crate) fn a_profile() -> Profile {
    Profile {
        presence: Presence::Available,
        capacity: 2,
        queues: [QueueId::parse("checkout").unwrap()].into(),
        skills: BTreeSet::new(),
        languages: [Language::EN].into(),
    }
}

pub(crate) fn a_need() -> Need {
    Need {
        queue: QueueId::parse("checkout").unwrap(),
        skill: None,
        language: None,
        channel: Channel::Chat,
    }
}

fn chosen(seats: &[(AssignedAgent, Profile, Load, u64)], need: &Need) -> Option<String> {
    chosen_beside(seats, need, &BTreeSet::new())
}

fn chosen_beside(
    seats: &[(AssignedAgent, Profile, Load, u64)],
    need: &Need,
    refused: &BTreeSet<AssignedAgent>,
) -> Option<String> {
    let seats = seats.iter().map(|(agent, profile, load, idle)| Seat {
        agent,
        profile,
        load: *load,
        idle_since: later(start(), Duration::from_secs(*idle)),
    });
    choose(seats, need, refused).map(|agent| agent.agent.to_string())
}

fn seat(agent: &str, idle_since: u64) -> (AssignedAgent, Profile, Load, u64) {
    (
        agent_of("north", agent),
        a_profile(),
        Load::default(),
        idle_since,
    )
}

fn units(units: u32) -> Load {
    Load { units, calls: 0 }
}

#[test]
fn whoever_has_been_idle_longest_is_chosen() {
    let seats = [seat("ana", 30), seat("bea", 10), seat("cai", 20)];

    assert_eq!(chosen(&seats, &a_need()).as_deref(), Some("bea"));
}

#[test]
fn of_equals_the_first_by_id_is_chosen() {
    let seats = [seat("cai", 10), seat("ana", 10), seat("bea", 10)];

    assert_eq!(chosen(&seats, &a_need()).as_deref(), Some("ana"));
}

#[test]
fn whoever_refused_or_missed_the_task_is_skipped() {
    let seats = [seat("ana", 10), seat("bea", 20)];
    let refused = BTreeSet::from([agent_of("north", "ana")]);

    assert_eq!(
        chosen_beside(&seats, &a_need(), &refused).as_deref(),
        Some("bea")
    );
    assert_eq!(chosen_beside(&seats[..1], &a_need(), &refused), None);
}

#[test]
fn a_known_language_must_be_spoken_and_an_unknown_one_excludes_nobody() {
    let seats = [seat("ana", 10)];
    let in_language = |language| Need {
        language,
        ..a_need()
    };

    assert_eq!(
        chosen(&seats, &in_language(Some(Language::EN))).as_deref(),
        Some("ana")
    );
    assert_eq!(chosen(&seats, &in_language(Some(Language::ES))), None);
    assert_eq!(chosen(&seats, &in_language(None)).as_deref(), Some("ana"));
}

#[test]
fn queue_skill_and_presence_must_fit() {
    let other_queue = Need {
        queue: QueueId::parse("orders").unwrap(),
        ..a_need()
    };
    let skilled = Need {
        skill: Some(SkillId::parse("voice").unwrap()),
        ..a_need()
    };

    assert_eq!(chosen(&[seat("ana", 10)], &other_queue), None);
    assert_eq!(chosen(&[seat("ana", 10)], &skilled), None);
    for presence in Presence::ALL {
        let mut seat = seat("ana", 10);
        seat.1.presence = *presence;
        let takes = chosen(&[seat], &a_need()).is_some();
        assert_eq!(takes, *presence == Presence::Available, "{presence}");
    }
}

#[test]
fn a_chat_takes_a_unit_and_a_call_takes_all() {
    let rooms = |load: Load, channel| load.room(2, channel);
    let on_call = Load { units: 2, calls: 1 };

    assert_eq!(rooms(units(0), Channel::Chat), 2);
    assert_eq!(rooms(units(1), Channel::Chat), 1);
    assert_eq!(rooms(units(2), Channel::Chat), 0);
    assert_eq!(rooms(units(0), Channel::Call), 1);
    assert_eq!(rooms(units(1), Channel::Call), 0);
    assert_eq!(rooms(on_call, Channel::Call), 0);
    // Not even when the agent says meanwhile that more would fit.
    assert_eq!(on_call.room(20, Channel::Chat), 0);
    assert_eq!(a_profile().cost(Channel::Call), 2);
    assert_eq!(a_profile().cost(Channel::Chat), 1);
}

proptest! {
    #[test]
    fn nobody_who_fits_has_been_idle_for_longer_than_the_chosen(
        agents in prop::collection::vec((0_u64..5, 0_u32..4, 0_u32..4, any::<bool>()), 0..12),
        call in any::<bool>(),
    ) {
        let seats: Vec<_> = agents
            .iter()
            .enumerate()
            .map(|(n, (idle, capacity, used, speaks))| {
                let languages = if *speaks { [Language::ES].into() } else { BTreeSet::new() };
                let profile = Profile { capacity: *capacity, languages, ..a_profile() };
                (agent_of("north", &format!("agent-{n:02}")), profile, units(*used), *idle)
            })
            .collect();
        let channel = if call { Channel::Call } else { Channel::Chat };
        let need = Need { language: Some(Language::ES), channel, ..a_need() };

        let chosen = chosen(&seats, &need);

        let mut fitting: Vec<_> = seats
            .iter()
            .filter(|(_, profile, load, _)| profile.room(*load, &need) > 0)
            .map(|(agent, _, _, idle)| (*idle, agent.agent.to_string()))
            .collect();
        fitting.sort();
        prop_assert_eq!(chosen, fitting.first().map(|(_, name)| name.clone()));
    }
}
