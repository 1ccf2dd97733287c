//! Every way to ask wrongly has one answer: the field at fault and why, and nothing of what was sent.
//!
//! Each row of a table spoils one field of a good request.

use proto::channel::v1::Channel;
use proto::error::v1::ErrorReason::{
    self, CardData, CurrencyMismatch, DuplicateItem, InvalidField, MalformedId, MoneyOverflow,
    NegativeMoney, OutOfRange, Required, TimeInFuture, TooLong, TooManyItems, UnknownCurrency,
    UnknownEnum, UnknownLanguage, UnknownZone,
};
use proto::remedy::v1::RemedyKind;
use proto::routing::v1 as pb;
use testkit::spoil::{CARD, Row, assert_invalid, spoilt};

use crate::plays::starter;
use crate::world::{World, moment_of, proposal, request_id};

type Proposal = pb::ProposeInterventionRequest;

fn moment(request: &mut Proposal) -> &mut proto::moment::v1::Moment {
    request.moment.as_mut().unwrap()
}

fn cart(request: &mut Proposal) -> &mut proto::cart::v1::Cart {
    moment(request).cart.as_mut().unwrap()
}

fn price(request: &mut Proposal) -> &mut proto::money::v1::Money {
    cart(request).lines[0].unit_price.as_mut().unwrap()
}

fn assessment(request: &mut Proposal) -> &mut proto::assessment::v1::Assessment {
    request.assessment.as_mut().unwrap()
}

const PROPOSALS: &[Row<Proposal>] = &[
    (|r| r.request_id.clear(), Required, "request_id"),
    (|r| r.request_id = "1".into(), MalformedId, "request_id"),
    (|r| r.request_id = CARD.into(), CardData, "request_id"),
    (|r| r.moment = None, Required, "moment"),
    (|r| r.assessment = None, Required, "assessment"),
    (
        |r| moment(r).moment_id.clear(),
        Required,
        "moment.moment_id",
    ),
    (
        |r| moment(r).session_id = "ses_1".into(),
        MalformedId,
        "moment.session_id",
    ),
    (
        |r| moment(r).visitor_id = "v".repeat(65),
        TooLong,
        "moment.visitor_id",
    ),
    (|r| moment(r).kind = 0, Required, "moment.kind"),
    (|r| moment(r).kind = 99, UnknownEnum, "moment.kind"),
    (
        |r| moment(r).occurred_at = None,
        Required,
        "moment.occurred_at",
    ),
    (
        |r| moment(r).occurred_at.as_mut().unwrap().seconds = i64::MAX,
        OutOfRange,
        "moment.occurred_at",
    ),
    (
        |r| {
            let late = moment(r).occurred_at.as_ref().unwrap().seconds + 301;
            moment(r).occurred_at = Some(prost_types::Timestamp {
                seconds: late,
                nanos: 0,
            });
            moment(r).expires_at = moment(r).occurred_at;
        },
        TimeInFuture,
        "moment.occurred_at",
    ),
    (
        |r| moment(r).expires_at.as_mut().unwrap().seconds = 0,
        OutOfRange,
        "moment.expires_at",
    ),
    (
        |r| moment(r).zone = Some("Mars/Base".to_owned()),
        UnknownZone,
        "moment.zone",
    ),
    (
        |r| moment(r).language = Some("xx".to_owned()),
        UnknownLanguage,
        "moment.language",
    ),
    (
        |r| cart(r).lines[0].sku = CARD.into(),
        CardData,
        "moment.cart.lines[0].sku",
    ),
    (
        |r| price(r).minor_units = -1,
        NegativeMoney,
        "moment.cart.lines[0].unit_price.minor_units",
    ),
    (
        |r| price(r).minor_units = i64::MAX,
        MoneyOverflow,
        "moment.cart.lines[0].unit_price.minor_units",
    ),
    (
        |r| price(r).currency = "EUR".into(),
        CurrencyMismatch,
        "moment.cart.lines[0].unit_margin.currency",
    ),
    (
        |r| cart(r).currency = "XXZ".into(),
        UnknownCurrency,
        "moment.cart.currency",
    ),
    (
        |r| {
            let line = cart(r).lines[0].clone();
            cart(r).lines = vec![line; 201];
        },
        TooManyItems,
        "moment.cart.lines",
    ),
    (
        |r| assessment(r).abandonment = 1.5,
        OutOfRange,
        "assessment.abandonment",
    ),
    (
        |r| assessment(r).abandonment = f64::NAN,
        OutOfRange,
        "assessment.abandonment",
    ),
    (
        |r| assessment(r).model_version = 0,
        OutOfRange,
        "assessment.model_version",
    ),
    (
        |r| assessment(r).moment_id = format!("mom_{}", request_id()),
        InvalidField,
        "assessment.moment_id",
    ),
    (
        |r| assessment(r).session_id = format!("ses_{}", request_id()),
        InvalidField,
        "assessment.session_id",
    ),
];

