//! Every way to ask wrongly has one answer: the field at fault and why, and nothing of what was sent.
//!
//! Each row of a table spoils one field of a good request.

use std::time::Duration;

use domain::time::{earlier, later};
use proto::cart::v1::Cart;
use proto::convert::time::wire_timestamp;
use proto::error::v1::ErrorReason::{
    CardData, CurrencyMismatch, DuplicateItem, InvalidField, MalformedId, MoneyOverflow,
    NegativeMoney, OutOfRange, PageTokenInvalid, Required, TimeInFuture, TimeTooOld, TooLong,
    TooManyItems, UnknownEnum, UnknownLanguage, UnknownZone,
};
use proto::fact::v1::Ending;
use proto::moment::v1::Moment;
use proto::money::v1::Money;
use proto::risk::v1 as pb;
use testkit::spoil::{CARD, Row, assert_invalid, spoilt};

use crate::models::a_model;
use crate::world::{World, a_fresh_moment, assess_request, assessed, fresh, now};

fn moment(ask: &mut pb::AssessSessionRequest) -> &mut Moment {
    ask.moment.as_mut().unwrap()
}

fn cart(ask: &mut pb::AssessSessionRequest) -> &mut Cart {
    moment(ask).cart.as_mut().unwrap()
}

fn price(ask: &mut pb::AssessSessionRequest) -> &mut Money {
    cart(ask).lines[0].unit_price.as_mut().unwrap()
}

fn shifted(span: Duration, ask: &mut pb::AssessSessionRequest) {
    let (at, end) = (later(now(), span), later(now(), span * 2));
    moment(ask).occurred_at = Some(wire_timestamp(at));
    moment(ask).expires_at = Some(wire_timestamp(end));
}

fn aged(ask: &mut pb::AssessSessionRequest) {
    let at = earlier(now(), Duration::from_hours(49));
    moment(ask).occurred_at = Some(wire_timestamp(at));
}

const MOMENTS: &[Row<pb::AssessSessionRequest>] = &[
    (|ask| ask.request_id.clear(), Required, "request_id"),
    (|ask| ask.request_id = CARD.into(), CardData, "request_id"),
    (|ask| ask.moment = None, Required, "moment"),
    (
        |ask| moment(ask).moment_id.clear(),
        Required,
        "moment.moment_id",
    ),
    (
        |ask| moment(ask).session_id = "ses_1".into(),
        MalformedId,
        "moment.session_id",
    ),
    (
        |ask| moment(ask).visitor_id = "a".repeat(65),
        TooLong,
        "moment.visitor_id",
    ),
    (|ask| moment(ask).kind = 0, Required, "moment.kind"),
    (|ask| moment(ask).kind = 99, UnknownEnum, "moment.kind"),
    (|ask| moment(ask).phase = 99, UnknownEnum, "moment.phase"),
    (
        |ask| moment(ask).page = Some(format!("/pay/{CARD}")),
        CardData,
        "moment.page",
    ),
    (
        |ask| moment(ask).page = Some("a".repeat(257)),
        TooLong,
        "moment.page",
    ),
    (
        |ask| moment(ask).zone = Some("Mars/Olympus".into()),
        UnknownZone,
        "moment.zone",
    ),
    (|ask| moment(ask).history = None, Required, "moment.history"),
    (|ask| moment(ask).cart = None, Required, "moment.cart"),
    (
        |ask| price(ask).minor_units = -1,
        NegativeMoney,
        "moment.cart.lines[0].unit_price.minor_units",
    ),
    (
        |ask| price(ask).minor_units = i64::MAX,
        MoneyOverflow,
        "moment.cart.lines[0].unit_price.minor_units",
    ),
    (
        |ask| shifted(Duration::from_mins(5), ask),
        TimeInFuture,
        "moment.occurred_at",
    ),
    (aged, TimeTooOld, "moment.occurred_at"),
    (
        |ask| moment(ask).occurred_at = None,
        Required,
        "moment.occurred_at",
    ),
];

