//! Moments of real cart sessions, encoded as a stream of `AssessSessions` carries them.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use domain::id::{SessionId, TypedId};
use domain::moment::{Moment, MomentKind, VisitHistory};
use domain::signal::SignalKind;
use platform::clock::{Clock, SystemClock};
use platform::ids::{IdSource, SystemIds};
use prost::Message as _;
use proto::risk::v1::AssessSessionsRequest;
use testkit::builders::{a_cart, a_moment};

use super::{Act, Recordings, Step};
use crate::echo::Keeping;

/// Proposals are delivered, however long a run takes.
const WORTH: Duration = Duration::from_mins(30);
/// Every so many moments have a sign of trouble.
const TROUBLED: usize = 4;

/// Moments that nobody has seen, for as many streams, together at least `count`. Those of a session are on one stream, in
/// their order: one at each addition to the cart. Where nothing is to be kept, previews are asked for.
pub(crate) fn moments(
    recordings: &Recordings,
    streams: usize,
    count: usize,
    keeping: Keeping,
) -> Vec<Vec<Bytes>> {
    let mut prepared = vec![Vec::new(); streams];
    let mut made = 0;
    for number in 0.. {
        let Some(stream) = prepared.get_mut(number % streams.max(1)) else {
            break;
        };
        let before = stream.len();
        session(&recordings.nth(number), number, keeping, stream);
        made += stream.len() - before;
        if made >= count {
            break;
        }
    }
    prepared
}

/// Tells one recorded session as it would be told now.
fn session(acts: &[Act], number: usize, keeping: Keeping, into: &mut Vec<Bytes>) {
    let session = TypedId::from_uuid(SystemIds.next_uuid());
    let mut lines: BTreeMap<&str, (u32, i64)> = BTreeMap::new();
    for (events, act) in (1..).zip(acts) {
        if let Step::Cart { sku, price } = &act.step {
            lines.entry(sku).or_insert((0, *price)).0 += 1;
            let moment = moment(session, &lines, (events, number));
            let message = request(moment, keeping);
            into.push(Bytes::from(message.encode_to_vec()));
        }
    }
}

fn request(moment: Moment, keeping: Keeping) -> AssessSessionsRequest {
    let (request_id, preview) = match keeping {
        Keeping::Nothing => (String::new(), true),
        Keeping::Both => (SystemIds.next_uuid().to_string(), false),
    };
    AssessSessionsRequest {
        request_id,
        moment: Some(moment.into()),
        preview,
    }
}

fn moment(
    session: SessionId,
    lines: &BTreeMap<&str, (u32, i64)>,
    (events, number): (u32, usize),
) -> Moment {
    let cart = lines.iter().fold(a_cart().emptied(), |cart, (sku, line)| {
        cart.with_line(sku, line.0, line.1)
    });
    let moment = a_moment()
        .with_kind(MomentKind::CartAdded)
        .with_id(TypedId::from_uuid(SystemIds.next_uuid()))
        .with_session(session)
        .with_visitor(TypedId::from_uuid(session.uuid()))
        .with_cart(cart.with_version(u64::from(events)))
        .with_page("/cart")
        .with_zone("Europe/Madrid")
        .with_occurred_at(SystemClock.now())
        .with_expiry_after(WORTH)
        .with_session_version(u64::from(events))
        .with_history(history(number));
    let moment = if number.is_multiple_of(TROUBLED) {
        moment.with_signal(SignalKind::PolicyHunting, 2)
    } else {
        moment
    };
    Moment {
        event_count: events,
        ..moment.build()
    }
}

/// Half of the visitors are new.
fn history(number: usize) -> VisitHistory {
    if number.is_multiple_of(2) {
        return VisitHistory::default();
    }
    VisitHistory {
        earlier_sessions: 4,
        earlier_carts: 3,
        earlier_orders: 1,
        earlier_abandonments: 2,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::Mix;
    use super::*;

    #[test]
    fn every_stream_has_moments_of_its_own() {
        let recordings = Recordings::read(None, Mix::Carts).unwrap();

        let streams = moments(&recordings, 3, 100, Keeping::Both);

        let mut ids = BTreeSet::new();
        for message in streams.iter().flatten() {
            let request = AssessSessionsRequest::decode(message.clone()).unwrap();
            let moment = Moment::try_from(request.moment.unwrap()).unwrap();
            assert!(ids.insert(moment.id), "a moment came twice");
            assert!(!moment.cart.is_empty());
        }
        assert!(ids.len() >= 100);
        assert!(streams.iter().all(|stream| !stream.is_empty()));
    }
}
