//! What the fold of one event costs, without a wire and a store: all sessions of the REES46 slice, each event in its turn.
//!
//! `cargo bench -p session-tracking`. Limit: 1.5 µs of processor time an event, which is the reciprocal of the throughput.
//! Source of the data: REES46 Marketing Platform, <https://rees46.com>.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up has nothing to measure"
)]

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::time::Timestamp;
use platform::config::ServiceConfig;
use proto::cart::v1::CartLine;
use proto::convert::time::wire_timestamp;
use proto::money::v1::Money;
use proto::session::v1 as pb;
use proto::session::v1::event::Payload;
use session_tracking::Config;
use session_tracking::measuring::Timeline;
use testkit::rees46::{self, Act, Row};
use uuid::Uuid;

/// Whose events they are makes no difference to what they cost.
const SHOPPER: &str = "0192f0c1-0000-7000-8000-000000000001";

fn folding(criterion: &mut Criterion) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("sessions.toml");
    std::fs::write(&file, "[auth]\njwks = \"k\"\nsigning_key = \"k\"\n").unwrap();
    let signals = Config::load(Some(&file)).unwrap().signals;
    let timelines = timelines();
    let events: usize = timelines.iter().map(Timeline::events).sum();
    let fold_all = |timelines: &[Timeline]| -> u32 {
        timelines
            .iter()
            .map(|timeline| timeline.fold(&signals))
            .sum()
    };
    assert_eq!(usize::try_from(fold_all(&timelines)).unwrap(), events);
    let mut group = criterion.benchmark_group("fold");
    group.throughput(Throughput::Elements(events.try_into().unwrap()));
    group.bench_function("events of REES46", |bencher| {
        bencher.iter(|| fold_all(black_box(&timelines)));
    });
    group.finish();
}

fn timelines() -> Vec<Timeline> {
    let mut sessions: BTreeMap<String, Vec<(Timestamp, pb::Event)>> = BTreeMap::new();
    for (number, row) in rees46::rows(rees46::SLICE).enumerate() {
        let id = Uuid::from_u128(number.try_into().unwrap());
        let events = sessions.entry(row.session.clone()).or_default();
        events.push((row.at, event(id, row.at, payload(id, row))));
    }
    let timelines = sessions.into_values().map(Timeline::read);
    timelines.collect::<Result<_, _>>().unwrap()
}

fn event(id: Uuid, at: Timestamp, payload: Payload) -> pb::Event {
    pb::Event {
        event_id: format!("evt_{id}"),
        session_id: format!("ses_{SHOPPER}"),
        visitor_id: format!("vis_{SHOPPER}"),
        shopper_id: None,
        occurred_at: Some(wire_timestamp(at)),
        page: "/es/tienda/catalogo/temporada/producto".to_owned(),
        time_zone: "Europe/Madrid".to_owned(),
        language: "es".to_owned(),
        payload: Some(payload),
    }
}

fn payload(id: Uuid, row: Row) -> Payload {
    let Row {
        act, sku, price, ..
    } = row;
    let price = Some(Money {
        minor_units: price,
        currency: "USD".to_owned(),
    });
    match act {
        Act::View => Payload::ProductViewed(pb::ProductViewed {
            sku,
            price,
            configurable: false,
            dwell: None,
        }),
        Act::Cart => Payload::CartItemAdded(pb::CartItemAdded {
            line: Some(CartLine {
                sku,
                quantity: 1,
                unit_price: price,
                unit_margin: None,
                configurable: false,
                category: None,
            }),
        }),
        Act::Purchase => Payload::OrderPlaced(pb::OrderPlaced {
            order_id: format!("order-{id}"),
            value: price,
            margin: None,
        }),
    }
}

criterion_group!(benches, folding);
criterion_main!(benches);