#[tokio::test]
async fn spoilt_moments_are_refused_and_leave_nothing() {
    let world = World::start().await;
    let mut platform = world.platform();
    for (spoil, reason, field) in MOMENTS {
        let request = spoilt(&assess_request(a_fresh_moment()), *spoil);
        let refused = platform.assess_session(request).await.unwrap_err();
        assert_invalid(&refused, *reason, field);
    }
    let mixed = spoilt(&assess_request(a_fresh_moment()), |ask| {
        price(ask).currency = "EUR".to_owned();
    });
    let refused = platform.assess_session(mixed).await.unwrap_err();
    assert_eq!(
        platform::status::reason_of(&refused),
        Some(CurrencyMismatch)
    );

    let all = pb::ListAssessmentsRequest::default();
    let stored = platform.list_assessments(all).await.unwrap().into_inner();
    assert!(stored.assessments.is_empty());
    assert!(world.told().facts().is_empty());
    world.stop().await;
}

#[tokio::test]
async fn one_moment_id_cannot_stand_for_two_moments() {
    let world = World::start().await;
    let mut platform = world.platform();
    let first = a_fresh_moment().build();
    let second = a_fresh_moment().with_id(first.id).build();
    assessed(&mut platform, first).await;

    let refused = platform
        .assess_session(assess_request(second))
        .await
        .unwrap_err();

    assert_invalid(&refused, DuplicateItem, "moment.moment_id");
    world.stop().await;
}

const OUTCOMES: &[Row<pb::RecordOutcomeRequest>] = &[
    (|ask| ask.request_id.clear(), Required, "request_id"),
    (|ask| ask.session_id.clear(), Required, "session_id"),
    (|ask| ask.session_id = CARD.into(), CardData, "session_id"),
    (|ask| ask.ending = 0, Required, "ending"),
    (|ask| ask.ending = 99, UnknownEnum, "ending"),
    (|ask| ask.ended_at = None, Required, "ended_at"),
    (
        |ask| ask.ended_at = Some(wire_timestamp(later(now(), Duration::from_mins(5)))),
        TimeInFuture,
        "ended_at",
    ),
];

#[tokio::test]
async fn spoilt_outcomes_are_refused() {
    let world = World::start().await;
    for (spoil, reason, field) in OUTCOMES {
        let good = pb::RecordOutcomeRequest {
            request_id: fresh(),
            session_id: a_fresh_moment().build().session.to_string(),
            ending: Ending::Ordered.into(),
            ended_at: Some(wire_timestamp(now())),
        };
        let request = spoilt(&good, *spoil);
        let refused = world.platform().record_outcome(request).await.unwrap_err();
        assert_invalid(&refused, *reason, field);
    }
    world.stop().await;
}

fn card(ask: &mut pb::RegisterModelRequest) -> &mut pb::Scorecard {
    ask.scorecard.as_mut().unwrap()
}

fn line(ask: &mut pb::RegisterModelRequest) -> &mut pb::ScorecardLine {
    &mut card(ask).lines[0]
}

