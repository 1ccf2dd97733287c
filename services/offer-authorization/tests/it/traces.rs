//! An offer belongs to the trace of its case, and all that becomes of it too, however much later it comes.

use std::time::Duration;

use domain::id::InterventionId;
use platform::config::TelemetryConfig;
use platform::telemetry::{self, TraceContext};
use proto::offers::v1::{AuthorizeOfferRequest, GrantedOffer, RecordCaseRequest};
use testkit::grpc::request;
use testkit::otlp::{Receiver, Span};
use tracing::Instrument;

use crate::world::{World, a_case, authorize, granted, id, redeem};

const DEADLINE: Duration = Duration::from_secs(10);
const REDEEM: &str = "offers.redeem";

fn redemptions(spans: &[Span]) -> Vec<&Span> {
    spans.iter().filter(|span| span.name == REDEEM).collect()
}

/// Records the case in a trace, and has a desk offer three times: twice without a trace, once, the second time, with one of
/// its own. Gives the offers, the trace of the case, and that of the desk.
async fn hold_three(world: &World) -> (Vec<GrantedOffer>, String, String) {
    let recovery = tracing::info_span!("recovery");
    let decided = TraceContext::of_span(&recovery).unwrap().trace_id();
    let case = RecordCaseRequest {
        intervention_id: id::<InterventionId>(7),
        ..a_case()
    };
    let recorded = async { world.service().record_case(case).await.unwrap() };
    recorded.instrument(recovery).await;
    let desk = tracing::info_span!("desk");
    let asked = TraceContext::of_span(&desk).unwrap().trace_id();
    let traced = async { world.agent().authorize_offer(ask(2)).await.unwrap() };
    let first = ask_untraced(world, 1).await;
    let second = granted(traced.instrument(desk).await.into_inner());
    let third = ask_untraced(world, 3).await;
    (vec![first, second, third], decided, asked)
}

fn ask(amount: i64) -> AuthorizeOfferRequest {
    AuthorizeOfferRequest {
        intervention_id: id::<InterventionId>(7),
        ..authorize(amount)
    }
}

async fn ask_untraced(world: &World, amount: i64) -> GrantedOffer {
    let ask = request(&world.tokens().agent(), ask(amount));
    let answer = world.untraced().await.authorize_offer(ask).await;
    granted(answer.unwrap().into_inner())
}

/// All of it in one test: the telemetry of a process is set up once.
#[tokio::test]
async fn one_recovery_is_one_trace() {
    let receiver = Receiver::start().await;
    let config = TelemetryConfig {
        otlp_endpoint: Some(receiver.endpoint()),
        ..TelemetryConfig::default()
    };
    let telemetry = telemetry::init(&config, offer_authorization::NAME).unwrap();
    let world = World::with_case().await;
    let (held, decided, asked) = hold_three(&world).await;

    // A checkout with a trace of its own: the redemption stays in it, and both are linked.
    let shop = tracing::info_span!("shop");
    let paid = TraceContext::of_span(&shop).unwrap().trace_id();
    let call = async {
        world
            .checkout()
            .redeem_offer(redeem(&held[0]))
            .await
            .unwrap()
    };
    call.instrument(shop).await;

    // A checkout that brings none: the redemption goes on where the recovery began, although the desk had a trace.
    let ask = request(&world.tokens().checkout(), redeem(&held[1]));
    world.untraced().await.redeem_offer(ask).await.unwrap();

    // A hold that nobody redeems ends in the trace of its offer, too.
    world.clock.advance(Duration::from_mins(15));
    let told = world.told().some(6).await;
    let traces: Vec<_> = told
        .into_iter()
        .map(|told| told.trace_id.unwrap())
        .collect();
    let expected = [&decided, &asked, &decided, &paid, &decided, &decided];
    assert_eq!(traces.iter().collect::<Vec<_>>(), expected);

    telemetry.flush().await;
    let spans = receiver
        .wait_for(DEADLINE, |spans| redemptions(spans).len() >= 2)
        .await;
    assert_joined(&spans, &decided, &paid);
    telemetry.shutdown().await;
}

/// One redemption is in the trace of its payment, one in that of its offer, and the first is linked both ways.
fn assert_joined(spans: &[Span], decided: &str, paid: &str) {
    let of = |trace: &str| {
        let found = redemptions(spans);
        let found = found.into_iter().find(|span| span.trace_id == trace);
        found.unwrap().clone()
    };
    let links_to = |span: &Span, trace: &str| span.links.iter().any(|link| link.trace_id == trace);
    assert!(links_to(&of(paid), decided));
    let offer = of(decided).attribute("rescate.offer").map(str::to_owned);
    assert!(offer.unwrap().starts_with("off_"));
    let mut marks = spans.iter().filter(|span| span.name == "continued");
    assert!(marks.any(|mark| mark.trace_id == decided && links_to(mark, paid)));
}
