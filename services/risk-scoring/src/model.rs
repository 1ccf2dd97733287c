//! Models of a tenant: a name, a version, what it evaluates, and who of them is the champion.

use std::cmp::Reverse;
use std::sync::Arc;

use domain::id::{InvalidId, ModelId};
use domain::text::Text;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::evaluator::{Evaluator, ModelKind};
use crate::scorecard::TableError;

/// The name of the scorecard that every tenant has.
const BUILT_IN_ID: &str = "rescate.scorecard";
/// Rises with each change of `models/scorecard.toml`.
const BUILT_IN_VERSION: u32 = 2;
const BUILT_IN_DESCRIPTION: &str = "Built-in scorecard: visitor history, time, cart and hour fitted on RetailRocket \
    (CC BY-NC-SA 4.0, as remembered) and calibrated there; checkout, friction and post-order lines set by hand. Limits \
    and figures: models/README.md.";

/// What a model is, from what data, and its limits.
pub(crate) type Description = Text<1024>;

/// A version of a model by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct ModelKey {
    pub(crate) id: ModelId,
    /// From 1.
    pub(crate) version: u32,
}

/// A model by name; of no version when the newest is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelName {
    pub(crate) id: ModelId,
    pub(crate) version: Option<u32>,
}

/// A model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Model {
    pub(crate) key: ModelKey,
    pub(crate) evaluator: Arc<Evaluator>,
}

/// What a list tells of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ModelCard {
    pub(crate) key: ModelKey,
    #[serde(default = "scorecard")]
    pub(crate) kind: ModelKind,
    pub(crate) description: Description,
    /// `None` for the built-in one.
    pub(crate) registered_at: Option<Timestamp>,
    pub(crate) state: ModelState,
}

impl ModelCard {
    /// Its place in a list: the champion first, then by name, the newest version first.
    pub(crate) fn place(&self) -> (ModelState, ModelId, Reverse<u32>) {
        let ModelKey { id, version } = &self.key;
        (self.state, id.clone(), Reverse(*version))
    }
}

/// What models were before there were other kinds; answers that were kept then do not say.
fn scorecard() -> ModelKind {
    ModelKind::Scorecard
}

/// What is done with the scores of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ModelState {
    /// They are used.
    Champion,
    /// They are stored.
    Shadow,
}

/// The models that score one moment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lineup {
    pub(crate) champion: Model,
    pub(crate) shadows: Vec<Model>,
}

/// The model that every tenant has.
#[derive(Debug, Clone)]
pub(crate) struct BuiltIn {
    pub(crate) model: Model,
    pub(crate) description: Description,
}

impl BuiltIn {
    /// Reads what was compiled in.
    ///
    /// # Errors
    /// The table breaks a rule; a test tells before a release does.
    pub(crate) fn load() -> Result<Self, TableError> {
        let rule = |fault: &dyn std::fmt::Display| TableError::Rule(fault.to_string());
        let id = ModelId::parse(BUILT_IN_ID).map_err(|fault: InvalidId| rule(&fault))?;
        let description = Description::parse(BUILT_IN_DESCRIPTION).map_err(|fault| rule(&fault))?;
        let key = ModelKey {
            id,
            version: BUILT_IN_VERSION,
        };
        let evaluator = Arc::new(Evaluator::Scorecard(crate::scorecard::built_in()?));
        Ok(Self {
            model: Model { key, evaluator },
            description,
        })
    }

    /// What a list tells of it.
    pub(crate) fn card(&self, state: ModelState) -> ModelCard {
        ModelCard {
            key: self.model.key.clone(),
            kind: self.model.evaluator.kind(),
            description: self.description.clone(),
            registered_at: None,
            state,
        }
    }
}

impl ModelState {
    /// The state of `key` beside this champion.
    pub(crate) fn beside(champion: &ModelKey, key: &ModelKey) -> Self {
        if champion == key {
            Self::Champion
        } else {
            Self::Shadow
        }
    }
}
