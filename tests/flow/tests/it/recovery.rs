//! One recovery from the first event to the KPI, each record of it readable by its own call.

use std::time::Duration;

use domain::time::{earlier, later};
use proto::cause::v1::Cause;
use proto::convert::time::wire_timestamp;
use proto::kpi::v1::{QueryKpisRequest, Window};
use proto::offers::v1::authorize_offer_request::Value;
use proto::offers::v1::authorize_offer_response::Decision as OfferDecision;
use proto::offers::v1::{
    AuthorizeOfferRequest, GetOfferRequest, GrantedOffer, ListLedgerEntriesRequest, OfferState,
    RedeemOfferRequest,
};
use proto::remedy::v1::RemedyKind;
use proto::risk::v1::{
    CauseTable, ExplainAssessmentRequest, LearnCausesRequest, ListAssessmentsRequest,
    ListCauseTablesRequest,
};
use proto::routing::v1::explain_decision_request::Subject;
use proto::routing::v1::{
    AnswerSurveyRequest, DecisionOutcome, ExplainDecisionRequest, GetInterventionRequest,
    InterventionState, Reservation, StepVerdict,
};
use proto::session::v1::{GetSessionRequest, SessionState};
use testkit::eventually;
use testkit::messages::orders;

use crate::people::{Desk, PATIENCE, Shopper, fund, now, record, usd};
use crate::shop::{Shop, request_id};
use crate::stage::{accept, invited, reply, start, wrap_up};

/// What a recovery leaves behind.
pub(crate) struct Recovery {
    pub(crate) shopper: Shopper,
    pub(crate) intervention: String,
    pub(crate) offer: String,
}

#[tokio::test]
async fn an_event_ends_as_a_figure_and_every_record_between_can_be_read() {
    let shop = Shop::open().await;
    let recovery = recover(&shop).await;

    session_is_ordered(&shop, &recovery).await;
    assessment_explains_itself(&shop, &recovery).await;
    decision_explains_itself(&shop, &recovery).await;
    offer_is_redeemed_and_booked(&shop, &recovery).await;
    figures_count_it_once(&shop).await;
    the_agents_word_judges_the_causes(&shop).await;
    shop.close().await;
}

/// Lets one shopper be helped over the shipping cost, and buy.
pub(crate) async fn recover(shop: &Shop) -> Recovery {
    fund(shop, 100_000).await;
    let mut desk = Desk::open(shop).await;
    let shopper = Shopper::new();
    let (invited, mut browser) = invited(shop, shopper).await;
    let reservation = invited.agree(shop, &mut desk).await;
    let task = take(&mut desk, &reservation).await;
    let granted = grant_shipping(shop, &reservation).await;
    let offer = granted.offer.unwrap().offer_id;
    buy(shop, shopper, granted.offer_token).await;
    wrap_up(&mut desk, &task).await;

    browser.survey().await;
    let survey = AnswerSurveyRequest {
        request_id: request_id(),
        invitation_id: invited.invitation,
        score: 5,
    };
    shop.storefront(shopper.session)
        .answer_survey(survey)
        .await
        .unwrap();
    let intervention = reservation.task.unwrap().intervention_id;
    Recovery {
        shopper,
        intervention,
        offer,
    }
}

/// Accepts a reservation and begins the conversation.
pub(crate) async fn take(desk: &mut Desk, reservation: &Reservation) -> String {
    let task = reservation.task.clone().unwrap().task_id;
    accept(desk, &reservation.reservation_id).await;
    start(desk, &task).await;
    reply(desk, &task).await;
    task
}

