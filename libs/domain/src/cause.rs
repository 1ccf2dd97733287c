//! Why a shopper hesitates: one taxonomy for scoring, remedies, wrap-up codes and reports.

use crate::phase::RiskPhase;
use crate::word::closed_enum;

closed_enum! {
    /// The cause of a hesitation.
    pub enum Cause {
        /// Fit, specification, configuration or warranty is unclear.
        ProductDoubt = "product_doubt",
        /// Returns, delivery time or security is unclear.
        PolicyDoubt = "policy_doubt",
        /// Shipping, tax or the total is more than expected.
        UnexpectedCost = "unexpected_cost",
        /// A promotion code was rejected.
        PromoCode = "promo_code",
        /// A payment was declined, or the method is missing.
        PaymentFriction = "payment_friction",
        /// A forced account, form errors or an address change.
        AccountOrForm = "account_or_form",
        /// Page errors or slow pages.
        TechnicalFault = "technical_fault",
        /// Where is my order?
        DeliveryDoubt = "delivery_doubt",
        /// The order should be changed.
        OrderChange = "order_change",
        /// The purchase is regretted.
        BuyersRemorse = "buyers_remorse",
        /// Nothing but idleness is seen.
        Distraction = "distraction",
        /// Nothing points anywhere.
        Unknown = "unknown",
    }
}

impl Cause {
    /// The phase the cause belongs to; `None` for a cause that may arise in any.
    pub const fn phase(self) -> Option<RiskPhase> {
        match self {
            Self::ProductDoubt | Self::PolicyDoubt => Some(RiskPhase::InformationBlock),
            Self::UnexpectedCost
            | Self::PromoCode
            | Self::PaymentFriction
            | Self::AccountOrForm
            | Self::TechnicalFault => Some(RiskPhase::TransactionalFriction),
            Self::DeliveryDoubt | Self::OrderChange | Self::BuyersRemorse => {
                Some(RiskPhase::PostClickAnxiety)
            }
            Self::Distraction | Self::Unknown => None,
        }
    }

    /// Whether money may be part of the remedy: for a cost, a code, or as compensation for a delivery.
    ///
    /// A declined payment is no such cause: another method helps, a discount does not.
    pub const fn is_money_cause(self) -> bool {
        match self {
            Self::UnexpectedCost | Self::PromoCode | Self::DeliveryDoubt => true,
            Self::ProductDoubt
            | Self::PolicyDoubt
            | Self::PaymentFriction
            | Self::AccountOrForm
            | Self::TechnicalFault
            | Self::OrderChange
            | Self::BuyersRemorse
            | Self::Distraction
            | Self::Unknown => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_answers_money_causes_only() {
        let money: Vec<&Cause> = Cause::ALL
            .iter()
            .filter(|cause| cause.is_money_cause())
            .collect();
        assert_eq!(
            money,
            [
                &Cause::UnexpectedCost,
                &Cause::PromoCode,
                &Cause::DeliveryDoubt
            ]
        );
    }

    #[test]
    fn every_phase_has_causes() {
        for phase in RiskPhase::ALL {
            assert!(
                Cause::ALL.iter().any(|cause| cause.phase() == Some(*phase)),
                "{phase}"
            );
        }
        assert_eq!(Cause::Distraction.phase(), None);
    }
}