const MODELS: &[Row<pb::RegisterModelRequest>] = &[
    (|ask| ask.request_id.clear(), Required, "request_id"),
    (|ask| ask.model_id.clear(), Required, "model_id"),
    (|ask| ask.model_id = "Even!".into(), MalformedId, "model_id"),
    (
        |ask| ask.model_id = "rescate.scorecard".into(),
        DuplicateItem,
        "model_id",
    ),
    (|ask| ask.description.clear(), Required, "description"),
    (
        |ask| ask.description = "a".repeat(1_025),
        TooLong,
        "description",
    ),
    (
        |ask| ask.description = format!("for {CARD}"),
        CardData,
        "description",
    ),
    (|ask| ask.scorecard = None, Required, "scorecard"),
    (|ask| card(ask).lines.clear(), Required, "scorecard.lines"),
    (
        |ask| card(ask).lines = vec![line(ask).clone(); 201],
        TooManyItems,
        "scorecard.lines",
    ),
    (
        |ask| card(ask).baseline_log_odds = f64::NAN,
        OutOfRange,
        "scorecard.baseline_log_odds",
    ),
    (
        |ask| card(ask).calibration_slope = 0.0,
        OutOfRange,
        "scorecard.calibration_slope",
    ),
    (
        |ask| card(ask).calibration_intercept = f64::INFINITY,
        OutOfRange,
        "scorecard.calibration_intercept",
    ),
    (
        |ask| line(ask).feature.clear(),
        Required,
        "scorecard.lines[0].feature",
    ),
    (
        |ask| line(ask).feature = "mood".into(),
        InvalidField,
        "scorecard.lines[0].feature",
    ),
    (
        |ask| line(ask).feature = CARD.into(),
        CardData,
        "scorecard.lines[0].feature",
    ),
    (
        |ask| line(ask).reason.clear(),
        Required,
        "scorecard.lines[0].reason",
    ),
    (
        |ask| line(ask).at_least = f64::NAN,
        OutOfRange,
        "scorecard.lines[0].at_least",
    ),
    (
        |ask| line(ask).below = Some(0.5),
        OutOfRange,
        "scorecard.lines[0].below",
    ),
    (
        |ask| line(ask).log_odds = -1.0,
        OutOfRange,
        "scorecard.lines[0].log_odds",
    ),
    (|ask| ask.samples.clear(), Required, "samples"),
    (
        |ask| ask.samples = vec![ask.samples[0].clone(); 201],
        TooManyItems,
        "samples",
    ),
    (
        |ask| ask.samples[1].expected_abandonment += 1e-8,
        InvalidField,
        "samples[1].expected_abandonment",
    ),
    (
        |ask| ask.samples[1].expected_abandonment = 1.5,
        OutOfRange,
        "samples[1].expected_abandonment",
    ),
    (
        |ask| ask.samples[1].values[0].value = f64::NAN,
        OutOfRange,
        "samples[1].values[0].value",
    ),
    (
        |ask| ask.samples[1].values[0].feature = "mood".into(),
        InvalidField,
        "samples[1].values[0].feature",
    ),
];

#[tokio::test]
async fn spoilt_models_are_refused() {
    let world = World::start().await;
    for (spoil, reason, field) in MODELS {
        let request = spoilt(&a_model("even"), *spoil);
        let refused = world.operator().register_model(request).await.unwrap_err();
        assert_invalid(&refused, *reason, field);
    }
    let listed = world
        .operator()
        .list_models(pb::ListModelsRequest::default())
        .await
        .unwrap();
    assert_eq!(listed.into_inner().models.len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn spoilt_questions_are_refused() {
    let world = World::start().await;
    let (mut platform, mut operator) = (world.platform(), world.operator());
    let token = "not-a-token".to_owned();
    let list = pb::ListAssessmentsRequest {
        page_token: token.clone(),
        ..Default::default()
    };
    let refused = platform.list_assessments(list).await.unwrap_err();
    assert_invalid(&refused, PageTokenInvalid, "page_token");
    let list = pb::ListModelsRequest {
        page_size: 201,
        page_token: String::new(),
    };
    let refused = operator.list_models(list).await.unwrap_err();
    assert_invalid(&refused, OutOfRange, "page_size");
    let asked = pb::ExplainAssessmentRequest {
        assessment_id: CARD.to_owned(),
        language: String::new(),
    };
    let refused = platform.explain_assessment(asked).await.unwrap_err();
    assert_invalid(&refused, CardData, "assessment_id");
    for (language, reason) in [("es-ES", UnknownLanguage), (CARD, CardData)] {
        let asked = pb::ExplainAssessmentRequest {
            assessment_id: format!("asm_{}", fresh()),
            language: language.to_owned(),
        };
        let refused = platform.explain_assessment(asked).await.unwrap_err();
        assert_invalid(&refused, reason, "language");
    }
    let asked = pb::ActivateModelRequest {
        request_id: fresh(),
        model_id: String::new(),
        version: 0,
    };
    let refused = operator.activate_model(asked).await.unwrap_err();
    assert_invalid(&refused, Required, "model_id");
    world.stop().await;
}
