//! What consents promise: only a confirmed one allows, and the newest wins however they arrive.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::time::from_millis;

fn consent(channel: Channel, purpose: Purpose, state: ConsentState, second: i64) -> Consent {
    Consent {
        channel,
        purpose,
        state,
        text_version: Text::parse("sms-es-3").expect("a text"),
        source: Text::parse("checkout").expect("a text"),
        zone: None,
        recorded_at: from_millis(second * 1_000).expect("an instant"),
    }
}

fn sms(state: ConsentState, second: i64) -> Consent {
    consent(Channel::Sms, Purpose::Marketing, state, second)
}

fn any_consent() -> impl Strategy<Value = Consent> {
    let states = select(ConsentState::ALL);
    let sources = select(vec!["checkout", "call", "form"]);
    (
        select(Channel::ALL),
        select(Purpose::ALL),
        states,
        0..5_i64,
        sources,
    )
        .prop_map(|(channel, purpose, state, second, source)| Consent {
            source: Text::parse(source).expect("a text"),
            ..consent(channel, purpose, state, second)
        })
}

#[test]
fn only_a_confirmed_consent_allows() {
    for state in ConsentState::ALL {
        let consents = Consents::from_iter([sms(*state, 0)]);
        let allowed = consents.allows(Channel::Sms, Purpose::Marketing);
        assert_eq!(allowed, *state == ConsentState::Confirmed, "{state}");
    }
    assert!(!Consents::default().allows(Channel::Sms, Purpose::Marketing));
}

#[test]
fn a_consent_counts_for_its_channel_and_purpose_only() {
    let consents = Consents::from_iter([sms(ConsentState::Confirmed, 0)]);
    assert!(!consents.allows(Channel::Email, Purpose::Marketing));
    assert!(!consents.allows(Channel::Sms, Purpose::OrderUpdates));
}

#[test]
fn the_newest_consent_wins_whatever_the_order_of_arrival() {
    let (given, taken_back) = (
        sms(ConsentState::Confirmed, 1),
        sms(ConsentState::Withdrawn, 2),
    );
    let in_order = Consents::from_iter([given.clone(), taken_back.clone()]);
    let reversed = Consents::from_iter([taken_back, given]);
    assert_eq!(in_order, reversed);
    assert!(!reversed.allows(Channel::Sms, Purpose::Marketing));
}

#[test]
fn a_withdrawal_at_the_same_instant_wins() {
    let states = [ConsentState::Withdrawn, ConsentState::Confirmed];
    let consents: Consents = states.into_iter().map(|state| sms(state, 1)).collect();
    assert!(!consents.allows(Channel::Sms, Purpose::Marketing));
}

#[test]
fn a_person_may_consent_again() {
    let states = [(ConsentState::Withdrawn, 1), (ConsentState::Confirmed, 2)];
    let consents: Consents = states
        .into_iter()
        .map(|(state, second)| sms(state, second))
        .collect();
    assert!(consents.allows(Channel::Sms, Purpose::Marketing));
}

proptest! {
    #[test]
    fn the_order_of_arrival_never_matters(
        (found, shuffled) in proptest::collection::vec(any_consent(), 0..20)
            .prop_flat_map(|found| (Just(found.clone()), Just(found).prop_shuffle())),
    ) {
        let consents = Consents::from(found);
        prop_assert_eq!(&consents, &Consents::from(shuffled));
        let json = serde_json::to_string(&consents).expect("json");
        prop_assert_eq!(serde_json::from_str::<Consents>(&json).expect("consents"), consents);
    }
}
