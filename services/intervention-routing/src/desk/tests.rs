//! Who is there, who is told, and who is cut.

use std::time::Duration;

use domain::channel::Channel;
use futures::FutureExt;
use testkit::builders::{other_tenant, tenant};
use testkit::clock::start;

use super::*;
use crate::matching::tests::{a_need, a_profile};
use crate::task::tests::{after, agent_of};

const SILENCE: Duration = Duration::from_secs(30);

fn ana() -> AssignedAgent {
    agent_of("north", "ana")
}

/// An open desk of `ana`, who takes work.
fn staffed(desks: &Desks) -> Desk {
    let desk = desks.open(&tenant(), &ana(), start()).unwrap();
    desk.present(a_profile(), Load::default(), start());
    desk
}

fn heard(desk: &mut Desk) -> Vec<Result<DeskNews, Cut>> {
    std::iter::from_fn(|| desk.next().now_or_never())
        .scan(false, |over, news| {
            let was_over = std::mem::replace(over, news.is_err());
            (!was_over).then_some(news)
        })
        .collect()
}

fn free(desks: &Desks, need: &Need) -> u32 {
    desks.places(&tenant(), need, &[]).free
}

fn told(presence: Presence, used: u32) -> DeskNews {
    DeskNews::Presence(PresenceNow { presence, used })
}

#[test]
fn a_desk_takes_work_from_its_first_presence_until_it_closes() {
    let desks = Desks::new(2);
    let desk = desks.open(&tenant(), &ana(), start()).unwrap();
    assert_eq!(desks.available(&tenant(), &a_need()), []);

    desk.present(a_profile(), Load::default(), start());
    assert_eq!(desks.available(&tenant(), &a_need()), [ana()]);
    assert_eq!(free(&desks, &a_need()), 2);
    assert_eq!(desks.available(&other_tenant(), &a_need()), []);

    drop(desk);
    assert_eq!(desks.available(&tenant(), &a_need()), []);
}

#[test]
fn an_agent_has_a_bounded_number_of_desks() {
    let desks = Desks::new(2);
    let first = desks.open(&tenant(), &ana(), start()).unwrap();
    let _second = desks.open(&tenant(), &ana(), start()).unwrap();

    assert_eq!(
        desks.open(&tenant(), &ana(), start()).unwrap_err(),
        TooManyDesks
    );
    assert!(desks.open(&other_tenant(), &ana(), start()).is_ok());
    drop(first);
    assert!(desks.open(&tenant(), &ana(), start()).is_ok());
}

#[test]
fn all_desks_of_an_agent_hear_the_presence_that_counts() {
    let desks = Desks::new(2);
    let mut first = staffed(&desks);
    let mut second = desks.open(&tenant(), &ana(), start()).unwrap();
    heard(&mut first);

    let on_break = Profile {
        presence: Presence::Break,
        ..a_profile()
    };
    second.present(on_break, Load { units: 1, calls: 0 }, after(1));

    assert_eq!(heard(&mut first), [Ok(told(Presence::Break, 1))]);
    assert_eq!(heard(&mut second), [Ok(told(Presence::Break, 1))]);
    assert_eq!(desks.available(&tenant(), &a_need()), []);
}

#[test]
fn three_misses_in_a_row_count_as_not_responding_until_the_agent_speaks() {
    let desks = Desks::new(2);
    let mut desk = staffed(&desks);
    heard(&mut desk);

    desks.missed(&tenant(), &ana(), 3, after(1));
    desks.missed(&tenant(), &ana(), 3, after(2));
    desks.answered(&tenant(), &ana());
    desks.missed(&tenant(), &ana(), 3, after(3));
    desks.missed(&tenant(), &ana(), 3, after(4));
    assert_eq!(heard(&mut desk), []);
    desks.missed(&tenant(), &ana(), 3, after(5));

    assert_eq!(heard(&mut desk), [Ok(told(Presence::NotResponding, 0))]);
    assert_eq!(desks.available(&tenant(), &a_need()), []);
    desk.present(a_profile(), Load::default(), after(6));
    assert_eq!(desks.available(&tenant(), &a_need()), [ana()]);
}

#[test]
fn a_desk_that_does_not_read_is_cut_and_takes_no_more_work() {
    let desks = Desks::new(2);
    let mut desk = staffed(&desks);
    let news = told(Presence::Available, 0);

    for _ in 0..=BUFFER {
        desks.tell(&tenant(), &ana(), &news);
    }

    assert_eq!(desks.available(&tenant(), &a_need()), []);
    assert_eq!(heard(&mut desk).last(), Some(&Err(Cut::Slow)));
}

#[test]
fn a_silent_desk_is_cut_and_its_agent_gone() {
    let desks = Desks::new(2);
    let mut desk = staffed(&desks);
    heard(&mut desk);
    desk.heard(after(10));

    assert_eq!(desks.sweep(SILENCE, after(39)), []);
    assert_eq!(desks.sweep(SILENCE, after(40)), [(tenant(), ana())]);
    assert_eq!(heard(&mut desk), [Err(Cut::Silent)]);
    assert_eq!(desks.sweep(SILENCE, after(41)), []);
}

#[test]
fn a_closed_desk_has_as_long_to_come_back_as_a_silent_one() {
    let desks = Desks::new(2);
    drop(staffed(&desks));

    assert_eq!(desks.sweep(SILENCE, after(29)), []);
    let back = desks.open(&tenant(), &ana(), after(29)).unwrap();
    assert_eq!(desks.sweep(SILENCE, after(30)), []);
    drop(back);
    assert_eq!(desks.sweep(SILENCE, after(59)), [(tenant(), ana())]);
}

#[test]
fn work_sends_an_agent_to_the_end_of_the_line() {
    let desks = Desks::new(2);
    let _ana = staffed(&desks);
    let bea = agent_of("north", "bea");
    let desk = desks.open(&tenant(), &bea, start()).unwrap();
    desk.present(a_profile(), Load::default(), after(5));
    let next = || desks.choose(&tenant(), &a_need(), &BTreeSet::new());
    assert_eq!(next(), Some(ana()));

    desks.set_load(&tenant(), &ana(), Load { units: 1, calls: 0 }, after(10));
    assert_eq!(next(), Some(bea.clone()));
    // The same load again is no news.
    desks.set_load(&tenant(), &bea, Load::default(), after(20));
    assert_eq!(next(), Some(bea));
}

#[test]
fn queues_are_looked_at_only_while_somebody_in_them_has_room() {
    let desks = Desks::new(2);
    let _desk = staffed(&desks);
    let checkout = a_need().queue;
    let expected = BTreeMap::from([(tenant(), BTreeSet::from([checkout.clone()]))]);
    assert_eq!(desks.queues_with_room(), expected);

    desks.set_load(&tenant(), &ana(), Load { units: 2, calls: 1 }, after(1));

    assert_eq!(desks.queues_with_room(), BTreeMap::new());
    assert!(desks.serves(&tenant(), &checkout));
    let call = Need {
        channel: Channel::Call,
        ..a_need()
    };
    assert_eq!(free(&desks, &call), 0);
}
