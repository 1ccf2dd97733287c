//! A redemption belongs to the trace of its offer, however much later it comes and whoever calls.

use std::time::Duration;

use platform::config::TelemetryConfig;
use platform::telemetry::{self, TraceContext};
use testkit::otlp::{Receiver, Span};
use tracing::Instrument;

use crate::world::{World, redeem};

const DEADLINE: Duration = Duration::from_secs(10);
const REDEEM: &str = "offers.redeem";

fn redemptions(spans: &[Span]) -> Vec<&Span> {
    spans.iter().filter(|span| span.name == REDEEM).collect()
}

/// All of it in one test: the telemetry of a process is set up once.
#[tokio::test]
async fn a_redemption_continues_the_trace_of_its_offer() {
    let receiver = Receiver::start().await;
    let config = TelemetryConfig {
        otlp_endpoint: Some(receiver.endpoint()),
        ..TelemetryConfig::default()
    };
    let telemetry = telemetry::init(&config, offer_authorization::NAME).unwrap();
    let world = World::with_case().await;
    let desk = tracing::info_span!("desk");
    let decided = TraceContext::of_span(&desk).unwrap().trace_id();
    let (first, second, third) = async {
        (
            world.hold(1).await,
            world.hold(2).await,
            world.hold(3).await,
        )
    }
    .instrument(desk)
    .await;

    // A checkout with a trace of its own: the redemption stays in it, and both are linked.
    let shop = tracing::info_span!("shop");
    let paid = TraceContext::of_span(&shop).unwrap().trace_id();
    let call = async { world.checkout().redeem_offer(redeem(&first)).await.unwrap() };
    call.instrument(shop).await;

    // A checkout that brings none: the redemption goes on where the offer was decided.
    let mut plain = world.untraced_checkout().await;
    let answer = plain.redeem_offer(world.bare(redeem(&second))).await;
    answer.unwrap();

    // A hold that nobody redeems ends in the trace of its offer, too.
    world.clock.advance(Duration::from_mins(15));
    let told = world.told().some(6).await;
    let trace = |index: usize| told[index].trace_id.clone().unwrap();
    assert_eq!(trace(3), paid);
    assert_eq!(trace(4), decided);
    assert_eq!(
        trace(5),
        decided,
        "the third expired: {}",
        third.offer_token.len()
    );

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