#[tokio::test]
async fn a_proposal_with_a_fault_names_it_and_has_no_effect() {
    let mut world = World::start().await;
    let good = proposal(&moment_of(1).build());
    for (spoil, reason, field) in PROPOSALS {
        let refused = world.send(spoilt(&good, *spoil)).await.unwrap_err();
        assert_invalid(&refused, *reason, field);
    }
    let all = pb::ListInterventionsRequest::default();
    let listed = world.interventions().list_interventions(all).await.unwrap();
    assert_eq!(listed.into_inner().interventions, []);
    assert_eq!(world.told().facts(), []);
    world.send(good).await.unwrap();
    world.stop().await;
}

fn play(request: &mut pb::CreatePlayVersionRequest) -> &mut pb::Play {
    request.play.as_mut().unwrap()
}

fn seconds(seconds: i64) -> prost_types::Duration {
    prost_types::Duration { seconds, nanos: 0 }
}

const PLAYS: &[Row<pb::CreatePlayVersionRequest>] = &[
    (|r| r.request_id.clear(), Required, "request_id"),
    (|r| r.play = None, Required, "play"),
    (|r| play(r).play_id.clear(), Required, "play.play_id"),
    (
        |r| play(r).play_id = "No Slug".into(),
        MalformedId,
        "play.play_id",
    ),
    (|r| play(r).purpose.clear(), Required, "play.purpose"),
    (
        |r| play(r).purpose = "x".repeat(257),
        TooLong,
        "play.purpose",
    ),
    (
        |r| play(r).purpose = format!("call {CARD}"),
        CardData,
        "play.purpose",
    ),
    (|r| play(r).triggers.clear(), InvalidField, "play.triggers"),
    (|r| play(r).triggers = vec![0], Required, "play.triggers[0]"),
    (
        |r| play(r).triggers = vec![99],
        UnknownEnum,
        "play.triggers[0]",
    ),
    (
        |r| play(r).triggers = vec![1, 1],
        DuplicateItem,
        "play.triggers[1]",
    ),
    (|r| play(r).causes.clear(), InvalidField, "play.causes"),
    (
        |r| play(r).min_confidence_bps = 10_001,
        OutOfRange,
        "play.min_confidence_bps",
    ),
    (
        |r| play(r).min_abandonment_bps = u32::MAX,
        OutOfRange,
        "play.min_abandonment_bps",
    ),
    (
        |r| {
            play(r).min_cart_value = Some(proto::money::v1::Money {
                minor_units: -1,
                currency: "USD".to_owned(),
            });
        },
        NegativeMoney,
        "play.min_cart_value.minor_units",
    ),
    (|r| play(r).channel = 0, Required, "play.channel"),
    (
        |r| play(r).channel = Channel::Email.into(),
        InvalidField,
        "play.channel",
    ),
    (
        |r| play(r).channel = Channel::Sms.into(),
        InvalidField,
        "play.channel",
    ),
    (
        |r| play(r).channel = Channel::OnPage.into(),
        InvalidField,
        "play.queue_id",
    ),
    (
        |r| play(r).not_before_on_site = Some(seconds(-1)),
        OutOfRange,
        "play.not_before_on_site",
    ),
    (|r| play(r).stale_after = None, Required, "play.stale_after"),
    (
        |r| play(r).stale_after = Some(seconds(0)),
        InvalidField,
        "play.stale_after",
    ),
    (
        |r| play(r).stale_after = Some(seconds(86_401)),
        InvalidField,
        "play.stale_after",
    ),
    (|r| play(r).queue_id.clear(), InvalidField, "play.queue_id"),
    (
        |r| play(r).skill = "No Slug".into(),
        MalformedId,
        "play.skill",
    ),
    (
        |r| play(r).remedy_ladder.clear(),
        InvalidField,
        "play.remedy_ladder",
    ),
    (
        |r| {
            let dear_first = [RemedyKind::PercentOff, RemedyKind::Information];
            play(r).remedy_ladder = dear_first.map(Into::into).to_vec();
        },
        InvalidField,
        "play.remedy_ladder",
    ),
    (|r| play(r).texts.clear(), InvalidField, "play.texts"),
    (
        |r| play(r).texts[0].language = "en-US".into(),
        UnknownLanguage,
        "play.texts[0].language",
    ),
    (
        |r| play(r).texts[1].text.clear(),
        Required,
        "play.texts[1].text",
    ),
    (
        |r| play(r).texts[1].language = "en".into(),
        DuplicateItem,
        "play.texts[1]",
    ),
    (
        |r| play(r).expected_uplift_bps = 10_001,
        OutOfRange,
        "play.expected_uplift_bps",
    ),
    (
        |r| play(r).holdout_bps = Some(10_001),
        OutOfRange,
        "play.holdout_bps",
    ),
];

