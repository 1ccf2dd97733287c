//! Where in a purchase a shopper hesitates.

use crate::word::closed_enum;

closed_enum! {
    /// The part of a purchase that is at risk.
    pub enum RiskPhase {
        /// Before checkout: a question about the product or the terms has no answer.
        InformationBlock = "information_block",
        /// In checkout: cost, payment, form or page stands in the way.
        TransactionalFriction = "transactional_friction",
        /// After the order: doubt about the delivery or the purchase itself.
        PostClickAnxiety = "post_click_anxiety",
    }
}
