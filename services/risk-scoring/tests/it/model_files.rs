//! Model files of other trainers: registered, served, explained and compared.

use std::collections::BTreeMap;

use proto::error::v1::ErrorReason;
use proto::fact::v1::Ending;
use proto::risk::v1 as pb;
use serde::Deserialize;
use testkit::grpc::assert_refused;
use tonic::Code;

use crate::models::a_model;
use crate::world::{World, a_fresh_moment, assessed, fresh, now};

const LIGHTGBM: &str = include_str!("../data/models/lightgbm.txt");
const EXPECTED: &str = include_str!("../data/models/lightgbm.expected.json");

#[derive(Deserialize)]
struct Case {
    values: BTreeMap<String, f64>,
    expected: f64,
}

/// What `LightGBM` itself predicts for a few rows.
fn samples() -> Vec<pb::SampleRow> {
    let cases: Vec<Case> = serde_json::from_str(EXPECTED).unwrap();
    let value = |(feature, value): (String, f64)| pb::FeatureValue { feature, value };
    let row = |case: Case| pb::SampleRow {
        values: case.values.into_iter().map(value).collect(),
        expected_abandonment: case.expected,
    };
    cases.into_iter().take(20).map(row).collect()
}

fn a_file(model_id: &str) -> pb::RegisterModelRequest {
    pb::RegisterModelRequest {
        scorecard: None,
        samples: samples(),
        file: Some(pb::ModelFile {
            format: pb::ModelFormat::LightgbmText.into(),
            content: LIGHTGBM.to_owned(),
        }),
        ..a_model(model_id)
    }
}

#[tokio::test]
async fn a_model_file_serves_without_a_restart_and_every_score_is_the_sum_of_its_factors() {
    let mut world = World::start().await;
    let (mut platform, mut operator) = (world.platform(), world.operator());
    let registered = operator.register_model(a_file("boosted")).await.unwrap();
    let model = registered.into_inner().model.unwrap();
    assert_eq!(model.kind(), pb::ModelKind::BoostedTrees);
    let activation = pb::ActivateModelRequest {
        request_id: fresh(),
        model_id: "boosted".to_owned(),
        version: 1,
    };
    operator.activate_model(activation).await.unwrap();

    let told = assessed(&mut platform, a_fresh_moment()).await;
    assert_eq!((told.model_id.as_str(), told.model_version), ("boosted", 1));
    assert!(told.cause_table_version.is_some());
    let sum = told
        .factors
        .iter()
        .fold(told.baseline_log_odds, |sum, factor| sum + factor.log_odds);
    assert!((1.0 / (1.0 + (-sum).exp()) - told.abandonment).abs() < 1e-12);

    // What was stored is read back by the program that starts next, and told in words.
    world.restart().await;
    let again = assessed(&mut world.platform(), a_fresh_moment()).await;
    assert_eq!(again.abandonment.to_bits(), told.abandonment.to_bits());
    let asked = pb::ExplainAssessmentRequest {
        assessment_id: told.assessment_id.clone(),
        language: "es".to_owned(),
    };
    let explained = world
        .platform()
        .explain_assessment(asked)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(explained.factors.len(), told.factors.len());
    let hour = explained
        .factors
        .iter()
        .find(|factor| factor.name == "local_hour")
        .unwrap();
    assert!(hour.text.ends_with("no se conoce"), "{}", hour.text);
    world.stop().await;
}