#[tokio::test]
async fn a_play_with_a_fault_names_it_and_is_not_stored() {
    let mut world = World::start().await;
    let good = pb::CreatePlayVersionRequest {
        request_id: request_id(),
        play: Some(starter(&world, "cost-shock-chat").await),
    };
    for (spoil, reason, field) in PLAYS {
        let bad = spoilt(&good, *spoil);
        let refused = world
            .plays()
            .create_play_version(bad.clone())
            .await
            .unwrap_err();
        assert_invalid(&refused, *reason, field);
        if *field != "request_id" {
            let validate = pb::ValidatePlayRequest { play: bad.play };
            let refused = world.plays().validate_play(validate).await.unwrap_err();
            assert_invalid(&refused, *reason, field);
        }
    }
    assert_eq!(starter(&world, "cost-shock-chat").await.version, 1);
    world.stop().await;
}

#[tokio::test]
async fn lists_and_names_are_judged_alike() {
    let mut world = World::start().await;
    let mut client = world.interventions();

    let list = |request| {
        let mut client = client.clone();
        async move { client.list_interventions(request).await.unwrap_err() }
    };
    let sized = pb::ListInterventionsRequest {
        page_size: 201,
        ..Default::default()
    };
    assert_invalid(&list(sized).await, OutOfRange, "page_size");
    let token = pb::ListInterventionsRequest {
        page_token: "stale".to_owned(),
        ..Default::default()
    };
    assert_invalid(
        &list(token).await,
        ErrorReason::PageTokenInvalid,
        "page_token",
    );
    let unset = pb::ListInterventionsRequest {
        state: Some(0),
        ..Default::default()
    };
    assert_invalid(&list(unset).await, Required, "state");
    let session = pb::ListInterventionsRequest {
        session_id: "vis_1".to_owned(),
        ..Default::default()
    };
    assert_invalid(&list(session).await, MalformedId, "session_id");
    let nothing = pb::ExplainDecisionRequest { subject: None };
    let refused = client.explain_decision(nothing).await.unwrap_err();
    assert_invalid(&refused, Required, "subject");
    let unnamed = pb::GetInterventionRequest::default();
    let refused = client.get_intervention(unnamed).await.unwrap_err();
    assert_invalid(&refused, Required, "intervention_id");
    world.stop().await;
}
