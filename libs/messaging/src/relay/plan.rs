//! What goes together: lanes of one tenant, whose first messages one delivery may carry.

use std::collections::{BTreeMap, HashMap, VecDeque};

use domain::id::TenantId;
use tokio::time::Instant;

use crate::outbox::Row;

/// Messages of one delivery; the direct transport's batches take as many.
const MOST_MESSAGES: usize = platform::limits::DELIVERIES;
/// Bytes of one delivery: half of what a batch may have, which leaves room for what stands beside the requests.
const MOST_BYTES: usize = platform::limits::DECODE_BATCH / 2;

/// Messages of one order key that wait, the first to go in front.
pub(super) struct Lane {
    pub(super) number: i64,
    pub(super) rows: VecDeque<Row>,
    /// From then on another replica may have them.
    pub(super) until: Instant,
}

/// Claimed messages, the oldest first, by lane.
pub(super) fn lanes(rows: Vec<Row>, until: Instant) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    let mut places: HashMap<i64, usize> = HashMap::new();
    for row in rows {
        let place = *places.entry(row.lane).or_insert(lanes.len());
        match lanes.get_mut(place) {
            Some(lane) => lane.rows.push_back(row),
            None => lanes.push(Lane {
                number: row.lane,
                rows: VecDeque::from([row]),
                until,
            }),
        }
    }
    lanes
}

/// Groups lanes by what may go together: every lane in one batch.
///
/// Messages that were tried in vain have ever smaller company, and none in the end, so that one that spoils its batch is found.
pub(super) fn batches(lanes: Vec<Lane>) -> Vec<Vec<Lane>> {
    let mut by_company: BTreeMap<(TenantId, usize), Vec<Lane>> = BTreeMap::new();
    for lane in lanes {
        if let Some(head) = lane.rows.front() {
            let company = company(head.envelope.attempt);
            let tenant = head.envelope.tenant.clone();
            by_company.entry((tenant, company)).or_default().push(lane);
        }
    }
    by_company
        .into_iter()
        .flat_map(|((_, company), lanes)| split(lanes, company))
        .collect()
}

/// How many messages may go with one that was tried so often.
fn company(attempts: u32) -> usize {
    (MOST_MESSAGES >> attempts.min(usize::BITS - 1)).max(1)
}

fn split(lanes: Vec<Lane>, most: usize) -> Vec<Vec<Lane>> {
    let mut batches: Vec<Vec<Lane>> = Vec::new();
    let mut bytes = 0;
    for lane in lanes {
        let head = lane.rows.front();
        let own = head.map_or(0, |row| row.envelope.payload.len());
        match batches.last_mut() {
            Some(batch) if batch.len() < most && bytes + own <= MOST_BYTES => {
                bytes += own;
                batch.push(lane);
            }
            Some(_) | None => {
                bytes = own;
                batches.push(vec![lane]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use domain::id::RequestId;
    use domain::time::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::Envelope;

    fn row(id: i64, lane: i64) -> Row {
        Row {
            id,
            lane,
            failures: 0,
            envelope: Envelope {
                message_id: RequestId::from_uuid(Uuid::from_u128(u128::try_from(id).unwrap())),
                tenant: TenantId::parse("acme").unwrap(),
                destination: "kpi".to_owned(),
                method: "/m".to_owned(),
                order_key: lane.to_string(),
                payload: Bytes::from_static(b"a message"),
                created_at: Timestamp::UNIX_EPOCH,
                expires_at: None,
                trace: None,
                attempt: 0,
            },
        }
    }

    fn tried(id: i64, attempt: u32) -> Row {
        let row = row(id, id);
        Row {
            envelope: Envelope {
                attempt,
                ..row.envelope
            },
            ..row
        }
    }

    fn of(tenant: &str, id: i64) -> Row {
        let row = row(id, id);
        Row {
            envelope: Envelope {
                tenant: TenantId::parse(tenant).unwrap(),
                ..row.envelope
            },
            ..row
        }
    }

    /// The ids of each lane of each batch.
    fn planned(rows: Vec<Row>) -> Vec<Vec<Vec<i64>>> {
        let ids = |lane: &Lane| lane.rows.iter().map(|row| row.id).collect();
        batches(lanes(rows, Instant::now()))
            .iter()
            .map(|batch| batch.iter().map(ids).collect())
            .collect()
    }

    #[test]
    fn a_lane_keeps_its_order_and_lanes_go_together() {
        let rows = vec![row(1, 7), row(2, 8), row(3, 7), row(4, 9)];
        assert_eq!(planned(rows), [[vec![1, 3], vec![2], vec![4]]]);
    }

    #[test]
    fn tenants_go_apart() {
        let rows = vec![of("acme", 1), of("other", 2), of("acme", 3)];
        assert_eq!(planned(rows), [vec![vec![1], vec![3]], vec![vec![2]]]);
    }

    #[test]
    fn a_batch_is_bounded_by_messages_and_bytes() {
        let sizes = |rows| planned(rows).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes((0..130).map(|id| row(id, id)).collect()), [64, 64, 2]);

        let large = |id| Row {
            envelope: Envelope {
                payload: vec![0; MOST_BYTES / 2].into(),
                ..row(id, id).envelope
            },
            ..row(id, id)
        };
        assert_eq!(sizes((0..5).map(large).collect()), [2, 2, 1]);
    }

    #[test]
    fn what_was_tried_in_vain_ends_up_alone() {
        let sizes = |attempt| {
            let rows = (0..64).map(|id| tried(id, attempt)).collect();
            planned(rows).first().map(Vec::len)
        };
        assert_eq!([0, 1, 5, 6, 200].map(sizes), [64, 32, 2, 1, 1].map(Some));
    }
}
