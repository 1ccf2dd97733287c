//! Which plays match a moment, and which of them is worth most.

use domain::assessment::Assessment;
use domain::cause::Cause;
use domain::moment::Moment;
use domain::money::BasisPoints;
use domain::time::elapsed;

use super::Situation;
use crate::play::Play;

/// The plays that match, the best first.
pub(super) fn matching<'a>(situation: &Situation<'a>) -> Vec<&'a Play> {
    let mut plays: Vec<&Play> = situation
        .plays
        .iter()
        .filter(|play| matches(play, situation))
        .collect();
    // INVARIANT: the order is total and uses stored values only, so that a replay picks the same play.
    plays.sort_by(|left, right| {
        worth(right, situation)
            .cmp(&worth(left, situation))
            .then_with(|| left.id.cmp(&right.id))
    });
    plays
}

/// Expected incremental margin of a play in minor units times 10,000: the gain in the chance of an order on what is at
/// risk. Without a known margin the cart value stands in, which keeps the order of plays on one cart.
pub(super) fn worth(play: &Play, situation: &Situation<'_>) -> i128 {
    let at_risk = situation
        .assessment
        .margin_at_risk
        .unwrap_or_else(|| situation.moment.cart.value());
    i128::from(at_risk.minor_units()) * i128::from(play.rule.expected_uplift.get())
}

fn matches(play: &Play, situation: &Situation<'_>) -> bool {
    let Situation {
        moment, assessment, ..
    } = *situation;
    let rule = &play.rule;
    let on_site = elapsed(moment.session_started_at, moment.occurred_at);
    rule.triggers.contains(&moment.kind)
        && confident_cause(assessment, rule.min_confidence)
            .is_some_and(|cause| rule.causes.contains(&cause))
        && assessment.abandonment.get() >= share(rule.min_abandonment)
        && on_site >= rule.not_before_on_site
        && cart_is_worth_it(play, moment)
}

/// The likely cause, when it is likely enough.
fn confident_cause(assessment: &Assessment, least: BasisPoints) -> Option<Cause> {
    match assessment.causes.first() {
        Some(finding) => (finding.confidence.get() >= share(least)).then_some(finding.cause),
        None => (least.get() == 0).then_some(Cause::Unknown),
    }
}

fn cart_is_worth_it(play: &Play, moment: &Moment) -> bool {
    play.rule.min_cart_value.is_none_or(|least| {
        moment
            .cart
            .value()
            .compare(least)
            .is_ok_and(std::cmp::Ordering::is_ge)
    })
}

fn share(share: BasisPoints) -> f64 {
    f64::from(share.get()) / 10_000.0
}
