//! What may follow what, at the millisecond, and that reversals add up.

use domain::time::{earlier, later};
use proptest::prelude::*;
use testkit::builders::usd;
use testkit::clock::start;
use testkit::ids::nth;

use super::*;
use crate::day::Day;
use crate::samples::{ana, programme};

const GRACE: Duration = Duration::from_secs(30);
const MS: Duration = Duration::from_millis(1);

fn terms() -> Terms {
    Terms {
        id: nth(1),
        intervention: nth(2),
        session: nth(3),
        person: PersonId::Visitor(nth(4)),
        remedy: RemedyKind::AmountOff,
        amount: usd(1_000),
        programme: programme().id,
        agent: ana(),
        cart_version: 1,
        policy_version: 1,
        created_at: start(),
        traceparent: None,
    }
}

fn end() -> Timestamp {
    later(start(), Duration::from_mins(15))
}

fn hold() -> Hold {
    Hold {
        until: end(),
        day: Day::of(start()),
        approved_by: None,
        authority_until: None,
        decided_by: Vec::new(),
        policy_version: None,
        first_approved_by: None,
        budget_period: None,
    }
}

fn held() -> Offer {
    Offer::held(terms(), hold())
}

fn redeem(offer: Offer, now: Timestamp) -> Result<(Offer, Claimed), IllegalMove> {
    offer.redeem(nth(9), OrderId::parse("ORDER-1").unwrap(), now, GRACE)
}

fn redeemed() -> Offer {
    redeem(held(), start()).unwrap().0
}

#[test]
fn a_hold_is_redeemed_once() {
    let (offer, claimed) = redeem(held(), earlier(end(), MS)).unwrap();

    assert_eq!(claimed, Claimed::Still);
    assert_eq!(offer.state.name(), StateName::Redeemed);
    assert_eq!(redeem(offer, start()), Err(IllegalMove::AlreadyRedeemed));
}

#[test]
fn redemption_wins_within_the_grace_and_not_after() {
    let last = earlier(later(end(), GRACE), MS);
    let expired = held().time_out(end()).unwrap();

    assert_eq!(redeem(held(), last).unwrap().1, Claimed::Still);
    assert_eq!(redeem(expired.clone(), last).unwrap().1, Claimed::Again);
    for offer in [held(), expired] {
        let late = redeem(offer, later(end(), GRACE));
        assert_eq!(late, Err(IllegalMove::NotHeld));
    }
}

#[test]
fn no_grace_outlasts_the_authority() {
    let last = later(end(), MS);
    let ending = Hold {
        authority_until: Some(last),
        ..hold()
    };
    let held = Offer::held(terms(), ending);

    assert!(redeem(held.clone(), end()).is_ok());
    assert_eq!(redeem(held.clone(), last), Err(IllegalMove::NotHeld));
    let expired = held.time_out(end()).unwrap();
    assert_eq!(redeem(expired, last), Err(IllegalMove::NotHeld));
}

#[test]
fn a_hold_expires_at_its_end() {
    assert_eq!(
        held().time_out(earlier(end(), MS)),
        Err(IllegalMove::NotDue)
    );
    let expired = held().time_out(end()).unwrap();
    assert_eq!(expired.state, State::Expired(hold()));
    assert_eq!(expired.release(), Err(IllegalMove::NotHeld));
}

#[test]
fn a_released_offer_is_over() {
    let released = held().release().unwrap();

    assert_eq!(redeem(released.clone(), start()), Err(IllegalMove::NotHeld));
    assert_eq!(released.clone().release(), Err(IllegalMove::NotHeld));
    assert_eq!(released.time_out(end()), Err(IllegalMove::NotDue));
}

#[test]
fn approval_has_to_be_asked_for_and_given_in_time() {
    let needed = Offer::needing_approval(terms(), end());
    let in_time = earlier(end(), MS);
    let pending = needed
        .clone()
        .ask_approval(in_time, later(end(), MS))
        .unwrap();

    assert_eq!(
        needed.clone().approve(start(), hold()),
        Err(IllegalMove::NoApprovalPending)
    );
    assert_eq!(
        needed.clone().ask_approval(end(), end()),
        Err(IllegalMove::NoApprovalNeeded)
    );
    assert_eq!(pending.clone().approve(end(), hold()), Ok(held()));
    assert_eq!(
        pending.clone().deny(later(end(), MS)),
        Err(IllegalMove::NoApprovalPending)
    );
    for (offer, due) in [(needed, end()), (pending, later(end(), MS))] {
        assert_eq!(offer.time_out(due).unwrap().state, State::Denied(due));
    }
}

#[test]
fn a_whole_reversal_happens_once() {
    let (offer, back) = redeemed().reverse(None).unwrap();

    assert_eq!(back, usd(1_000));
    assert_eq!(offer.reversed(), usd(1_000));
    assert_eq!(offer.reverse(None), Err(IllegalMove::AlreadyReversed));
    assert_eq!(held().reverse(None), Err(IllegalMove::NotRedeemed));
}

#[test]
fn a_reversal_stays_within_what_is_left() {
    let part = redeemed().reverse(Some(usd(400))).unwrap().0;
    let other = Money::new(1, domain::money::Currency::EUR).unwrap();

    for amount in [usd(0), usd(601), other] {
        let refused = part.clone().reverse(Some(amount));
        assert_eq!(refused, Err(IllegalMove::NotWithinRest), "{amount}");
    }
    let (whole, back) = part.reverse(Some(usd(600))).unwrap();
    assert_eq!(back, usd(600));
    assert_eq!(whole.state.name(), StateName::Reversed);
}

proptest! {
    #[test]
    fn reversals_add_up_to_the_redemption(parts in prop::collection::vec(1_i64..400, 0..8)) {
        let mut offer = redeemed();
        let mut total = 0;
        for part in parts {
            if let Ok((after, back)) = offer.clone().reverse(Some(usd(part))) {
                total += back.minor_units();
                offer = after;
            }
        }
        prop_assert_eq!(offer.reversed(), usd(total));
        prop_assert!(total <= 1_000);
        if let Ok((_, rest)) = offer.reverse(None) {
            prop_assert_eq!(total + rest.minor_units(), 1_000);
        }
    }
}
