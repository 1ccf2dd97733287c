//! A model is watched in the shadow, compared, put in charge and taken back while moments keep coming over several streams:
//! no call fails, and every assessment says which model made it.

mod traffic;

use std::collections::{BTreeMap, BTreeSet};

use proto::assessment::v1::Assessment;
use proto::risk::v1::{
    ActivateModelRequest, AssessSessionRequest, CompareModelsRequest, FeatureValue,
    FigureDifference, GetModelHealthRequest, ListAssessmentsRequest, ListModelsRequest, Model,
    ModelFile, ModelFormat, ModelState, RegisterModelRequest, SampleRow,
};
use serde::Deserialize;
use testkit::scratch::Engine;

use crate::calls::a_moment;
use crate::shop::{Shop, request_id};
use traffic::{STREAMS, Traffic};

const TRAINED: &str = include_str!("../../../../services/risk-scoring/models/retailrocket.json");
const SAMPLES: &str =
    include_str!("../../../../services/risk-scoring/models/retailrocket.samples.json");

/// A row of the file of samples.
#[derive(Deserialize)]
struct Sample {
    values: BTreeMap<String, f64>,
    expected: f64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_takes_over_and_is_taken_back_under_load_on_sqlite() {
    a_model_takes_over_and_is_taken_back(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_takes_over_and_is_taken_back_under_load_on_postgres() {
    a_model_takes_over_and_is_taken_back(Engine::Postgres).await;
}

async fn a_model_takes_over_and_is_taken_back(engine: Engine) {
    let Some(shop) = Shop::open_on(engine).await else {
        return;
    };
    let before = champion(&shop).await;
    let challenger = register(&shop).await;
    assert_eq!(challenger.state(), ModelState::Shadow);

    let traffic = Traffic::start(&shop);
    traffic.is_decided_by(&before).await;
    a_comparison_has_intervals(&shop, &challenger, &before).await;
    is_previewed_by(&shop, &before).await;
    activate(&shop, &challenger).await;
    is_previewed_by(&shop, &challenger).await;
    traffic.is_decided_by(&challenger).await;
    activate(&shop, &before).await;
    is_previewed_by(&shop, &before).await;
    traffic.is_decided_by(&before).await;
    let answered = traffic.stop().await;

    let turns = [&before, &challenger, &before].map(|model| model.model_id.as_str());
    assert_eq!(answered.len(), STREAMS);
    for stream in &answered {
        let mut models: Vec<&str> = stream.iter().map(|made| made.model_id.as_str()).collect();
        models.dedup();
        assert_eq!(models, turns, "each model decided until the next took over");
    }
    let answered = by_id(answered.into_iter().flatten());
    assert_eq!(by_id(stored(&shop).await), answered);
    for model in [&before, &challenger] {
        assert_eq!(scores(&shop, model).await, answered.len(), "{model:?}");
    }
    shop.close().await;
}

async fn champion(shop: &Shop) -> Model {
    let mut models = shop.models();
    let listed = models.list_models(ListModelsRequest::default()).await;
    let champion = listed.unwrap().into_inner().models.remove(0);
    assert_eq!(champion.state(), ModelState::Champion);
    champion
}

/// Registers the model that was trained on real shoppers.
async fn register(shop: &Shop) -> Model {
    let samples: Vec<Sample> = serde_json::from_str(SAMPLES).unwrap();
    let value = |(feature, value)| FeatureValue { feature, value };
    let row = |sample: Sample| SampleRow {
        values: sample.values.into_iter().map(value).collect(),
        expected_abandonment: sample.expected,
    };
    let request = RegisterModelRequest {
        request_id: request_id(),
        model_id: "challenger".to_owned(),
        description: "Trained on real shoppers".to_owned(),
        scorecard: None,
        samples: samples.into_iter().map(row).collect(),
        file: Some(ModelFile {
            format: ModelFormat::RescateJson.into(),
            content: TRAINED.to_owned(),
        }),
    };
    let registered = shop.models().register_model(request).await.unwrap();
    registered.into_inner().model.unwrap()
}

async fn activate(shop: &Shop, model: &Model) {
    let request = ActivateModelRequest {
        request_id: request_id(),
        model_id: model.model_id.clone(),
        version: model.version,
    };
    let activated = shop.models().activate_model(request).await.unwrap();
    let state = activated.into_inner().model.unwrap().state();
    assert_eq!(state, ModelState::Champion);
}

/// What was activated counts for previews at once. They leave nothing that would be counted below.
async fn is_previewed_by(shop: &Shop, model: &Model) {
    let request = AssessSessionRequest {
        request_id: String::new(),
        moment: Some(a_moment().into()),
        preview: true,
    };
    let previewed = shop.risk().assess_session(request).await.unwrap();
    let assessment = previewed.into_inner().assessment.unwrap();
    assert_eq!(assessment.assessment_id, "");
    assert_eq!(
        (assessment.model_id, assessment.model_version),
        (model.model_id.clone(), model.version)
    );
}

async fn a_comparison_has_intervals(shop: &Shop, model: &Model, other: &Model) {
    let request = CompareModelsRequest {
        model_id: model.model_id.clone(),
        version: model.version,
        other_model_id: other.model_id.clone(),
        other_version: other.version,
        from: None,
    };
    let compared = shop.models().compare_models(request).await.unwrap();
    let compared = compared.into_inner();
    assert!(compared.sessions > 0 && compared.n > compared.sessions);
    for figure in [compared.log_loss, compared.brier, compared.auc] {
        let FigureDifference {
            model,
            other,
            low,
            high,
        } = figure.unwrap();
        let difference = model - other;
        assert!(low <= difference && difference <= high, "{figure:?}");
    }
    // Both may rank a few sessions alike, but not with the same numbers.
    for figure in [compared.log_loss, compared.brier] {
        let FigureDifference { low, high, .. } = figure.unwrap();
        assert!(low < high, "the two models differ: {figure:?}");
    }
}

/// All that is stored, page by page.
async fn stored(shop: &Shop) -> Vec<Assessment> {
    let mut request = ListAssessmentsRequest {
        page_size: 200,
        ..Default::default()
    };
    let mut all = Vec::new();
    loop {
        let listed = shop.risk().list_assessments(request.clone()).await.unwrap();
        let page = listed.into_inner();
        all.extend(page.assessments);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return all;
        }
    }
}

/// How many assessments a model has scored, in charge or in the shadow.
async fn scores(shop: &Shop, model: &Model) -> usize {
    let request = GetModelHealthRequest {
        model_id: model.model_id.clone(),
        version: model.version,
    };
    let health = shop.models().get_model_health(request).await.unwrap();
    usize::try_from(health.into_inner().n).unwrap()
}

/// Assessments by their id, each once.
fn by_id(assessments: impl IntoIterator<Item = Assessment>) -> BTreeMap<String, Assessment> {
    let mut seen = BTreeSet::new();
    let assessments = assessments.into_iter().map(|made| {
        assert!(seen.insert(made.moment_id.clone()), "a moment came twice");
        (made.assessment_id.clone(), made)
    });
    assessments.collect()
}
