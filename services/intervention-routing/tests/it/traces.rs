//! One trace from a proposal to what the services around are told of it.

use std::time::Duration;

use platform::config::TelemetryConfig;
use platform::telemetry::{self, TraceContext};
use testkit::otlp::Receiver;
use tracing::Instrument;

use crate::world::{World, moment_of};

const DEADLINE: Duration = Duration::from_secs(10);

/// All of it in one test: the telemetry of a process is set up once.
#[tokio::test]
async fn a_decision_and_its_facts_are_in_the_trace_of_the_proposal() {
    let receiver = Receiver::start().await;
    let config = TelemetryConfig {
        otlp_endpoint: Some(receiver.endpoint()),
        ..TelemetryConfig::default()
    };
    let telemetry = telemetry::init(&config, intervention_routing::NAME).unwrap();
    let world = World::start().await;
    let caller = tracing::info_span!("caller");
    let trace = TraceContext::of_span(&caller).unwrap().trace_id();
    let moment = moment_of(1).build();

    let answer = world.propose(&moment).instrument(caller).await;

    let intervention = answer.intervention.unwrap();
    assert_eq!(intervention.trace_id, trace);
    world.told().some_facts(1).await;
    let told = TraceContext::parse(&world.told().traces()[0]).unwrap();
    assert_eq!(told.trace_id(), trace);
    telemetry.flush().await;
    let decided = receiver.span(DEADLINE, "routing.decide").await;
    assert_eq!(decided.trace_id, trace);
    assert_eq!(decided.service, intervention_routing::NAME);
    for (key, value) in [
        ("rescate.tenant", "acme"),
        ("rescate.session", &moment.session.to_string()),
        ("rescate.intervention", &intervention.intervention_id),
        ("rescate.outcome", "blocked"),
    ] {
        assert_eq!(decided.attribute(key), Some(value), "{key}");
    }
    telemetry.shutdown().await;
}
