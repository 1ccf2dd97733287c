//! Moments and what they are made of: signals, consents, earlier visits.

use domain::consent::{Consent, Consents};
use domain::moment::{Moment, Shopping, VisitHistory};
use domain::signal::Signal;

use super::record::record;
use crate::cause::v1::Signal as WireSignal;
use crate::consent::v1::Consent as WireConsent;
use crate::error::v1::ErrorReason;
use crate::field::{self, InvalidField, WireField};
use crate::moment::v1 as pb;

record! {
    WireSignal => Signal {
        kind: kind,
        count: count,
        first_seen: first_seen,
        last_seen: last_seen,
        dwell: dwell,
    } checked by seen_in_order
}

record! {
    WireConsent => Consent {
        channel: channel,
        purpose: purpose,
        state: state,
        text_version: text_version,
        source: source,
        zone: zone,
        recorded_at: recorded_at,
    }
}

record! {
    pb::VisitHistory => VisitHistory {
        earlier_sessions: earlier_sessions,
        earlier_carts: earlier_carts,
        earlier_orders: earlier_orders,
        earlier_abandonments: earlier_abandonments,
    }
}

record! {
    pb::ShoppingSummary => Shopping {
        product_views: product_views,
        cart_additions: cart_additions,
        products_seen: products_seen,
        cart_item_views: cart_item_views,
        first_at: first_at,
        previous_at: previous_at,
    } checked by of_one_session
}

record! {
    pb::Moment => Moment {
        moment_id: id,
        session_id: session,
        visitor_id: visitor,
        shopper_id: shopper,
        kind: kind,
        occurred_at: occurred_at,
        expires_at: expires_at,
        phase: phase,
        page: page,
        cart: cart,
        signals: signals,
        progress: progress,
        history: history,
        consents: consents,
        zone: zone,
        language: language,
        session_started_at: session_started_at,
        order_id: order,
        session_version: session_version,
        trigger: trigger,
        page_entered_at: page_entered_at,
        event_count: event_count,
        shopping: shopping,
    } checked by consistent
}

impl WireField<Vec<WireConsent>> for Consents {
    fn from_wire(field: &str, wire: Vec<WireConsent>) -> Result<Self, InvalidField> {
        let consents: Vec<Consent> = field::messages(field, wire)?;
        Ok(consents.into())
    }

    fn into_wire(self) -> Vec<WireConsent> {
        Vec::from(self).into_wire()
    }
}

fn seen_in_order(signal: Signal) -> Result<Signal, InvalidField> {
    if signal.count == 0 {
        return Err(out_of_range("count", "must be 1 or more"));
    }
    if signal.last_seen < signal.first_seen {
        return Err(out_of_range("last_seen", "must not be before `first_seen`"));
    }
    Ok(signal)
}

fn of_one_session(shopping: Shopping) -> Result<Shopping, InvalidField> {
    let events = shopping
        .product_views
        .saturating_add(shopping.cart_additions);
    if shopping.products_seen == 0 || shopping.products_seen > events {
        return Err(out_of_range(
            "products_seen",
            "must be 1 to the number of looks and additions",
        ));
    }
    if shopping.cart_item_views > shopping.product_views {
        return Err(out_of_range(
            "cart_item_views",
            "must be at most `product_views`",
        ));
    }
    if shopping
        .previous_at
        .is_some_and(|previous| previous < shopping.first_at)
    {
        return Err(out_of_range("previous_at", "must not be before `first_at`"));
    }
    Ok(shopping)
}

fn consistent(moment: Moment) -> Result<Moment, InvalidField> {
    if moment.expires_at < moment.occurred_at {
        return Err(out_of_range(
            "expires_at",
            "must not be before `occurred_at`",
        ));
    }
    field::distinct("signals", moment.signals.iter().map(|signal| signal.kind))?;
    Ok(moment)
}

fn out_of_range(field: &str, description: &str) -> InvalidField {
    InvalidField::new(field, ErrorReason::OutOfRange, description)
}
