//! One recovery, told step by step from what each service says of it.

mod facts;

use domain::remedy::RemedyKind;
use domain::time::{Timestamp, to_millis};
use proto::convert::time::timestamp;
use proto::field::WireField;
use proto::moment::v1::Moment;
use proto::money::v1::Money;
use proto::risk::v1::{ExplainAssessmentRequest, ExplainAssessmentResponse};
use proto::routing::v1::explain_decision_request::Subject;
use proto::routing::v1::{
    ExplainDecisionRequest, ExplainDecisionResponse, Intervention, StepVerdict,
};
use serde::Serialize;

use super::clients::Doors;
use super::reading::Reading;
use super::setup;
use super::stage::Taken;
use super::{DemoError, failed};

/// Factors of the score that are told.
const FACTORS: usize = 3;
/// Language of the explanations.
const LANGUAGE: &str = "en";

/// One recovery.
#[derive(Debug, Default, Serialize)]
pub(super) struct Story {
    pub(super) scene: &'static str,
    pub(super) session: String,
    pub(super) intervention: String,
    /// The trace that all of it is in.
    pub(super) trace_id: String,
    pub(super) steps: Vec<Told>,
}

/// One step of a recovery.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Told {
    /// Since the event that made the moment.
    pub(super) after_ms: i64,
    /// The service that says so.
    pub(super) by: &'static str,
    pub(super) what: String,
}

/// A step with its instant.
type Line = (Timestamp, &'static str, String);

/// Tells of the first scripted shopper. Empty when their scene broke off, which a check reports.
pub(super) async fn tell(
    doors: &Doors,
    reading: &Reading,
    taken: &Taken,
) -> Result<Story, DemoError> {
    let Some(take) = taken.scenes.first() else {
        return Ok(Story::default());
    };
    let session = take.identity.session.to_string();
    let Some(intervention) = reading.of_session(&session).next() else {
        return Ok(Story::default());
    };
    let decision = explain_decision(doors, intervention).await?;
    let assessment = explain_assessment(doors, intervention).await?;
    let invitation = setup::plays(doors).await?;
    let invitation = invitation
        .iter()
        .find(|play| play.play_id == intervention.play_id)
        .and_then(|play| play.texts.first())
        .map_or("", |text| text.text.as_str());

    let mut lines: Vec<Line> = Vec::new();
    lines.extend(decision.moment.as_ref().and_then(seen));
    lines.extend(scored(&assessment));
    lines.extend(decided(&decision, intervention));
    for fact in &reading.facts {
        lines.extend(facts::line(fact, intervention, invitation));
    }
    lines.sort_by_key(|(at, ..)| *at);
    lines.extend(counted(&lines, reading, intervention));
    let begun = lines
        .first()
        .map(|(at, ..)| to_millis(*at))
        .unwrap_or_default();
    let steps = lines.into_iter().map(|(at, by, what)| Told {
        after_ms: to_millis(at) - begun,
        by,
        what,
    });
    Ok(Story {
        scene: take.scene.name,
        session,
        intervention: intervention.intervention_id.clone(),
        trace_id: intervention.trace_id.clone(),
        steps: steps.collect(),
    })
}

async fn explain_decision(
    doors: &Doors,
    intervention: &Intervention,
) -> Result<ExplainDecisionResponse, DemoError> {
    let subject = Some(Subject::InterventionId(
        intervention.intervention_id.clone(),
    ));
    let request = ExplainDecisionRequest { subject };
    let explained = doors.interventions()?.explain_decision(request).await;
    Ok(explained
        .map_err(failed("a decision cannot be explained"))?
        .into_inner())
}

async fn explain_assessment(
    doors: &Doors,
    intervention: &Intervention,
) -> Result<ExplainAssessmentResponse, DemoError> {
    let request = ExplainAssessmentRequest {
        assessment_id: intervention.assessment_id.clone(),
        language: LANGUAGE.to_owned(),
    };
    let explained = doors.risk()?.explain_assessment(request).await;
    Ok(explained
        .map_err(failed("an assessment cannot be explained"))?
        .into_inner())
}

/// What session-tracking saw.
fn seen(moment: &Moment) -> Option<Line> {
    let at = timestamp(moment.occurred_at.as_ref()?).ok()?;
    let kind = domain::moment::MomentKind::from_wire("kind", moment.kind).ok()?;
    let signals: Vec<&str> = moment
        .signals
        .iter()
        .filter_map(|signal| domain::signal::SignalKind::from_wire("kind", signal.kind).ok())
        .map(domain::signal::SignalKind::as_str)
        .collect();
    let cart = moment.cart.as_ref()?;
    let value: i64 = cart
        .lines
        .iter()
        .filter_map(|line| Some(line.unit_price.as_ref()?.minor_units * i64::from(line.quantity)))
        .sum();
    let shipping = cart.shipping.as_ref().map_or_else(String::new, |shipping| {
        format!(" and {} shipping", amount(shipping))
    });
    let what = format!(
        "{kind} on {page}: {signals}; cart of {value}{shipping}",
        page = moment.page(),
        signals = signals.join(", "),
        value = amount(&super::script::money(value)),
    );
    Some((at, session_tracking::NAME, what))
}

/// What risk-scoring made of it.
fn scored(explained: &ExplainAssessmentResponse) -> Option<Line> {
    let assessment = explained.assessment.as_ref()?;
    let at = timestamp(assessment.assessed_at.as_ref()?).ok()?;
    let likely = explained.causes.first()?;
    let confidence = likely.finding.as_ref()?.confidence * 100.0;
    let factors: Vec<String> = explained
        .factors
        .iter()
        .take(FACTORS)
        .map(|factor| format!("{} ({:+.2})", factor.text, factor.log_odds))
        .collect();
    let what = format!(
        "{} v{}: {:.0} % likely to be left; {confidence:.0} % sure why: {}. Strongest factors, in log-odds: {}",
        assessment.model_id,
        assessment.model_version,
        assessment.abandonment * 100.0,
        likely.text,
        factors.join("; "),
    );
    Some((at, risk_scoring::NAME, what))
}

/// What intervention-routing decided.
fn decided(explained: &ExplainDecisionResponse, intervention: &Intervention) -> Option<Line> {
    let at = timestamp(explained.decision.as_ref()?.decided_at.as_ref()?).ok()?;
    let passed: Vec<&str> = explained
        .steps
        .iter()
        .filter(|step| step.verdict() == StepVerdict::Passed)
        .map(|step| step.name.as_str())
        .collect();
    let what = format!(
        "play {} v{} passes {} checks: {}",
        intervention.play_id,
        intervention.play_version,
        passed.len(),
        passed.join(", "),
    );
    Some((at, intervention_routing::NAME, what))
}

/// What kpi keeps of it, told last.
fn counted(lines: &[Line], reading: &Reading, intervention: &Intervention) -> Option<Line> {
    let (at, ..) = lines.last()?;
    let id = Some(intervention.intervention_id.as_str());
    let facts = reading
        .facts
        .iter()
        .filter(|fact| fact.intervention_id.as_deref() == id);
    let what = format!(
        "{} facts of it, each counted once in every figure",
        facts.count()
    );
    Some((*at, kpi::NAME, what))
}

/// An amount as a person reads it.
fn amount(money: &Money) -> String {
    domain::money::Money::try_from(money.clone())
        .map_or_else(|_| "?".to_owned(), |money| money.to_string())
}

/// A remedy as a word.
fn remedy(wire: i32) -> &'static str {
    RemedyKind::from_wire("remedy", wire).map_or("unspecified", RemedyKind::as_str)
}
