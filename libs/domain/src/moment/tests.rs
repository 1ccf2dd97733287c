//! What a moment promises: it knows whom it is about, and survives storage as it was taken.

use std::time::Duration;

use uuid::Uuid;

use super::*;
use crate::money::Currency;
use crate::time::later;

fn moment() -> Moment {
    let uuid = Uuid::from_u128(1);
    let now = Timestamp::UNIX_EPOCH;
    Moment {
        id: MomentId::from_uuid(uuid),
        session: SessionId::from_uuid(uuid),
        visitor: VisitorId::from_uuid(uuid),
        shopper: None,
        kind: MomentKind::Friction,
        trigger: Some(SignalKind::CouponRejected),
        occurred_at: now,
        expires_at: later(now, Duration::from_mins(2)),
        phase: RiskPhase::TransactionalFriction,
        page: Page::parse("/checkout/payment").ok(),
        page_entered_at: Some(now),
        cart: Cart::empty(Currency::EUR),
        signals: vec![Signal {
            kind: SignalKind::CouponRejected,
            count: 2,
            first_seen: now,
            last_seen: now,
            dwell: Duration::ZERO,
        }],
        progress: Progress::Hesitating,
        history: VisitHistory::default(),
        consents: Consents::default(),
        zone: Zone::parse("Europe/Madrid").ok(),
        language: Some(Language::ES),
        session_started_at: now,
        session_version: 7,
        event_count: 12,
        shopping: None,
        order: None,
    }
}

#[test]
fn a_moment_is_about_the_shopper_when_known() {
    let shopper = ShopperId::from_uuid(Uuid::from_u128(2));
    let known = Moment {
        shopper: Some(shopper),
        ..moment()
    };
    assert_eq!(known.person(), PersonId::Shopper(shopper));
}

#[test]
fn a_moment_is_about_the_visitor_when_nobody_is_known() {
    let unknown = moment();
    assert_eq!(unknown.person(), PersonId::Visitor(unknown.visitor));
}

#[test]
fn a_moment_survives_json() {
    let json = serde_json::to_string(&moment()).expect("json");
    assert_eq!(
        serde_json::from_str::<Moment>(&json).expect("a moment"),
        moment()
    );
}
