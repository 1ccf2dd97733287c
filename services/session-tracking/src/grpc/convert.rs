//! Sessions, as the contract shows them.

use domain::time::Timestamp;
use proto::convert::time::wire_duration;
use proto::field::{InvalidField, WireField, read};
use proto::order::v1::ShipmentStatus;
use proto::same_words;
use proto::session::v1 as pb;

use crate::snapshot::{OrderLine, SessionState, Snapshot};
use crate::store::Filter;

pub(super) fn session(snapshot: &Snapshot, now: Timestamp) -> pb::Session {
    let Snapshot {
        session,
        visitor,
        shopper,
        state,
        phase,
        cart,
        signals,
        progress_until: _,
        history,
        consents,
        orders,
        page,
        page_entered_at,
        zone,
        language,
        started_at,
        last_event_at,
        event_count,
        skew,
        version,
    } = snapshot;
    pb::Session {
        session_id: session.to_string(),
        visitor_id: visitor.to_string(),
        shopper_id: shopper.into_wire(),
        state: state.into_wire(),
        phase: phase.into_wire(),
        cart: cart.clone().into_wire(),
        signals: signals.clone().into_wire(),
        progress: snapshot.progress(now).into_wire(),
        history: history.into_wire(),
        consents: consents.clone().into_wire(),
        orders: orders.iter().map(order).collect(),
        page: page.clone().into_wire().unwrap_or_default(),
        page_entered_at: page_entered_at.into_wire(),
        time_zone: zone.clone().into_wire().unwrap_or_default(),
        language: language.into_wire().unwrap_or_default(),
        started_at: started_at.into_wire(),
        last_event_at: last_event_at.into_wire(),
        event_count: *event_count,
        clock_skew: Some(wire_duration(*skew)),
        version: *version,
    }
}

fn order(line: &OrderLine) -> pb::SessionOrder {
    let OrderLine {
        order,
        state,
        shipment,
        placed_at,
        detail,
        promised,
        revisions,
        troubles,
        ready,
    } = line;
    pb::SessionOrder {
        order_id: order.to_string(),
        state: state.into_wire(),
        shipment_status: shipment
            .into_wire()
            .unwrap_or(ShipmentStatus::Unspecified.into()),
        placed_at: placed_at.into_wire(),
        shipment_detail: detail.clone().map(String::from).unwrap_or_default(),
        estimated_delivery: promised.into_wire(),
        delivery_revision_count: *revisions,
        troubles: troubles.clone().into_wire(),
        ready_skus: ready.iter().map(ToString::to_string).collect(),
    }
}

/// The filter of a list or a watch; what is absent does not filter.
pub(super) fn filter(phase: Option<i32>, state: Option<i32>) -> Result<Filter, InvalidField> {
    let state = state.map(|number| read("state", number)).transpose()?;
    Ok(Filter {
        phase: read("phase", phase)?,
        state,
    })
}

same_words! {
    pb::SessionState => SessionState { Active, Ordered, Abandoned, Ended }
}
