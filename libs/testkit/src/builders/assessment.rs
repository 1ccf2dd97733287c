//! Assessments, of [`a_moment`](super::a_moment) unless another is named.

use domain::assessment::{Assessment, CauseFinding, Factor, FactorName, LogOdds, strongest_first};
use domain::cause::Cause;
use domain::id::{AssessmentId, ModelId};
use domain::moment::{Moment, Progress};
use domain::money::Money;
use domain::phase::RiskPhase;
use domain::signal::SignalKind;
use domain::time::Timestamp;

use super::{a_moment, probability};
use crate::ids::nth;

/// Says that [`a_moment`](super::a_moment) ends without an order with 72 %, most likely for an unexpected cost.
pub fn an_assessment() -> AssessmentBuilder {
    let moment = a_moment().build();
    AssessmentBuilder {
        causes: Vec::new(),
        assessment: Assessment {
            id: nth(201),
            moment: moment.id,
            session: moment.session,
            model: ModelId::parse("scorecard").unwrap(),
            model_version: 1,
            abandonment: probability(0.72),
            phase: moment.phase,
            causes: Vec::new(),
            cause_table_version: None,
            factors: vec![Factor {
                name: FactorName::parse("shipping_shock").unwrap(),
                log_odds: LogOdds::new(0.9).unwrap(),
            }],
            baseline_log_odds: LogOdds::ZERO,
            margin_at_risk: moment.cart.margin(),
            progress: moment.progress,
            assessed_at: moment.occurred_at,
        },
    }
}

#[derive(Debug, Clone)]
#[must_use = "nothing is made until `build`"]
pub struct AssessmentBuilder {
    assessment: Assessment,
    causes: Vec<CauseFinding>,
}

impl AssessmentBuilder {
    pub fn with_id(mut self, id: AssessmentId) -> Self {
        self.assessment.id = id;
        self
    }

    /// Takes over moment, session, phase, progress, margin and time.
    pub fn of(mut self, moment: &Moment) -> Self {
        self.assessment = Assessment {
            moment: moment.id,
            session: moment.session,
            phase: moment.phase,
            progress: moment.progress,
            margin_at_risk: moment.cart.margin(),
            assessed_at: moment.occurred_at,
            ..self.assessment
        };
        self
    }

    pub fn with_abandonment(mut self, chance: f64) -> Self {
        self.assessment.abandonment = probability(chance);
        self
    }

    /// A possible cause in place of the usual one; may be called again for more.
    pub fn with_cause(self, cause: Cause, confidence: f64) -> Self {
        self.with_finding(cause, confidence, &[])
    }

    /// The same, with the signs it rests on.
    pub fn with_finding(mut self, cause: Cause, confidence: f64, evidence: &[SignalKind]) -> Self {
        self.causes.push(CauseFinding {
            cause,
            confidence: probability(confidence),
            evidence: evidence.to_vec(),
        });
        self
    }

    pub fn with_phase(mut self, phase: RiskPhase) -> Self {
        self.assessment.phase = phase;
        self
    }

    pub fn with_progress(mut self, progress: Progress) -> Self {
        self.assessment.progress = progress;
        self
    }

    pub fn with_margin_at_risk(mut self, margin: Option<Money>) -> Self {
        self.assessment.margin_at_risk = margin;
        self
    }

    pub fn with_model(mut self, model: &str, version: u32) -> Self {
        self.assessment.model = ModelId::parse(model).unwrap();
        self.assessment.model_version = version;
        self
    }

    pub fn with_assessed_at(mut self, at: Timestamp) -> Self {
        self.assessment.assessed_at = at;
        self
    }

    pub fn build(self) -> Assessment {
        if self.causes.is_empty() {
            let evidence = [SignalKind::ShippingShock];
            return self
                .with_finding(Cause::UnexpectedCost, 0.8, &evidence)
                .build();
        }
        Assessment {
            causes: strongest_first(self.causes),
            ..self.assessment
        }
    }
}

impl From<AssessmentBuilder> for Assessment {
    fn from(builder: AssessmentBuilder) -> Self {
        builder.build()
    }
}
