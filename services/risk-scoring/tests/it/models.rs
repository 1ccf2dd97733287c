//! Registering, shadowing and activating models.

use proto::error::v1::ErrorReason;
use proto::risk::v1 as pb;
use testkit::grpc::assert_refused;
use tonic::Code;

use crate::world::{Models, World, a_fresh_moment, assessed, fresh};

/// A model that says 0.5 of everybody, and 0.75 of a declined one.
pub(crate) fn a_model(model_id: &str) -> pb::RegisterModelRequest {
    let feature = "count.payment_declined".to_owned();
    pb::RegisterModelRequest {
        request_id: fresh(),
        model_id: model_id.to_owned(),
        description: "says 0.5 of everybody".to_owned(),
        scorecard: Some(pb::Scorecard {
            baseline_log_odds: 0.0,
            lines: vec![pb::ScorecardLine {
                feature: feature.clone(),
                at_least: 1.0,
                below: None,
                log_odds: 3.0_f64.ln(),
                reason: "a declined card".to_owned(),
            }],
            calibration_slope: 1.0,
            calibration_intercept: 0.0,
        }),
        samples: vec![
            pb::SampleRow {
                values: Vec::new(),
                expected_abandonment: 0.5,
            },
            pb::SampleRow {
                values: vec![pb::FeatureValue {
                    feature,
                    value: 2.0,
                }],
                expected_abandonment: 0.75,
            },
        ],
        file: None,
    }
}

async fn register(operator: &mut Models, model_id: &str) -> pb::Model {
    let answer = operator.register_model(a_model(model_id)).await.unwrap();
    answer.into_inner().model.unwrap()
}

pub(crate) fn activation(model_id: &str) -> pb::ActivateModelRequest {
    pb::ActivateModelRequest {
        request_id: fresh(),
        model_id: model_id.to_owned(),
        version: 0,
    }
}

async fn states(operator: &mut Models) -> Vec<(String, u32, pb::ModelState)> {
    let answer = operator
        .list_models(pb::ListModelsRequest::default())
        .await
        .unwrap();
    let told = |model: pb::Model| (model.model_id.clone(), model.version, model.state());
    answer.into_inner().models.into_iter().map(told).collect()
}

#[tokio::test]
async fn a_model_scores_in_the_shadow_until_it_is_activated() {
    let world = World::start().await;
    let (mut platform, mut operator) = (world.platform(), world.operator());
    let model = register(&mut operator, "even").await;
    assert_eq!((model.version, model.state()), (1, pb::ModelState::Shadow));
    assert_eq!(model.kind(), pb::ModelKind::Scorecard);
    assert!(model.registered_at.is_some());

    let shadowed = assessed(&mut platform, a_fresh_moment()).await;
    assert_eq!(shadowed.model_id, "rescate.scorecard");
    let health = |model_id: &str| pb::GetModelHealthRequest {
        model_id: model_id.to_owned(),
        version: 0,
    };
    let seen = operator.get_model_health(health("even")).await.unwrap();
    assert_eq!(seen.into_inner().n, 1);

    let activated = operator.activate_model(activation("even")).await.unwrap();
    let champion = activated.into_inner().model.unwrap();
    assert_eq!(champion.state(), pb::ModelState::Champion);
    let used = assessed(&mut platform, a_fresh_moment()).await;
    assert_eq!((used.model_id.as_str(), used.model_version), ("even", 1));
    assert!((used.abandonment - 0.5).abs() < 1e-12);
    let behind = operator
        .get_model_health(health("rescate.scorecard"))
        .await
        .unwrap();
    assert_eq!(
        behind.into_inner().n,
        2,
        "the champion before goes back into the shadow"
    );
    assert_eq!(
        states(&mut operator).await,
        [
            ("even".to_owned(), 1, pb::ModelState::Champion),
            ("rescate.scorecard".to_owned(), 2, pb::ModelState::Shadow),
        ]
    );

    operator
        .activate_model(activation("rescate.scorecard"))
        .await
        .unwrap();
    let back = assessed(&mut platform, a_fresh_moment()).await;
    assert_eq!(back.model_id, "rescate.scorecard");
    world.stop().await;
}

#[tokio::test]
async fn versions_rise_up_to_a_limit_and_are_listed_in_pages() {
    let world = World::start().await;
    let mut operator = world.operator();
    for version in 1..=3 {
        assert_eq!(register(&mut operator, "even").await.version, version);
    }
    let refused = operator.register_model(a_model("odd")).await.unwrap_err();
    let (code, reason) = (Code::ResourceExhausted, ErrorReason::QuotaExceeded);
    assert_refused(&refused, code, reason, None);

    let mut page = pb::ListModelsRequest {
        page_size: 3,
        ..Default::default()
    };
    let first = operator
        .list_models(page.clone())
        .await
        .unwrap()
        .into_inner();
    page.page_token = first.next_page_token;
    let second = operator.list_models(page).await.unwrap().into_inner();
    let versions: Vec<u32> = first
        .models
        .iter()
        .chain(&second.models)
        .map(|model| model.version)
        .collect();
    assert_eq!(versions, [2, 3, 2, 1]);
    assert_eq!(second.next_page_token, "");
    world.stop().await;
}

#[tokio::test]
async fn a_model_of_another_tenant_does_not_exist() {
    let world = World::start().await;
    register(&mut world.operator(), "even").await;
    let role = platform::auth::Role::Operator;
    let mut stranger = world.models_with(&world.tokens().of_other_tenant(role));
    let (code, reason) = (Code::NotFound, ErrorReason::UnknownModel);

    let refused = stranger
        .activate_model(activation("even"))
        .await
        .unwrap_err();
    assert_refused(&refused, code, reason, None);
    let asked = pb::GetModelHealthRequest {
        model_id: "even".to_owned(),
        version: 0,
    };
    let refused = stranger.get_model_health(asked).await.unwrap_err();
    assert_refused(&refused, code, reason, None);
    let asked = pb::EvaluateModelRequest {
        model_id: "even".to_owned(),
        ..Default::default()
    };
    let refused = stranger.evaluate_model(asked).await.unwrap_err();
    assert_refused(&refused, code, reason, None);
    assert_eq!(states(&mut stranger).await.len(), 1);
    let missing = pb::ActivateModelRequest {
        version: 7,
        ..activation("even")
    };
    let refused = world.operator().activate_model(missing).await.unwrap_err();
    assert_refused(&refused, code, reason, None);
    world.stop().await;
}
