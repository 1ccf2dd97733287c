//! Which model decided, and which only looked on.

use proto::fact::v1::fact::Body;
use proto::risk::v1::{Model, ModelState};
use serde::Serialize;

use crate::demo::reading::Reading;

/// One model of the shop.
#[derive(Debug, Serialize)]
pub(in crate::demo) struct ModelLine {
    pub(in crate::demo) model: String,
    pub(in crate::demo) version: u32,
    pub(in crate::demo) kind: String,
    pub(in crate::demo) state: String,
    /// Moments that were decided by it.
    pub(in crate::demo) decided: usize,
    pub(in crate::demo) description: String,
}

/// The models of the shop, the champion first.
pub(super) fn models(reading: &Reading) -> Vec<ModelLine> {
    let lines = reading.models.iter().map(|model| ModelLine {
        kind: word(model.kind().as_str_name(), "MODEL_KIND_"),
        state: word(model.state().as_str_name(), "MODEL_STATE_"),
        decided: decided(reading, model),
        model: model.model_id.clone(),
        version: model.version,
        description: model.description.clone(),
    });
    lines.collect()
}

/// Facts name the model without its version; the version that decides is that of the champion.
fn decided(reading: &Reading, model: &Model) -> usize {
    if model.state() != ModelState::Champion {
        return 0;
    }
    let bodies = reading.facts.iter().filter_map(|fact| fact.body.as_ref());
    bodies
        .filter(
            |body| matches!(body, Body::MomentAssessed(made) if made.model_id == model.model_id),
        )
        .count()
}

fn word(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix)
        .to_lowercase()
        .replace('_', " ")
}
