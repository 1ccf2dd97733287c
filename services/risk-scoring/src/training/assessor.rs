//! One assessment without a service around it, to be measured: what is decided on a moment, without what is stored of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::assessment::Assessment;
use domain::id::{AssessmentId, ModelId};
use domain::moment::Moment;

use super::{ModelFormat, TrainingError, read_model};
use crate::assess::assess;
use crate::cause::{CauseBasis, CauseTable};
use crate::features::{Feature, SessionFeatures};
use crate::model::{BuiltIn, Lineup, Model, ModelKey};
use crate::score::Evaluate;

/// A model that assesses moments as the service does, alone.
#[derive(Debug)]
pub struct Assessor {
    lineup: Lineup,
    causes: CauseBasis,
}

/// Values of features, as a trainer has them in a row.
#[derive(Debug, Clone)]
pub struct FeatureRow(SessionFeatures);

impl Assessor {
    /// With the built-in scorecard.
    ///
    /// # Errors
    /// [`TrainingError::Scorecard`] when what was compiled in breaks a rule, which a test rules out.
    pub fn built_in() -> Result<Self, TrainingError> {
        Self::of(BuiltIn::load()?.model)
    }

    /// With a model file.
    ///
    /// # Errors
    /// [`TrainingError::Model`] when the file is no model.
    pub fn read(format: ModelFormat, text: &str) -> Result<Self, TrainingError> {
        let id = ModelId::parse("measured");
        let id = id.map_err(|fault| TrainingError::Model(fault.to_string()))?;
        Self::of(Model {
            key: ModelKey { id, version: 1 },
            evaluator: read_model(format, text)?,
        })
    }

    fn of(champion: Model) -> Result<Self, TrainingError> {
        Ok(Self {
            lineup: Lineup {
                champion,
                shadows: Vec::new(),
            },
            causes: CauseBasis::built_in(Arc::new(CauseTable::built_in()?)),
        })
    }

    /// Assesses a moment: features, score with its factors, calibration and causes.
    pub fn assess(&self, id: AssessmentId, moment: &Moment) -> Assessment {
        assess(moment, &self.lineup, &self.causes, id, moment.occurred_at).assessment
    }

    /// Probability of abandonment of a row, with all factors, as a trainer's own library scores a row.
    pub fn score(&self, row: &FeatureRow) -> f64 {
        self.lineup
            .champion
            .evaluator
            .score(&row.0)
            .abandonment
            .get()
    }
}

impl FeatureRow {
    /// Values by name; what is left out is missing where the catalogue lets it be, else 0.
    ///
    /// # Errors
    /// [`TrainingError::Model`] for a name that is not in the feature catalogue.
    pub fn of(values: &BTreeMap<String, f64>) -> Result<Self, TrainingError> {
        let values = values.iter().map(|(name, value)| {
            let feature = Feature::parse(name);
            Ok((
                feature.map_err(|fault| TrainingError::Model(fault.to_string()))?,
                *value,
            ))
        });
        values
            .collect::<Result<SessionFeatures, TrainingError>>()
            .map(Self)
    }
}
