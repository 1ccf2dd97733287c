//! The ladder of remedies: explain first, fix second, concede last, and none where it does not remove the cause.

use domain::cause::Cause;
use domain::remedy::{RemedyKind, Rung};

/// The remedies to look at, cheapest rung first and each once; an empty ladder stands for all of them.
pub(crate) fn climb(ladder: &[RemedyKind]) -> Vec<RemedyKind> {
    let source = if ladder.is_empty() {
        RemedyKind::ALL
    } else {
        ladder
    };
    let mut steps: Vec<RemedyKind> = Vec::new();
    for remedy in source {
        if !steps.contains(remedy) {
            steps.push(*remedy);
        }
    }
    // The sort is stable: within a rung the order of the ladder stays.
    steps.sort_by_key(|remedy| remedy.rung());
    steps
}

/// Whether a remedy that may be granted also removes the cause. An explanation, which is always allowed, does not make a
/// cost less unexpected: whoever can only explain is not empowered for it. A concession fits when a line of authority
/// allows it for the cause, so it is judged there and not here.
pub(crate) fn fits(remedy: RemedyKind, cause: Cause) -> bool {
    match remedy.rung() {
        Rung::Explain => explanation_helps(cause),
        Rung::Fix => fix_helps(cause),
        Rung::Concede => true,
    }
}

fn explanation_helps(cause: Cause) -> bool {
    match cause {
        Cause::ProductDoubt
        | Cause::PolicyDoubt
        | Cause::DeliveryDoubt
        | Cause::OrderChange
        | Cause::BuyersRemorse
        | Cause::Distraction
        | Cause::Unknown => true,
        Cause::UnexpectedCost
        | Cause::PromoCode
        | Cause::PaymentFriction
        | Cause::AccountOrForm
        | Cause::TechnicalFault => false,
    }
}

fn fix_helps(cause: Cause) -> bool {
    match cause {
        Cause::PromoCode
        | Cause::PaymentFriction
        | Cause::AccountOrForm
        | Cause::TechnicalFault
        | Cause::DeliveryDoubt
        | Cause::OrderChange => true,
        Cause::ProductDoubt
        | Cause::PolicyDoubt
        | Cause::UnexpectedCost
        | Cause::BuyersRemorse
        | Cause::Distraction
        | Cause::Unknown => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_is_climbed_from_the_cheapest_rung() {
        let ladder = [
            RemedyKind::PercentOff,
            RemedyKind::Fix,
            RemedyKind::CutShipping,
            RemedyKind::PercentOff,
            RemedyKind::Information,
        ];

        let steps = climb(&ladder);

        let expected = [
            RemedyKind::Information,
            RemedyKind::Fix,
            RemedyKind::PercentOff,
            RemedyKind::CutShipping,
        ];
        assert_eq!(steps, expected);
        assert_eq!(climb(&[]).len(), RemedyKind::ALL.len());
    }

    #[test]
    fn every_cause_but_a_cost_can_be_helped_without_money() {
        for cause in Cause::ALL {
            let free = [RemedyKind::Information, RemedyKind::Fix]
                .iter()
                .any(|remedy| fits(*remedy, *cause));
            assert_eq!(free, *cause != Cause::UnexpectedCost, "{cause}");
        }
    }
}
