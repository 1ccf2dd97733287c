//! The same on timelines of real shoppers, where the data set is at hand.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use domain::time::later;
use flate2::read::GzDecoder;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::properties::{arrived, bytes, in_order};
use crate::event::Event;
use crate::samples::{add, at, data, event, look, order};

/// Timelines to read: enough to meet every shape of session, few enough for a debug build.
const TIMELINES: usize = 3_000;

fn timelines(file: PathBuf) -> Vec<Vec<Event>> {
    let reader = GzDecoder::new(std::fs::File::open(file).unwrap());
    let mut sessions: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for row in csv::Reader::from_reader(reader).records() {
        let row = row.unwrap();
        let millis: u64 = row[2].parse().unwrap();
        let payload = match &row[3] {
            "view" => look("item", None),
            "addtocart" => add("item"),
            "transaction" => order("A-1"),
            other => panic!("an event of kind {other}"),
        };
        if sessions.len() >= TIMELINES && !sessions.contains_key(&row[0]) {
            continue;
        }
        let events = sessions.entry(row[0].to_owned()).or_default();
        let n = u64::try_from(events.len()).unwrap() + 1;
        events.push(event(
            n,
            later(at(0), Duration::from_millis(millis)),
            payload,
        ));
    }
    sessions.into_values().collect()
}

#[test]
fn arrival_does_not_matter_to_real_sessions() {
    let Some(file) = data("retailrocket/timelines.csv.gz") else {
        eprintln!("SKIPPED: no RetailRocket data; set RESCATE_DATA to the folder that holds it");
        return;
    };
    let mut random = StdRng::seed_from_u64(7);
    let timelines = timelines(file);
    for events in &timelines {
        let now = later(events.last().unwrap().occurred_at, Duration::from_hours(1));
        let mut arriving = [events.as_slice(), events.as_slice()].concat();
        arriving.shuffle(&mut random);

        let expected = in_order(events, now);

        let state = arrived(&arriving, 3, now);
        assert_eq!(bytes(&state, now), bytes(&expected, now));
        assert!(expected.cart_adds.count > 0 || expected.sold_at.is_some());
        assert!(
            expected.ending().is_some(),
            "an hour later every session is over"
        );
    }
    assert!(
        timelines.len() >= 1_000,
        "only {} sessions",
        timelines.len()
    );
}
