//! Whether a scripted shopper was treated as they must be.

use domain::block::BlockReason;
use domain::cause::Cause;
use domain::experiment::Arm;
use domain::fact::CancelReason;
use domain::remedy::RemedyKind;
use proto::field::WireField;
use proto::offers::v1::{Offer, OfferState};
use proto::routing::v1::{Intervention, InterventionState};

use super::{Check, Held};
use crate::demo::reading::Reading;
use crate::demo::scenes::{End, MoneyEnd, Then};
use crate::demo::shopper::Lived;
use crate::demo::stage::Take;

/// One check for one scene: cause, ends, money and what the page was told.
pub(in crate::demo) fn check(take: &Take, reading: &Reading) -> Check {
    let what = format!("scripted {}", take.scene.name);
    let check = match fault(take, reading) {
        Some(fault) => Check::new(what, Held(false), fault),
        None => Check::new(what, Held(true), take.scene.about),
    };
    check.of(take.scene.name)
}

/// The first thing that is not as it must be.
fn fault(take: &Take, reading: &Reading) -> Option<String> {
    let lived = match &take.lived {
        Ok(lived) => lived,
        Err(why) => return Some(why.clone()),
    };
    let session = take.identity.session.to_string();
    let found: Vec<&Intervention> = reading.of_session(&session).collect();
    let endings: Vec<String> = found.iter().map(|found| ending(found)).collect();
    let wanted: Vec<String> = take.scene.ends.iter().copied().map(End::words).collect();
    if !endings.starts_with(&wanted) {
        return Some(format!("wanted {wanted:?}, found {endings:?}"));
    }
    let first = found.first()?;
    let arm = Arm::from_wire("arm", first.arm).ok();
    if arm != Some(take.scene.shopper.arm) {
        return Some("drawn into the other arm".to_owned());
    }
    let cause = Cause::from_wire("cause", first.cause).ok();
    if cause != Some(take.scene.cause) {
        return Some(format!("the cause was found to be {cause:?}"));
    }
    money_fault(take, reading, first).or_else(|| page_fault(take, lived))
}

fn money_fault(take: &Take, reading: &Reading, first: &Intervention) -> Option<String> {
    let offers: Vec<&Offer> = reading
        .offers
        .iter()
        .filter(|offer| offer.intervention_id == first.intervention_id)
        .collect();
    let is_redeemed = |kind: RemedyKind| {
        offers
            .iter()
            .any(|offer| offer.state() == OfferState::Redeemed && offer.remedy == kind.into_wire())
    };
    let is_approved = || offers.iter().any(|offer| !offer.approved_by.is_empty());
    let right = match take.scene.money {
        MoneyEnd::Untouched | MoneyEnd::Refused => offers.is_empty(),
        MoneyEnd::Redeemed(kind) => is_redeemed(kind) && !is_approved(),
        MoneyEnd::Approved(kind) => is_redeemed(kind) && is_approved(),
    };
    let refused = reading.facts.iter().any(|fact| {
        fact.intervention_id.as_deref() == Some(&first.intervention_id)
            && matches!(
                fact.body,
                Some(proto::fact::v1::fact::Body::OfferRefused(_))
            )
    });
    if refused != (take.scene.money == MoneyEnd::Refused) {
        return Some(format!("an offer was refused: {refused}"));
    }
    let states: Vec<&str> = offers
        .iter()
        .map(|offer| offer.state().as_str_name())
        .collect();
    (!right).then(|| format!("wanted {:?}, found offers {states:?}", take.scene.money))
}

fn page_fault(take: &Take, lived: &Lived) -> Option<String> {
    let wanted: &[&str] = match take.scene.then {
        Then::Talks(_) | Then::TalksAboutOrder(_) => &["invitation", "agent_joined", "survey"],
        Then::PaysFirst => &["invitation", "withdrawn"],
        Then::Declines(_) | Then::Reads => &["invitation"],
        Then::IsCalled(_) | Then::SeesNothing(_) => &[],
    };
    let told = &lived.updates;
    (told != wanted).then(|| format!("the page was told {told:?}, not {wanted:?}"))
}

impl End {
    fn words(self) -> String {
        match self {
            Self::Is(state) => state_word(state),
            Self::Blocked(reason) => format!("blocked: {reason}"),
            Self::Cancelled(reason) => format!("cancelled: {reason}"),
        }
    }
}

/// How an intervention stands, in words.
pub(in crate::demo) fn ending(found: &Intervention) -> String {
    let state = found.state();
    if state == InterventionState::Blocked {
        let reason = BlockReason::from_wire("reason", found.primary_block_reason);
        return format!(
            "blocked: {}",
            reason.map_or("unspecified", BlockReason::as_str)
        );
    }
    if state == InterventionState::Cancelled {
        let reason = CancelReason::from_wire("reason", found.cancel_reason);
        return format!(
            "cancelled: {}",
            reason.map_or("unspecified", CancelReason::as_str)
        );
    }
    state_word(state)
}

fn state_word(state: InterventionState) -> String {
    state
        .as_str_name()
        .trim_start_matches("INTERVENTION_STATE_")
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_read_as_the_script_words_them() {
        let blocked = Intervention {
            state: InterventionState::Blocked.into(),
            primary_block_reason: BlockReason::CoolDown.into_wire(),
            ..Intervention::default()
        };
        let held_out = Intervention {
            state: InterventionState::HeldOut.into(),
            ..Intervention::default()
        };

        assert_eq!(
            ending(&blocked),
            End::Blocked(BlockReason::CoolDown).words()
        );
        assert_eq!(
            ending(&held_out),
            End::Is(InterventionState::HeldOut).words()
        );
        assert_eq!(ending(&held_out), "held_out");
    }
}
