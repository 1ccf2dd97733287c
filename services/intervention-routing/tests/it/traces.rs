//! One trace from a proposal to what the services around are told of it.

use std::time::Duration;

use platform::auth::Role;
use platform::config::TelemetryConfig;
use platform::telemetry::{self, TraceContext};
use proto::routing::v1 as pb;
use proto::routing::v1::agent_desk_service_client::AgentDeskServiceClient;
use testkit::grpc::request;
use testkit::otlp::Receiver;
use tracing::Instrument;

use crate::desks::{OpenDesk, wrapping_up};
use crate::storefronts::bring_together;
use crate::world::{Interventions, World, moment_of};

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
    a_contact_is_in_the_trace_of_its_decision(&world).await;
    telemetry.flush().await;
    steps_are_joined_to_their_decision(&world, &receiver).await;
    telemetry.shutdown().await;
}

/// A step is a part of the trace of its decision, or linked with it both ways when its caller brought a trace.
async fn steps_are_joined_to_their_decision(world: &World, receiver: &Receiver) {
    let decided = world.interventions_as(Role::Operator);
    let trace = newest_trace(decided).await;
    for (step, joined) in [
        ("routing.show_invitation", Joined::Part),
        ("routing.reserve", Joined::Part),
        // The agent's desk brought no trace, the shopper's page one of its own.
        ("routing.wrap_up", Joined::Part),
        ("routing.accept_invitation", Joined::Linked),
    ] {
        let span = receiver.span(DEADLINE, step).await;
        assert_eq!(span.service, intervention_routing::NAME);
        let linked = span.links.iter().any(|link| link.trace_id == trace);
        match joined {
            Joined::Part => assert_eq!(span.trace_id, trace, "{step}"),
            Joined::Linked => assert!(linked && span.trace_id != trace, "{step}"),
        }
    }
    let marks = receiver.named("continued");
    assert!(
        marks
            .iter()
            .any(|mark| mark.trace_id == trace && !mark.links.is_empty())
    );
}

/// How a step belongs to the trace of its decision.
enum Joined {
    Part,
    Linked,
}

async fn newest_trace(mut interventions: Interventions) -> String {
    let request = pb::ListInterventionsRequest::default();
    let listed = interventions.list_interventions(request).await.unwrap();
    let newest = listed.into_inner().interventions.remove(0);
    assert_eq!(newest.trace_id.len(), 32);
    newest.trace_id
}

/// A contact that an agent without tracing wraps up. Its label comes in the trace of the decision, each of its facts in a
/// trace.
async fn a_contact_is_in_the_trace_of_its_decision(world: &World) {
    let told_before = world.told().some_facts(2).await.len();
    let mut desk = OpenDesk::open(world, "ana", 2).await;
    let (_invited, task) = bring_together(world, &mut desk, 2).await;
    desk.start(&task).await.unwrap();

    let mut untraced = AgentDeskServiceClient::connect(world.uri()).await.unwrap();
    let request = request(&world.tokens().agent(), wrapping_up(&task.task_id));
    untraced.wrap_up(request).await.unwrap();

    world.told().labels().nth(1).await;
    let label = world.told().labels().traces().remove(0);
    let decided = world.interventions_as(Role::Operator);
    assert_eq!(label.trace_id(), newest_trace(decided).await);
    world.told().some_facts(told_before + 7).await;
    assert_eq!(world.told().traces().len(), told_before + 7);
}
