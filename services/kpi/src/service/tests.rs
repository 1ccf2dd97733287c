//! What only a clock that a test moves, or a small limit, can show.

use domain::channel::Channel;
use domain::experiment::Arm;
use domain::fact::FactBody;
use domain::id::{OfferId, OrderId, PlayId};
use domain::phase::RiskPhase;
use domain::remedy::RemedyKind;
use domain::time::{earlier, later};
use storage::Database;
use testkit::builders::{a_fact, tenant, usd};
use testkit::clock::{FakeClock, start};
use testkit::ids::nth;
use testkit::scratch::{self, Scratch};

use super::*;
use crate::store::migrations;

const DAY: Duration = Duration::from_hours(24);

/// A service sixty days after the start that reads a hundred facts for one answer, and what it stands on.
pub(super) async fn a_service() -> (Arc<Service>, Database, Scratch) {
    let scratch = scratch::sqlite();
    let database = scratch.migrated(migrations()).await;
    let service = Service::new(
        Store::new(database.clone()),
        FakeClock::at(later(start(), DAY * 60)).shared(),
        FactsConfig {
            max_age_hours: 9_600,
            clock_skew_ms: 0,
        },
        ReportsConfig {
            horizon_hours: 168,
            follow_up_hours: 168,
            max_facts: 100,
            max_watches: 1,
        },
    );
    (Arc::new(service), database, scratch)
}

/// Anything at all.
pub(super) fn anything() -> Selection {
    Selection {
        horizon: None,
        partner: None,
        currency: None,
    }
}

/// The `n`th fact, so long after the start.
fn fact(n: u64, after: Duration, body: FactBody) -> Fact {
    a_fact(body)
        .with_id(nth(n))
        .with_occurred_at(later(start(), after))
        .build()
}

fn order(n: u64, after: Duration) -> Fact {
    let body = FactBody::OrderPlaced {
        order: OrderId::parse(&format!("order-{n}")).unwrap(),
        value: usd(100),
        margin: None,
    };
    fact(n, after, body)
}

async fn record(service: &Service, facts: impl IntoIterator<Item = Fact>) {
    let batch = Batch(facts.into_iter().map(Ok).collect());
    let recorded = service.record(&tenant(), batch).await.unwrap();
    assert!(recorded.rejected.is_empty(), "{recorded:?}");
}

#[tokio::test]
async fn a_reversal_weeks_later_takes_its_redemption_back() {
    let (service, _database, _scratch) = a_service().await;
    let offer: OfferId = nth(1);
    let held = FactBody::OfferHeld {
        offer,
        remedy: RemedyKind::AmountOff,
        amount: usd(700),
    };
    let redeemed = FactBody::OfferRedeemed {
        offer,
        order: OrderId::parse("order-1").unwrap(),
        amount: usd(700),
    };
    let amount = usd(200);
    let reversed = FactBody::OfferReversed { offer, amount };
    let facts = [
        fact(1, Duration::ZERO, held),
        fact(2, DAY, redeemed),
        fact(3, DAY * 40, reversed),
    ];
    record(&service, facts).await;
    let window = Window {
        from: start(),
        until: later(start(), DAY),
    };

    let answer = service.query(&tenant(), window, anything()).await.unwrap();
    let audit = service.audit(&tenant(), window, anything()).await.unwrap();

    assert_eq!(answer.report.offers.redeemed_amount, Some(usd(500)));
    assert_eq!(answer.report.offers.reversed, 1);
    assert_eq!(audit.fact_count, 3);
    assert!(audit.differing_figures.is_empty());
}

#[tokio::test]
async fn an_experiment_is_read_whatever_was_sold_before_it() {
    let (service, _database, _scratch) = a_service().await;
    let experiment = ExperimentId::parse("proactive-help").unwrap();
    let assigned = FactBody::EpisodeAssigned {
        experiment: experiment.clone(),
        arm: Arm::Treatment,
        play: PlayId::parse("rescue").unwrap(),
        channel: Channel::Chat,
        cause: domain::cause::Cause::UnexpectedCost,
        phase: RiskPhase::TransactionalFriction,
        cart_value: usd(12_000),
    };
    let long_before = (1..=200).map(|n| order(n, Duration::from_secs(n)));
    record(&service, long_before).await;
    let during = [
        fact(201, DAY * 30, assigned),
        order(202, DAY * 30 + Duration::from_mins(5)),
    ];
    record(&service, during).await;
    let query = |experiment| ExperimentQuery {
        experiment,
        planned_holdout: testkit::builders::bps(1_000),
        horizon: None,
    };

    let reading = service.experiment(&tenant(), &query(experiment)).await;

    let treatment = reading.unwrap().treatment;
    assert_eq!((treatment.numerator, treatment.denominator), (1, 1));
    let other = ExperimentId::parse("other").unwrap();
    let unknown = service.experiment(&tenant(), &query(other)).await;
    assert!(matches!(unknown, Err(KpiError::ExperimentUnknown)));
}

#[tokio::test]
async fn a_window_of_too_many_facts_is_refused() {
    let (service, _database, _scratch) = a_service().await;
    record(&service, (1..=101).map(|n| order(n, Duration::ZERO))).await;
    let window = Window {
        from: earlier(start(), DAY),
        until: later(start(), DAY),
    };

    let refused = service.query(&tenant(), window, anything()).await;

    assert!(matches!(
        refused,
        Err(KpiError::TooManyFacts { limit: 100 })
    ));
}