#[tokio::test]
async fn a_file_that_does_not_give_its_samples_their_scores_does_not_serve() {
    let world = World::start().await;
    let mut operator = world.operator();
    let mut wrong = a_file("boosted");
    wrong.samples[3].expected_abandonment += 1e-6;
    let refused = operator.register_model(wrong).await.unwrap_err();
    let field = Some("samples[3].expected_abandonment");
    assert_refused(
        &refused,
        Code::InvalidArgument,
        ErrorReason::InvalidField,
        field,
    );
    world.stop().await;
}

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "one table of what is refused reads better whole"
)]
async fn files_at_fault_are_refused_by_field() {
    let world = World::start().await;
    let mut operator = world.operator();
    let file = |format: pb::ModelFormat, content: &str| pb::RegisterModelRequest {
        file: Some(pb::ModelFile {
            format: format.into(),
            content: content.to_owned(),
        }),
        ..a_file("boosted")
    };
    let both = pb::RegisterModelRequest {
        scorecard: a_model("both").scorecard,
        ..a_file("both")
    };
    let neither = pb::RegisterModelRequest {
        file: None,
        ..a_file("neither")
    };
    let (lightgbm, absent) = (pb::ModelFormat::LightgbmText, ErrorReason::Required);
    let long = LIGHTGBM.replace(
        "feature_names=",
        &format!("note={}\nfeature_names=x", "y".repeat(3 << 20)),
    );
    for (request, reason, field) in [
        (both, ErrorReason::InvalidField, "file"),
        (neither, absent, "scorecard"),
        (
            file(pb::ModelFormat::Unspecified, LIGHTGBM),
            absent,
            "file.format",
        ),
        (file(lightgbm, ""), absent, "file.content"),
        (
            file(lightgbm, "tree"),
            ErrorReason::InvalidField,
            "file.content",
        ),
        (
            file(pb::ModelFormat::XgboostJson, LIGHTGBM),
            ErrorReason::InvalidField,
            "file.content",
        ),
        // As long as a file may be, and read to its end.
        (
            file(lightgbm, &long),
            ErrorReason::InvalidField,
            "file.content",
        ),
    ] {
        let refused = operator.register_model(request).await.unwrap_err();
        assert_refused(&refused, Code::InvalidArgument, reason, Some(field));
    }
    world.stop().await;
}

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "one story: nothing known, then compared with another, itself and nobody"
)]
async fn champion_and_shadow_are_compared_on_the_sessions_that_both_have_scored() {
    let world = World::start().await;
    let (mut platform, mut operator) = (world.platform(), world.operator());
    operator.register_model(a_file("boosted")).await.unwrap();
    let comparison = || pb::CompareModelsRequest {
        model_id: "boosted".to_owned(),
        other_model_id: "rescate.scorecard".to_owned(),
        ..Default::default()
    };
    let refused = operator.compare_models(comparison()).await.unwrap_err();
    assert_refused(
        &refused,
        Code::FailedPrecondition,
        ErrorReason::IllegalState,
        None,
    );

    for ending in [Ending::Abandoned, Ending::Ordered, Ending::Abandoned] {
        let told = assessed(&mut platform, a_fresh_moment()).await;
        let outcome = pb::RecordOutcomeRequest {
            request_id: fresh(),
            session_id: told.session_id,
            ending: ending.into(),
            ended_at: Some(proto::convert::time::wire_timestamp(now())),
        };
        platform.record_outcome(outcome).await.unwrap();
    }
    let told = operator
        .compare_models(comparison())
        .await
        .unwrap()
        .into_inner();
    assert_eq!((told.n, told.sessions), (3, 3));
    let loss = told.log_loss.unwrap();
    assert!(loss.low <= loss.model - loss.other && loss.model - loss.other <= loss.high);
    assert!(told.auc.is_some() && told.brier.is_some());
    let same = pb::CompareModelsRequest {
        other_model_id: "boosted".to_owned(),
        ..comparison()
    };
    let same = operator
        .compare_models(same)
        .await
        .unwrap()
        .into_inner()
        .brier
        .unwrap();
    assert!(same.low.abs() < 1e-12 && same.high.abs() < 1e-12);
    let unknown = pb::CompareModelsRequest {
        other_model_id: "nobody".to_owned(),
        ..comparison()
    };
    let refused = operator.compare_models(unknown).await.unwrap_err();
    assert_refused(&refused, Code::NotFound, ErrorReason::UnknownModel, None);
    world.stop().await;
}
