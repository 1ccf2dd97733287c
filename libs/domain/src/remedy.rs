//! What removes a cause, on a ladder: explain first, then fix, concede last.

use crate::word::closed_enum;

closed_enum! {
    /// A step of the ladder, cheapest first; the order of declaration is the order of climbing.
    pub enum Rung {
        /// Say what is so.
        Explain = "explain",
        /// Put right what is wrong.
        Fix = "fix",
        /// Give something.
        Concede = "concede",
    }
}

closed_enum! {
    /// A kind of remedy.
    pub enum RemedyKind {
        /// An answer, a page, a comparison.
        Information = "information",
        /// A code applied, another payment method, an address put right.
        Fix = "fix",
        /// Shipping for nothing.
        WaiveShipping = "waive_shipping",
        /// Shipping for less.
        CutShipping = "cut_shipping",
        /// A share off the cart value.
        PercentOff = "percent_off",
        /// An amount off the cart value.
        AmountOff = "amount_off",
        /// A longer warranty.
        ExtendedWarranty = "extended_warranty",
        /// A gift or service.
        Perk = "perk",
        /// A competitor's price.
        PriceMatch = "price_match",
        /// Money back for trouble after the order.
        Compensation = "compensation",
    }
}

impl RemedyKind {
    /// The rung of the ladder on which the remedy stands.
    pub const fn rung(self) -> Rung {
        match self {
            Self::Information => Rung::Explain,
            Self::Fix => Rung::Fix,
            Self::WaiveShipping
            | Self::CutShipping
            | Self::PercentOff
            | Self::AmountOff
            | Self::ExtendedWarranty
            | Self::Perk
            | Self::PriceMatch
            | Self::Compensation => Rung::Concede,
        }
    }

    /// Whether the remedy draws on a budget. True for every concession, a perk included: somebody pays for it.
    pub const fn costs_money(self) -> bool {
        match self.rung() {
            Rung::Explain | Rung::Fix => false,
            Rung::Concede => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_is_climbed_from_explaining_to_conceding() {
        assert!(Rung::Explain < Rung::Fix && Rung::Fix < Rung::Concede);
    }

    #[test]
    fn only_concessions_cost_money() {
        for remedy in RemedyKind::ALL {
            assert_eq!(
                remedy.costs_money(),
                remedy.rung() == Rung::Concede,
                "{remedy}"
            );
        }
        assert!(!RemedyKind::Information.costs_money() && !RemedyKind::Fix.costs_money());
    }
}
