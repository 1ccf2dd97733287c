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

/// Agents of some capacity and what they have in use.
type Staff = Vec<(AssignedAgent, Profile, Load)>;

fn in_queue(queue: &str) -> Need {
    Need {
        queue: QueueId::parse(queue).unwrap(),
        ..a_need()
    }
}

fn a_call() -> Need {
    Need {
        channel: Channel::Call,
        ..in_queue("calls")
    }
}

fn promise(need: Need, count: u32) -> Promise {
    Promise {
        need,
        count,
        refused: BTreeSet::new(),
    }
}

/// An agent who serves these queues and can take two chats.
fn serving(agent: &str, queues: &[&str]) -> (AssignedAgent, Profile, Load) {
    let queues = queues.iter().map(|queue| QueueId::parse(queue).unwrap());
    let profile = Profile {
        queues: queues.collect(),
        ..a_profile()
    };
    (agent_of("north", agent), profile, Load::default())
}

fn seats(staff: &Staff) -> Vec<Seat<'_>> {
    let mut seats = Vec::new();
    for (agent, profile, load) in staff {
        seats.push(Seat {
            agent,
            profile,
            load: *load,
            idle_since: start(),
        });
    }
    seats
}

fn places_of(staff: &Staff, need: &Need, promises: &[Promise]) -> (u32, u32) {
    let Places { free, promised } = places(&seats(staff), need, promises);
    (free, promised)
}

#[test]
fn a_promise_counts_in_every_queue_that_its_agents_serve() {
    let staff = vec![
        serving("ana", &["checkout", "products"]),
        serving("bea", &["orders"]),
    ];
    let promises = [
        promise(in_queue("products"), 1),
        promise(in_queue("orders"), 1),
    ];

    assert_eq!(places_of(&staff, &in_queue("checkout"), &promises), (2, 1));
    assert_eq!(places_of(&staff, &in_queue("orders"), &promises), (2, 1));
    assert_eq!(places_of(&staff, &in_queue("returns"), &promises), (0, 0));
}

#[test]
fn a_task_that_nobody_free_may_take_is_promised_to_nobody() {
    let staff = vec![serving("ana", &["checkout"])];
    let refused = Promise {
        refused: [agent_of("north", "ana")].into(),
        ..promise(a_need(), 1)
    };
    let in_spanish = promise(
        Need {
            language: Some(Language::ES),
            ..a_need()
        },
        5,
    );

    let promises = [refused, in_spanish];

    assert_eq!(places_of(&staff, &a_need(), &promises), (2, 0));
}

#[test]
fn a_chat_heeds_no_call_and_a_call_takes_nobody_whom_a_chat_counts_on() {
    let alone = vec![serving("ana", &["checkout", "calls"])];
    let both = vec![alone[0].clone(), serving("bea", &["checkout"])];
    let call = promise(a_call(), 1);
    let chats = |count| promise(a_need(), count);

    let calls = std::slice::from_ref(&call);
    assert_eq!(places_of(&alone, &a_need(), calls), (2, 0));
    assert_eq!(places_of(&alone, &a_call(), &[chats(1)]), (0, 0));
    // Bea can keep two chats, but not three.
    assert_eq!(places_of(&both, &a_call(), &[chats(2), call]), (1, 1));
    assert_eq!(places_of(&both, &a_call(), &[chats(3)]), (0, 0));
}

const QUEUES: [&str; 3] = ["checkout", "products", "orders"];

fn staffs() -> impl Strategy<Value = Staff> {
    let agent = (1_u32..4, 1_usize..8);
    prop::collection::vec(agent, 1..5).prop_map(|agents| {
        let mut staff = Staff::new();
        for (n, (capacity, bits)) in agents.into_iter().enumerate() {
            let queues = (0..3).filter(|queue| bits & (1 << queue) != 0);
            let queues: Vec<&str> = queues.map(|queue| QUEUES[queue]).collect();
            let mut agent = serving(&format!("agent-{n}"), &queues);
            agent.1.capacity = capacity;
            staff.push(agent);
        }
        staff
    })
}

/// Chats that are promised, and to which of those who can take it each of them goes.
fn promised() -> impl Strategy<Value = Vec<(Promise, prop::sample::Index)>> {
    let chat = (0_usize..3, any::<prop::sample::Index>());
    let chat = chat.prop_map(|(queue, pick)| (promise(in_queue(QUEUES[queue]), 1), pick));
    prop::collection::vec(chat, 0..8)
}

/// Keeps the promises, and says which found nobody.
fn keep(staff: &mut Staff, promised: &[(Promise, prop::sample::Index)]) -> Vec<Promise> {
    let mut broken = Vec::new();
    for (promise, pick) in promised {
        let mut fitting: Vec<_> = staff
            .iter_mut()
            .filter(|(_, profile, load)| profile.room(*load, &promise.need) > 0)
            .collect();
        if fitting.is_empty() {
            broken.push(promise.clone());
        } else {
            pick.get_mut(&mut fitting).2.units += 1;
        }
    }
    broken
}

fn promises(promised: &[(Promise, prop::sample::Index)]) -> Vec<Promise> {
    promised
        .iter()
        .map(|(promise, _)| promise.clone())
        .collect()
}

proptest! {
    #[test]
    fn a_place_that_is_left_is_there_whoever_keeps_the_promises(
        mut staff in staffs(),
        promised in promised(),
        queue in 0_usize..3,
    ) {
        let need = in_queue(QUEUES[queue]);
        let left = places(&seats(&staff), &need, &promises(&promised)).are_left();

        keep(&mut staff, &promised);

        let room: u32 = seats(&staff).iter().map(|seat| seat.room(&need)).sum();
        prop_assert!(!left || room > 0);
    }

    #[test]
    fn whoever_can_be_spared_is_missed_by_no_chat(
        mut staff in staffs(),
        promised in promised(),
    ) {
        let agent = staff[0].0.clone();
        let spared = can_spare(&seats(&staff), &agent, &promises(&promised));
        let (_, profile, load) = staff.remove(0);

        let broken = keep(&mut staff, &promised);

        let missed = broken.iter().any(|promise| profile.room(load, &promise.need) > 0);
        prop_assert!(!spared || !missed);
    }
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