async fn grant_shipping(shop: &Shop, reservation: &Reservation) -> GrantedOffer {
    let task = reservation.task.clone().unwrap();
    let version = task.cart.unwrap().version;
    // The case is on its way through the outbox while the agent is already at work.
    eventually(PATIENCE, || async {
        let request = AuthorizeOfferRequest {
            request_id: request_id(),
            intervention_id: task.intervention_id.clone(),
            remedy: RemedyKind::CutShipping.into(),
            value: Some(Value::Amount(usd(500))),
            cart_version: version,
        };
        let answer = shop.agent_offers().authorize_offer(request).await.ok()?;
        match answer.into_inner().decision {
            Some(OfferDecision::Granted(granted)) => Some(granted),
            _ => None,
        }
    })
    .await
}

async fn buy(shop: &Shop, shopper: Shopper, offer_token: String) {
    let order = format!("order-{}", shopper.session);
    let order_id = order.chars().take(40).collect::<String>();
    let session = session(shop, shopper).await;
    let redeem = RedeemOfferRequest {
        request_id: request_id(),
        offer_token,
        order_id: order_id.clone(),
        cart_version: session.cart.unwrap().version,
    };
    shop.checkout().redeem_offer(redeem).await.unwrap();
    let paid = orders(&order_id, 26_300, 7_500);
    record(
        shop,
        vec![shopper.event(Duration::ZERO, "/checkout/done", paid)],
    )
    .await;
}

async fn session(shop: &Shop, shopper: Shopper) -> proto::session::v1::Session {
    let request = GetSessionRequest {
        session_id: shopper.session.to_string(),
    };
    shop.sessions()
        .get_session(request)
        .await
        .unwrap()
        .into_inner()
        .session
        .unwrap()
}

async fn session_is_ordered(shop: &Shop, recovery: &Recovery) {
    let session = session(shop, recovery.shopper).await;
    assert_eq!(session.state(), SessionState::Ordered);
    assert_eq!(
        session.shopper_id.as_deref(),
        Some(recovery.shopper.person().as_str())
    );
    assert_eq!(session.event_count, 7);
}

async fn assessment_explains_itself(shop: &Shop, recovery: &Recovery) {
    let intervention = intervention(shop, recovery).await;
    let request = ExplainAssessmentRequest {
        assessment_id: intervention.assessment_id.clone(),
        language: "es".to_owned(),
    };
    let told = shop
        .risk()
        .explain_assessment(request)
        .await
        .unwrap()
        .into_inner();
    let assessment = told.assessment.unwrap();
    let likely = assessment.causes.first().unwrap();
    assert_eq!(likely.cause(), Cause::UnexpectedCost);
    let score: f64 = told
        .factors
        .iter()
        .map(|factor| factor.log_odds)
        .sum::<f64>()
        + assessment.baseline_log_odds;
    let from_factors = 1.0 / (1.0 + (-score).exp());
    assert!(
        (from_factors - assessment.abandonment).abs() < 1e-9,
        "the factors sum to the score"
    );
    assert!(told.factors.iter().all(|factor| !factor.text.is_empty()));

    let listed = ListAssessmentsRequest {
        session_id: recovery.shopper.session.to_string(),
        ..Default::default()
    };
    let listed = shop
        .risk()
        .list_assessments(listed)
        .await
        .unwrap()
        .into_inner()
        .assessments;
    assert!(
        listed
            .iter()
            .any(|listed| listed.assessment_id == intervention.assessment_id)
    );
}

async fn intervention(shop: &Shop, recovery: &Recovery) -> proto::routing::v1::Intervention {
    let request = GetInterventionRequest {
        intervention_id: recovery.intervention.clone(),
    };
    let answer = shop
        .interventions()
        .get_intervention(request)
        .await
        .unwrap();
    answer.into_inner().intervention.unwrap()
}

