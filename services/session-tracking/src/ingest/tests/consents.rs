//! Consents belong to persons: what is said in one session holds in all.

use domain::channel::Channel;
use domain::consent::{Consent, ConsentState, Purpose};
use domain::text::Text;
use proto::consent::v1::{Consent as WireConsent, ConsentState as WireState};
use proto::risk::v1::AssessSessionRequest;

use super::*;
use crate::event::PersonEvent;
use ConsentState::{Confirmed, Withdrawn};

fn consent(s: u64, n: u64, channel: Channel, state: ConsentState) -> Event {
    recorded(n, s, n, (channel, state))
}

/// Event `n` of session `s`, which tells of an older consent.
fn recorded(at_second: u64, s: u64, n: u64, (channel, state): (Channel, ConsentState)) -> Event {
    let consent = Consent {
        channel,
        purpose: Purpose::ProactiveHelp,
        state,
        text_version: Text::parse("banner-3").unwrap(),
        source: Text::parse("checkout-form").unwrap(),
        zone: None,
        recorded_at: at(at_second),
    };
    of(s, n, Payload::Person(PersonEvent::ConsentChanged(consent)))
}

fn link(s: u64, n: u64) -> Event {
    of(s, n, Payload::Person(PersonEvent::IdentityLinked(nth(7))))
}

fn unlink(s: u64, n: u64) -> Event {
    of(s, n, Payload::Person(PersonEvent::IdentityUnlinked(nth(7))))
}

impl World {
    /// What holds in session `n`.
    async fn agreed(&self, n: u64) -> Vec<(Channel, ConsentState)> {
        let session = self.snapshot(n).await.unwrap();
        let consents = session.consents.iter();
        consents
            .map(|consent| (consent.channel, consent.state))
            .collect()
    }
}

/// The consents in the last moment that waits in the outbox.
async fn told(database: &Database) -> Vec<WireState> {
    let backend = database.read().get_database_backend();
    let query =
        "SELECT payload FROM outbox WHERE method LIKE '%AssessSession' ORDER BY id DESC LIMIT 1";
    let statement = Statement::from_string(backend, query);
    let row = database.read().query_one_raw(statement).await.unwrap();
    let payload: Vec<u8> = row.unwrap().try_get("", "payload").unwrap();
    let moment = AssessSessionRequest::decode(payload.as_slice()).unwrap();
    let consents = moment.moment.unwrap().consents;
    consents.iter().map(WireConsent::state).collect()
}

async fn a_withdrawal_in_one_session_holds_in_all(database: Database) {
    let world = World::new(&database).await;
    world.send(vec![link(1, 1), link(2, 1)]).await;
    world
        .send(vec![consent(1, 2, Channel::Sms, Confirmed)])
        .await;
    assert_eq!(world.agreed(2).await, [(Channel::Sms, Confirmed)]);

    // The session that is told of it, and one of which it is not, in one transaction.
    world
        .send(vec![
            of(1, 3, add("shoe")),
            consent(2, 3, Channel::Sms, Withdrawn),
        ])
        .await;

    assert_eq!(told(&database).await, [WireState::Withdrawn]);
    assert_eq!(world.agreed(1).await, [(Channel::Sms, Withdrawn)]);
    // An older word that comes later changes nothing, and neither does a crash.
    let older = recorded(1, 1, 4, (Channel::Sms, Confirmed));
    world.send(vec![older]).await;
    let world = world.crash(&database).await;
    assert_eq!(world.agreed(1).await, [(Channel::Sms, Withdrawn)]);
    world.clock.advance(Duration::from_secs(5));
    world
        .send(vec![of(1, 9, step(CheckoutStep::Payment))])
        .await;
    assert_eq!(told(&database).await, [WireState::Withdrawn]);
}

async fn a_session_that_begins_later_knows_what_was_agreed_to(database: Database) {
    let world = World::new(&database).await;
    world
        .send(vec![link(1, 1), consent(1, 2, Channel::Email, Confirmed)])
        .await;
    let world = world.crash(&database).await;

    let known = Event {
        shopper: Some(nth(7)),
        ..of(2, 5, add("hat"))
    };
    world.send(vec![known, of(3, 5, add("cap"))]).await;

    assert_eq!(world.agreed(2).await, [(Channel::Email, Confirmed)]);
    assert_eq!(world.agreed(3).await, []);
}

async fn a_link_brings_consents_together_and_its_undoing_parts_them(database: Database) {
    let world = World::new(&database).await;
    world
        .send(vec![link(2, 1), consent(2, 2, Channel::Email, Confirmed)])
        .await;
    world
        .send(vec![consent(1, 1, Channel::Chat, Confirmed)])
        .await;
    assert_eq!(world.agreed(1).await, [(Channel::Chat, Confirmed)]);

    world.send(vec![link(1, 2)]).await;
    let both = [(Channel::Chat, Confirmed), (Channel::Email, Confirmed)];
    assert_eq!(world.agreed(1).await, both);
    assert_eq!(world.agreed(2).await, both);

    world.send(vec![unlink(1, 3)]).await;
    assert_eq!(world.agreed(1).await, [(Channel::Chat, Confirmed)]);
    assert_eq!(world.agreed(2).await, [(Channel::Email, Confirmed)]);
    // Moments carry the same.
    world.send(vec![of(2, 9, add("shoe"))]).await;
    assert_eq!(told(&database).await, [WireState::Confirmed]);
}

async fn a_withdrawal_stays_with_whom_it_was_told_of(database: Database) {
    let world = World::new(&database).await;
    world
        .send(vec![link(2, 1), consent(2, 2, Channel::Call, Confirmed)])
        .await;
    world
        .send(vec![link(1, 1), consent(1, 3, Channel::Call, Withdrawn)])
        .await;

    world.send(vec![unlink(1, 4)]).await;

    assert_eq!(world.agreed(2).await, [(Channel::Call, Withdrawn)]);
    assert_eq!(world.agreed(1).await, [(Channel::Call, Withdrawn)]);
}

/// The proof is kept, and goes with the person.
async fn a_forgotten_person_has_agreed_to_nothing(database: Database) {
    let world = World::new(&database).await;
    world
        .send(vec![link(1, 1), consent(1, 2, Channel::Sms, Confirmed)])
        .await;
    let proofs = "SELECT COUNT(*) AS n FROM consents WHERE source = 'checkout-form' AND text_version = 'banner-3'";
    assert_eq!(number(&database, proofs).await, 1);

    world.erase(nth::<ShopperId>(7)).await;

    assert_eq!(number(&database, proofs).await, 0);
    world.send(vec![link(2, 3)]).await;
    assert_eq!(world.agreed(2).await, []);
}

on_each_engine!(
    [
        a_withdrawal_in_one_session_holds_in_all,
        a_session_that_begins_later_knows_what_was_agreed_to,
        a_link_brings_consents_together_and_its_undoing_parts_them,
        a_withdrawal_stays_with_whom_it_was_told_of,
        a_forgotten_person_has_agreed_to_nothing,
    ],
    migrations()
);
