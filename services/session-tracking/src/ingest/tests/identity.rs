//! A visitor who turns out to be somebody brings both histories.

use domain::moment::VisitHistory;

use super::*;
use crate::event::PersonEvent;

fn link(s: u64, n: u64) -> Event {
    of(s, n, Payload::Person(PersonEvent::IdentityLinked(nth(7))))
}

fn orders(history: VisitHistory) -> (u32, u32) {
    (history.earlier_sessions, history.earlier_orders)
}

impl World {
    async fn history(&self, n: u64) -> (u32, u32) {
        orders(self.snapshot(n).await.unwrap().history)
    }
}

async fn a_visitor_who_becomes_known_brings_both_histories(database: Database) {
    let world = World::new(&database).await;
    // The shopper has bought on another device, and somebody on this one.
    world.send(vec![link(1, 1), of(1, 2, order("A-1"))]).await;
    world.send(vec![of(2, 1, order("A-2"))]).await;
    let on_this_device = |n, payload| Event {
        visitor: nth(2),
        ..of(3, n, payload)
    };
    world.send(vec![on_this_device(1, search())]).await;
    assert_eq!(world.history(3).await, (1, 1));

    let linked = Payload::Person(PersonEvent::IdentityLinked(nth(7)));
    world.send(vec![on_this_device(2, linked)]).await;

    assert_eq!(world.history(3).await, (2, 2));
    let world = world.crash(&database).await;
    assert_eq!(world.history(3).await, (2, 2));
    let unlinked = Payload::Person(PersonEvent::IdentityUnlinked(nth(7)));
    world.send(vec![on_this_device(3, unlinked)]).await;
    assert_eq!(world.history(3).await, (1, 1));
    let world = world.crash(&database).await;
    assert_eq!(world.history(3).await, (1, 1));
}

on_each_engine!(
    [a_visitor_who_becomes_known_brings_both_histories],
    migrations()
);
