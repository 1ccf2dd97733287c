//! The decision: from a moment and the models to an assessment. Pure, so that a replay gives the same answer.

use domain::assessment::{Assessment, CauseFinding, Probability};
use domain::id::AssessmentId;
use domain::moment::Moment;
use domain::time::Timestamp;

use crate::cause::CauseBasis;
use crate::features::{SessionFeatures, Snapshot};
use crate::model::{Lineup, Model, ModelKey};
use crate::score::{Evaluate, Score};

/// By what the moments of a tenant are assessed.
#[derive(Debug, Clone)]
pub(crate) struct Basis {
    pub(crate) champion: Model,
    pub(crate) causes: CauseBasis,
}

/// What is said of a moment: an assessment that has no name, because nobody may want to keep it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict<'a> {
    pub(crate) moment: &'a Moment,
    pub(crate) model: &'a ModelKey,
    pub(crate) score: Score,
    pub(crate) causes: Vec<CauseFinding>,
    pub(crate) cause_table_version: u32,
    pub(crate) at: Timestamp,
}

/// An assessment by the champion, and what the others would have said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judgement {
    pub(crate) assessment: Assessment,
    pub(crate) shadows: Vec<ShadowScore>,
}

/// What a model in the shadow said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ShadowScore {
    pub(crate) model: ModelKey,
    pub(crate) abandonment: Probability,
}

/// Assesses a moment. The id names the assessment and has no part in it.
pub(crate) fn assess(
    moment: &Moment,
    lineup: &Lineup,
    causes: &CauseBasis,
    id: AssessmentId,
    now: Timestamp,
) -> Judgement {
    let features = SessionFeatures::of(&Snapshot::from(moment));
    let verdict = Verdict::of(moment, &features, &lineup.champion, causes, now);
    let shadows = lineup.shadows.iter().map(|model| ShadowScore {
        model: model.key.clone(),
        abandonment: model.evaluator.score(&features).abandonment,
    });
    Judgement {
        shadows: shadows.collect(),
        assessment: verdict.named(id),
    }
}

/// Says what the assessment of a moment would be: the same as [`assess`] says, but for the models in the shadow.
pub(crate) fn preview<'a>(moment: &'a Moment, basis: &'a Basis, now: Timestamp) -> Verdict<'a> {
    let features = SessionFeatures::of(&Snapshot::from(moment));
    Verdict::of(moment, &features, &basis.champion, &basis.causes, now)
}

impl<'a> Verdict<'a> {
    fn of(
        moment: &'a Moment,
        features: &SessionFeatures,
        champion: &'a Model,
        causes: &CauseBasis,
        at: Timestamp,
    ) -> Self {
        Self {
            moment,
            model: &champion.key,
            score: champion.evaluator.score(features),
            causes: causes.findings(moment),
            cause_table_version: causes.version(),
            at,
        }
    }

    fn named(self, id: AssessmentId) -> Assessment {
        let Self {
            moment,
            model,
            score,
            causes,
            cause_table_version,
            at,
        } = self;
        Assessment {
            id,
            moment: moment.id,
            session: moment.session,
            model: model.id.clone(),
            model_version: model.version,
            abandonment: score.abandonment,
            phase: moment.phase,
            causes,
            cause_table_version: Some(cause_table_version),
            factors: score.factors,
            baseline_log_odds: score.baseline,
            margin_at_risk: moment.cart.margin(),
            progress: moment.progress,
            assessed_at: at,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::cause::Cause;
    use domain::moment::{MomentKind, Progress};
    use domain::signal::SignalKind;
    use testkit::builders::{a_moment, usd};
    use testkit::clock::start;
    use testkit::ids::nth;

    use super::*;
    use crate::cause::CauseTable;
    use crate::model::BuiltIn;

    fn assessed(moment: &Moment) -> Assessment {
        let champion = BuiltIn::load().unwrap().model;
        let lineup = Lineup {
            shadows: vec![champion.clone()],
            champion,
        };
        let causes = CauseBasis::built_in(Arc::new(CauseTable::built_in().unwrap()));
        let judgement = assess(moment, &lineup, &causes, nth(1), start());
        assert_eq!(judgement, assess(moment, &lineup, &causes, nth(1), start()));
        assert_eq!(
            judgement.shadows[0].abandonment,
            judgement.assessment.abandonment
        );
        judgement.assessment
    }

    #[test]
    fn a_declined_payment_is_a_risk_with_its_cause() {
        let calm = assessed(&a_moment().build());
        let declined = assessed(&a_moment().with_trigger(SignalKind::PaymentDeclined).build());

        assert!(declined.abandonment > calm.abandonment);
        assert_eq!(declined.likely_cause(), Cause::PaymentFriction);
        assert_eq!(calm.likely_cause(), Cause::Unknown);
        assert_eq!(declined.margin_at_risk, Some(usd(4_000)));
        assert!(
            declined
                .factors
                .iter()
                .any(|factor| factor.name.as_str() == "count.payment_declined")
        );
    }

    #[test]
    fn progress_is_carried_and_lowers_the_risk() {
        let hesitating = assessed(&a_moment().build());
        let progressing = assessed(&a_moment().with_progress(Progress::Progressing).build());

        assert_eq!(progressing.progress, Progress::Progressing);
        assert!(progressing.abandonment < hesitating.abandonment);
    }

    #[test]
    fn an_order_is_safer_than_any_cart_and_less_so_with_the_cancel_page() {
        let cart = assessed(&a_moment().with_kind(MomentKind::CartAdded).build());
        let ordered = assessed(&a_moment().with_kind(MomentKind::OrderPlaced).build());
        let regretted = assessed(
            &a_moment()
                .with_trigger(SignalKind::CancelPageViewed)
                .build(),
        );

        assert!(ordered.abandonment < cart.abandonment);
        assert!(regretted.abandonment > ordered.abandonment);
        assert_eq!(regretted.likely_cause(), Cause::BuyersRemorse);
    }
}
