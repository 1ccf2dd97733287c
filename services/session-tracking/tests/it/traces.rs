//! One trace from an event to the moment that it makes.

use std::time::Duration;

use platform::config::TelemetryConfig;
use platform::telemetry::{self, TraceContext};
use testkit::otlp::Receiver;
use tracing::Instrument;

use crate::events::{added, event};
use crate::world::World;

const DEADLINE: Duration = Duration::from_secs(10);
const DECIDE: &str = "session.decide";

fn trace_of(traceparent: &str) -> String {
    TraceContext::parse(traceparent).unwrap().trace_id()
}

/// All of it in one test: the telemetry of a process is set up once.
#[tokio::test]
async fn moments_continue_the_trace_of_their_event() {
    let receiver = Receiver::start().await;
    let config = TelemetryConfig {
        otlp_endpoint: Some(receiver.endpoint()),
        ..TelemetryConfig::default()
    };
    let telemetry = telemetry::init(&config, session_tracking::NAME).unwrap();
    let world = World::start().await;

    // A batch of one session: its moment goes on in the caller's trace.
    let caller = tracing::info_span!("caller");
    let trace = TraceContext::of_span(&caller).unwrap().trace_id();
    let batch = vec![event(1, world.now(), added("shoe", 5_000))];
    world.send(batch).instrument(caller).await;
    world.told().moment(1).await;
    assert_eq!(trace_of(&world.told().traces()[0]), trace);

    // What a timer does goes on where the session was.
    world.pass(120);
    world.told().moment(2).await;
    assert_eq!(trace_of(&world.told().traces()[1]), trace);

    // A batch of several sessions: each begins a trace, linked to the batch.
    let caller = tracing::info_span!("caller of two");
    let batch = TraceContext::of_span(&caller).unwrap().trace_id();
    let events = [2, 3].map(|n| event(n, world.now(), added("shoe", 5_000)));
    world.send(events.to_vec()).instrument(caller).await;
    world.told().moment(4).await;
    let traces: Vec<_> = world
        .told()
        .traces()
        .iter()
        .map(|trace| trace_of(trace))
        .collect();
    assert!(traces[2] != batch && traces[3] != batch && traces[2] != traces[3]);

    telemetry.flush().await;
    let decided = receiver
        .wait_for(DEADLINE, |spans| {
            spans.iter().filter(|span| span.name == DECIDE).count() >= 4
        })
        .await;
    for decision in decided
        .iter()
        .filter(|span| traces[2..].contains(&span.trace_id))
    {
        if decision.name == DECIDE {
            assert_eq!(decision.links[0].trace_id, batch);
        }
    }
    telemetry.shutdown().await;
}