async fn decision_explains_itself(shop: &Shop, recovery: &Recovery) {
    assert_eq!(
        intervention(shop, recovery).await.state(),
        InterventionState::Resolved
    );
    let subject = Some(Subject::InterventionId(recovery.intervention.clone()));
    let request = ExplainDecisionRequest { subject };
    let told = shop
        .interventions()
        .explain_decision(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(told.decision.unwrap().outcome(), DecisionOutcome::Scheduled);
    let passed: Vec<&str> = told
        .steps
        .iter()
        .filter(|step| step.verdict() == StepVerdict::Passed)
        .map(|step| step.name.as_str())
        .collect();
    for step in [
        "qualify",
        "assign",
        "consent",
        "progress",
        "empowerment",
        "capacity",
        "pick",
    ] {
        assert!(passed.contains(&step), "{step} is not among {passed:?}");
    }
    assert_eq!(
        told.moment.unwrap().session_id,
        recovery.shopper.session.to_string()
    );
}

async fn offer_is_redeemed_and_booked(shop: &Shop, recovery: &Recovery) {
    let request = GetOfferRequest {
        offer_id: recovery.offer.clone(),
    };
    let offer = shop
        .agent_offers()
        .get_offer(request)
        .await
        .unwrap()
        .into_inner()
        .offer
        .unwrap();
    assert_eq!(offer.state(), OfferState::Redeemed);
    assert_eq!(offer.amount, Some(usd(500)));
    let request = ListLedgerEntriesRequest {
        offer_id: recovery.offer.clone(),
        ..Default::default()
    };
    let entries = shop
        .programmes()
        .list_ledger_entries(request)
        .await
        .unwrap()
        .into_inner()
        .entries;
    assert_eq!(entries.len(), 2, "one hold and one redemption: {entries:?}");
}

async fn figures_count_it_once(shop: &Shop) {
    let report = eventually(PATIENCE, || async {
        let window = Window {
            from: Some(wire_timestamp(earlier(now(), Duration::from_hours(1)))),
            until: Some(wire_timestamp(later(now(), Duration::from_hours(1)))),
        };
        let request = QueryKpisRequest {
            window: Some(window),
            ..Default::default()
        };
        let report = shop
            .kpis()
            .query_kpis(request)
            .await
            .unwrap()
            .into_inner()
            .report?;
        let answered = report.net_transaction_score.as_ref()?.n == 1;
        let ordered = report.funnel.as_ref()?.ordered == 1;
        (answered && ordered).then_some(report)
    })
    .await;
    let conversion = report.proactive_chat_conversion_rate.unwrap();
    assert_eq!((conversion.numerator, conversion.denominator), (1, 1));
    let resolution = report.first_contact_resolution.unwrap().declared.unwrap();
    assert_eq!((resolution.numerator, resolution.denominator), (1, 1));
    let funnel = report.funnel.unwrap();
    assert_eq!(
        (funnel.shown, funnel.accepted, funnel.reservations),
        (1, 1, 1)
    );
    assert_eq!((funnel.engaged, funnel.resolved), (1, 1));
    let offers = report.offers.unwrap();
    assert_eq!((offers.held, offers.redeemed), (1, 1));
    assert_eq!(offers.redeemed_amount, Some(usd(500)));
}

/// The cause that the agent noted comes to risk-scoring as the label of the assessment; the table that found the cause is
/// judged by it, and the next one is learned from it.
async fn the_agents_word_judges_the_causes(shop: &Shop) {
    let built_in = eventually(PATIENCE, || async {
        let mut tables = cause_tables(shop).await;
        tables.pop().filter(|table| table.judged > 0)
    })
    .await;
    assert_eq!((built_in.judged, built_in.accuracy), (1, Some(1.0)));

    let request = LearnCausesRequest {
        request_id: request_id(),
    };
    let learned = shop.models().learn_causes(request).await.unwrap();
    let learned = learned.into_inner().table.unwrap();
    assert_eq!((learned.labels, learned.active), (1, true));
    let tables = cause_tables(shop).await;
    let judged: Vec<u64> = tables.iter().map(|table| table.judged).collect();
    assert_eq!(judged, [0, 1], "the newest table has judged nothing yet");
}

async fn cause_tables(shop: &Shop) -> Vec<CauseTable> {
    let listed = shop
        .models()
        .list_cause_tables(ListCauseTablesRequest {})
        .await;
    listed.unwrap().into_inner().tables
}
