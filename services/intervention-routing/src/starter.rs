//! The plays that a new tenant begins with, compiled in as data.

use domain::id::PlayId;
use serde::Deserialize;

use crate::error::RoutingError;
use crate::play::{Play, PlayRule, PlayState};

const PLAYS: &str = include_str!("starter/plays.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: PlayId,
    rule: PlayRule,
}

/// The starter plays, live, in version 1.
///
/// # Errors
/// The data that was compiled in is broken; a test keeps that from happening.
pub(crate) fn plays() -> Result<Vec<Play>, RoutingError> {
    let entries: Vec<Entry> =
        serde_json::from_str(PLAYS).map_err(|fault| RoutingError::Starter(Box::new(fault)))?;
    entries
        .into_iter()
        .map(|Entry { id, rule }| {
            rule.check()
                .map_err(|fault| RoutingError::Starter(Box::new(fault)))?;
            Ok(Play {
                id,
                version: 1,
                state: PlayState::Live,
                rule,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::cause::Cause;
    use domain::language::Language;

    use super::*;

    #[test]
    fn every_starter_play_is_sound_and_has_its_own_id() {
        let plays = plays().unwrap();
        let ids: BTreeSet<_> = plays.iter().map(|play| play.id.clone()).collect();

        assert!(plays.len() >= 9);
        assert_eq!(ids.len(), plays.len());
    }

    #[test]
    fn every_starter_play_speaks_english_and_spanish() {
        for play in plays().unwrap() {
            for language in [Language::EN, Language::ES] {
                let text = play.text_for(Some(language)).unwrap();
                assert_eq!(text.language, language, "{}", play.id);
            }
        }
    }

    #[test]
    fn money_is_on_the_ladder_of_money_causes_only() {
        for play in plays().unwrap() {
            let money = play.rule.ladder.iter().any(|remedy| remedy.costs_money());
            let for_money = play.rule.causes.iter().all(|cause| cause.is_money_cause());
            assert!(!money || for_money, "{}", play.id);
        }
    }

    #[test]
    fn every_cause_that_help_can_remove_has_a_starter_play() {
        let plays = plays().unwrap();
        let covered: BTreeSet<Cause> = plays
            .iter()
            .flat_map(|play| play.rule.causes.clone())
            .collect();

        for cause in Cause::ALL {
            let hopeless = matches!(
                cause,
                Cause::Distraction | Cause::Unknown | Cause::OrderChange | Cause::BuyersRemorse
            );
            assert!(hopeless || covered.contains(cause), "{cause}");
        }
    }
}
