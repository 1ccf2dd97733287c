//! What an operator lays down: programmes, authority, plays and models. All of it is complete: no optional part is absent.

use std::time::Duration;

use domain::time::{earlier, later};
use proto::cause::v1::Cause;
use proto::channel::v1::Channel;
use proto::convert::time::{wire_duration, wire_timestamp};
use proto::moment::v1::MomentKind;
use proto::offers::v1::{
    AuthorityGrant, AuthorityPolicy, BudgetPeriodLength, BudgetPeriods, CarryOver,
    CreateAuthorityPolicyRequest, CreateProgrammeRequest, GrantorRole, Programme, ProgrammeState,
};
use proto::remedy::v1::RemedyKind;
use proto::risk::v1::{
    FeatureValue, ModelFile, ModelFormat, RegisterModelRequest, SampleRow, Scorecard, ScorecardLine,
};
use proto::routing::v1::{
    ActivatePlayRequest, CreatePlayVersionRequest, Play, PlayState, PlayText,
};

use crate::people::{now, usd};
use crate::shop::{AGENT, PARTNER, Shop, request_id};

pub(super) async fn lay_down(shop: &Shop) {
    programmes(shop).await;
    plays(shop).await;
    let create = CreateAuthorityPolicyRequest {
        request_id: request_id(),
        policy: Some(a_policy()),
    };
    let mut programmes = shop.programmes();
    programmes.create_authority_policy(create).await.unwrap();
    shop.models().register_model(a_model("even")).await.unwrap();
}

async fn programmes(shop: &Shop) {
    let discounts = Programme {
        remedies: vec![RemedyKind::AmountOff.into(), RemedyKind::PercentOff.into()],
        ..a_programme("discounts", RemedyKind::AmountOff)
    };
    let seasonal = a_programme("seasonal", RemedyKind::ExtendedWarranty);
    for programme in [discounts, seasonal] {
        let create = CreateProgrammeRequest {
            request_id: request_id(),
            programme: Some(programme),
        };
        shop.programmes().create_programme(create).await.unwrap();
    }
}

async fn plays(shop: &Shop) {
    for play_id in ["drafted", "live"] {
        let create = CreatePlayVersionRequest {
            request_id: request_id(),
            play: Some(a_play(play_id)),
        };
        shop.plays().create_play_version(create).await.unwrap();
    }
    let activate = ActivatePlayRequest {
        request_id: request_id(),
        play_id: "live".to_owned(),
        version: 1,
    };
    shop.plays().activate_play(activate).await.unwrap();
}

/// A programme of USD 10,000.00 for one remedy, from an hour ago until in an hour.
pub(crate) fn a_programme(programme_id: &str, remedy: RemedyKind) -> Programme {
    let hour = Duration::from_hours(1);
    Programme {
        programme_id: programme_id.to_owned(),
        remedies: vec![remedy.into()],
        budget: Some(usd(1_000_000)),
        starts_at: Some(wire_timestamp(earlier(now(), hour))),
        ends_at: Some(wire_timestamp(later(now(), hour))),
        margin_floor_bps: 500,
        offers_per_person: 2,
        hold_ttl: Some(wire_duration(Duration::from_mins(15))),
        state: ProgrammeState::Active.into(),
        held: Some(usd(0)),
        redeemed: Some(usd(0)),
        budget_periods: Some(BudgetPeriods {
            length: BudgetPeriodLength::Month.into(),
            carry_over: CarryOver::AtMost.into(),
            carry_over_max: Some(usd(50_000)),
            allowance: Some(usd(1_000_000)),
            open_from: Some(wire_timestamp(now())),
            open_until: Some(wire_timestamp(now())),
        }),
    }
}

/// A play for a cause that no shopper of these flows has, on a moment that none of them lives.
pub(crate) fn a_play(play_id: &str) -> Play {
    Play {
        play_id: play_id.to_owned(),
        version: 1,
        state: PlayState::Draft.into(),
        purpose: "Says where the parcel is".to_owned(),
        triggers: vec![MomentKind::StatusAnxiety.into()],
        causes: vec![Cause::DeliveryDoubt.into()],
        min_confidence_bps: 3_000,
        min_abandonment_bps: 3_500,
        min_cart_value: Some(usd(1)),
        channel: Channel::Chat.into(),
        not_before_on_site: Some(wire_duration(Duration::from_secs(30))),
        stale_after: Some(wire_duration(Duration::from_mins(2))),
        queue_id: "checkout".to_owned(),
        skill: "spanish".to_owned(),
        remedy_ladder: vec![RemedyKind::Information.into()],
        texts: vec![PlayText {
            language: "en".to_owned(),
            text: "Shall we look where your parcel is?".to_owned(),
        }],
        expected_uplift_bps: 100,
        holdout_bps: Some(1_000),
    }
}

/// As much as the starter policy allows on discounts, for the people of these flows.
pub(crate) fn a_policy() -> AuthorityPolicy {
    let grant = |role: GrantorRole, agent_id: &str, most: i64, share: u32| AuthorityGrant {
        role: role.into(),
        partner_id: PARTNER.to_owned(),
        agent_id: agent_id.to_owned(),
        remedy: RemedyKind::AmountOff.into(),
        causes: vec![Cause::UnexpectedCost.into()],
        max_amount: Some(usd(most)),
        max_bps: share,
        expires_at: Some(wire_timestamp(later(now(), Duration::from_hours(1)))),
        second_approval_above: None,
    };
    let alone = AuthorityGrant {
        second_approval_above: Some(usd(4_000)),
        ..grant(GrantorRole::Supervisor, "", 5_000, 2_000)
    };
    AuthorityPolicy {
        version: 1,
        active: true,
        purpose: "Discounts for those who know how to give them".to_owned(),
        grants: vec![grant(GrantorRole::Agent, AGENT, 2_000, 1_000), alone],
        created_at: Some(wire_timestamp(now())),
        cedar: String::new(),
        scheduled_at: Some(wire_timestamp(now())),
    }
}

/// The same model as a file.
pub(crate) fn a_model_file(model_id: &str) -> RegisterModelRequest {
    let content = r#"{"format":"rescate.model/1","features_version":3,"model":{"scorecard":{"baseline_log_odds":0,
        "calibration_slope":1,"calibration_intercept":0,"lines":[
        {"feature":"count.payment_declined","at_least":1,"log_odds":1.0986122886681098,"reason":"a declined card"}]}}}"#;
    RegisterModelRequest {
        scorecard: None,
        file: Some(ModelFile {
            format: ModelFormat::RescateJson.into(),
            content: content.to_owned(),
        }),
        ..a_model(model_id)
    }
}

/// A model that says 0.5 of everybody, and 0.75 of whoever had a payment declined.
pub(crate) fn a_model(model_id: &str) -> RegisterModelRequest {
    let feature = "count.payment_declined".to_owned();
    let line = ScorecardLine {
        feature: feature.clone(),
        at_least: 1.0,
        below: None,
        log_odds: 3.0_f64.ln(),
        reason: "a declined card".to_owned(),
    };
    RegisterModelRequest {
        request_id: request_id(),
        model_id: model_id.to_owned(),
        description: "Says 0.5 of everybody".to_owned(),
        scorecard: Some(Scorecard {
            baseline_log_odds: 0.0,
            lines: vec![line],
            calibration_slope: 1.0,
            calibration_intercept: 0.0,
        }),
        samples: vec![SampleRow {
            values: vec![FeatureValue {
                feature,
                value: 2.0,
            }],
            expected_abandonment: 0.75,
        }],
        file: None,
    }
}
