//! What every closed enum promises: distinct words that survive text and JSON, and no value echoed.

use std::collections::HashSet;
use std::fmt::{Debug, Display};
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::UnknownWord;

/// What every closed enum promises.
fn keeps_the_promise<E>(all: &[E])
where
    E: Copy
        + Debug
        + PartialEq
        + Display
        + FromStr<Err = UnknownWord>
        + Serialize
        + DeserializeOwned,
{
    let words: HashSet<String> = all.iter().map(ToString::to_string).collect();
    assert_eq!(words.len(), all.len(), "words are distinct");
    for &member in all {
        let word = member.to_string();
        // `ProductDoubt` and `product_doubt` differ in capitals and underscores only.
        assert_eq!(word.replace('_', ""), format!("{member:?}").to_lowercase());
        assert_eq!(word, word.to_lowercase());
        assert_eq!(word.parse(), Ok(member));
        let json = serde_json::to_string(&member).expect("json");
        assert_eq!(json, format!("\"{word}\""));
        assert_eq!(serde_json::from_str::<E>(&json).expect("a member"), member);
    }
    let refused = "4111111111111111".parse::<E>().expect_err("no member");
    assert_eq!(refused.accepted().len(), all.len());
    let error = serde_json::from_str::<E>("\"4111111111111111\"").expect_err("no member");
    assert!(
        !error.to_string().contains("4111"),
        "the value is never echoed"
    );
}

#[test]
fn every_closed_enum_keeps_the_promise() {
    keeps_the_promise(crate::block::BlockReason::ALL);
    keeps_the_promise(crate::cart::Configurable::ALL);
    keeps_the_promise(crate::cause::Cause::ALL);
    keeps_the_promise(crate::channel::Channel::ALL);
    keeps_the_promise(crate::consent::ConsentState::ALL);
    keeps_the_promise(crate::consent::Purpose::ALL);
    keeps_the_promise(crate::experiment::Arm::ALL);
    keeps_the_promise(crate::fact::CancelReason::ALL);
    keeps_the_promise(crate::fact::Ending::ALL);
    keeps_the_promise(crate::fact::FollowUp::ALL);
    keeps_the_promise(crate::fact::InvitationAnswer::ALL);
    keeps_the_promise(crate::fact::Pointless::ALL);
    keeps_the_promise(crate::fact::ReservationEnding::ALL);
    keeps_the_promise(crate::fact::Resolution::ALL);
    keeps_the_promise(crate::moment::MomentKind::ALL);
    keeps_the_promise(crate::moment::Progress::ALL);
    keeps_the_promise(crate::offer::OfferRefusal::ALL);
    keeps_the_promise(crate::order::OrderState::ALL);
    keeps_the_promise(crate::order::ShipmentStatus::ALL);
    keeps_the_promise(crate::phase::RiskPhase::ALL);
    keeps_the_promise(crate::remedy::RemedyKind::ALL);
    keeps_the_promise(crate::remedy::Rung::ALL);
    keeps_the_promise(crate::signal::SignalKind::ALL);
}

#[test]
fn an_unknown_word_is_told_which_are_known() {
    let refused = crate::phase::RiskPhase::parse("checkout").expect_err("no phase");
    assert_eq!(
        refused.to_string(),
        "must be one of `information_block`, `transactional_friction`, `post_click_anxiety`"
    );
}
