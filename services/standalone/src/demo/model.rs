//! The model that decides in the demo: trained on real shoppers, registered and activated as an operator of a shop does it,
//! while the scorecard looks on from the shadow. What it was trained on is in its card, `risk-scoring/models/retailrocket.md`.

use std::collections::BTreeMap;

use proto::risk::v1::{
    ActivateModelRequest, FeatureValue, ModelFile, ModelFormat, RegisterModelRequest, SampleRow,
};
use serde::Deserialize;

use super::clients::Doors;
use super::{DemoError, failed, request_id};

/// Its name in the shop.
pub(super) const TRAINED: &str = "retailrocket";

const CONTENT: &str = include_str!("../../../risk-scoring/models/retailrocket.json");
const SAMPLES: &str = include_str!("../../../risk-scoring/models/retailrocket.samples.json");
const DESCRIPTION: &str = "Boosted trees, trained on 28,361 real cart sessions of RetailRocket (2015, non-commercial \
                           terms): for demonstration. Limits: models/retailrocket.md";

/// A row of the file of samples: values by feature, and what the model must say of them.
#[derive(Debug, Deserialize)]
struct Sample {
    values: BTreeMap<String, f64>,
    expected: f64,
}

/// Registers the trained model and makes it the champion.
pub(super) async fn activate(doors: &Doors) -> Result<(), DemoError> {
    let mut models = doors.models()?;
    let registered = models.register_model(registration()?).await;
    let registered = registered
        .map_err(failed("the model cannot be registered"))?
        .into_inner();
    let request = ActivateModelRequest {
        request_id: request_id(),
        model_id: TRAINED.to_owned(),
        version: registered.model.map_or(0, |model| model.version),
    };
    let activated = models.activate_model(request).await;
    activated.map_err(failed("the model cannot be activated"))?;
    Ok(())
}

fn registration() -> Result<RegisterModelRequest, DemoError> {
    let samples: Vec<Sample> = serde_json::from_str(SAMPLES).map_err(DemoError::Samples)?;
    Ok(RegisterModelRequest {
        request_id: request_id(),
        model_id: TRAINED.to_owned(),
        description: DESCRIPTION.to_owned(),
        scorecard: None,
        samples: samples.into_iter().map(SampleRow::from).collect(),
        file: Some(ModelFile {
            format: ModelFormat::RescateJson.into(),
            content: CONTENT.to_owned(),
        }),
    })
}

impl From<Sample> for SampleRow {
    fn from(sample: Sample) -> Self {
        let Sample { values, expected } = sample;
        let value = |(feature, value)| FeatureValue { feature, value };
        Self {
            values: values.into_iter().map(value).collect(),
            expected_abandonment: expected,
        }
    }
}
