//! The same on the stream of a large shop, where the data set is at hand. Source of the data: REES46 Marketing Platform,
//! <https://rees46.com>.

use std::collections::BTreeMap;
use std::path::Path;

use domain::time::later;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use testkit::rees46::{self, Act, Row};

use super::properties::{arrived, bytes, in_order};
use super::*;
use crate::event::{CartMove, Event};
use crate::packed;
use crate::samples::{data, event, line, of_order, usd};

/// Sessions by the name that the shop gives them.
fn sessions(file: &Path) -> BTreeMap<String, Vec<Event>> {
    let mut sessions: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for row in rees46::rows(std::fs::File::open(file).unwrap()) {
        let events = sessions.entry(row.session.clone()).or_default();
        let n = u64::try_from(events.len()).unwrap() + 1;
        events.push(event(n, row.at, payload(&row, n)));
    }
    sessions
}

fn payload(row: &Row, n: u64) -> Payload {
    match row.act {
        Act::View => look(&row.sku, None),
        Act::Cart => Payload::Cart(CartMove::Added(line(&row.sku, row.price))),
        Act::Purchase => of_order(
            &format!("P-{n}"),
            crate::event::OrderChange::Placed {
                value: usd(row.price),
                margin: None,
            },
        ),
    }
}

#[test]
fn arrival_does_not_matter_to_a_large_shop() {
    let Some(file) = data("rees46_multicategory/events.csv.gz") else {
        eprintln!("SKIPPED: no REES46 data; set RESCATE_DATA to the folder that holds it");
        return;
    };
    let mut random = StdRng::seed_from_u64(46);
    let sessions = sessions(&file);
    let (mut carts, mut orders) = (0, 0);
    for events in sessions.values() {
        let now = later(events.last().unwrap().occurred_at, Duration::from_mins(10));
        let mut arriving = [events.as_slice(), events.as_slice()].concat();
        arriving.shuffle(&mut random);

        let expected = in_order(events, now);

        let state = arrived(&arriving, 5, now);
        assert_eq!(bytes(&state, now), bytes(&expected, now));
        let packed = packed::pack(&expected);
        assert_eq!(packed::unpack(&packed), Ok(expected.clone()));
        carts += usize::from(expected.cart_adds.count > 0);
        orders += usize::from(expected.sold_at.is_some());
    }
    assert!(
        sessions.len() > 3_000 && carts > 50 && orders > 50,
        "{} sessions, {carts} carts, {orders} orders",
        sessions.len()
    );
}
