//! What a quarter of proactive help might be worth, from assumptions alone. Amounts are integers throughout.

use domain::money::{BasisPoints, Currency, Money, MoneyError};

/// What somebody assumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Assumptions {
    pub(crate) sessions_at_risk: u64,
    pub(crate) contact_share: BasisPoints,
    pub(crate) uplift: BasisPoints,
    pub(crate) order_value: Money,
    pub(crate) margin_share: BasisPoints,
    pub(crate) contact_cost: Money,
    pub(crate) offer_cost: Money,
}

/// What follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BusinessCase {
    pub(crate) contacts: u64,
    pub(crate) recovered_orders: u64,
    pub(crate) recovered_revenue: Money,
    pub(crate) gross_margin: Money,
    pub(crate) cost: Money,
    /// Margin less cost; a loss is negative.
    pub(crate) net_minor_units: i64,
}

impl Assumptions {
    /// Contacts, orders and margin are rounded down: a case is not made better by rounding.
    ///
    /// # Errors
    /// Amounts of several currencies, or a sum beyond the largest amount.
    pub(crate) fn estimate(self) -> Result<BusinessCase, MoneyError> {
        let contacts = share_of(self.sessions_at_risk, self.contact_share);
        let recovered_orders = share_of(contacts, self.uplift);
        let currency = self.order_value.currency();
        let recovered_revenue = times(self.order_value, recovered_orders, currency)?;
        let gross_margin = recovered_revenue.share(self.margin_share);
        let contact_cost = times(self.contact_cost, contacts, currency)?;
        let offer_cost = times(self.offer_cost, recovered_orders, currency)?;
        let cost = contact_cost.checked_add(offer_cost)?;
        Ok(BusinessCase {
            contacts,
            recovered_orders,
            recovered_revenue,
            gross_margin,
            cost,
            net_minor_units: gross_margin.minor_units() - cost.minor_units(),
        })
    }
}

/// A share of a count, rounded down.
fn share_of(count: u64, share: BasisPoints) -> u64 {
    let part = u128::from(count) * u128::from(share.get()) / 10_000;
    // INVARIANT: a share is at most the whole, so the part fits.
    u64::try_from(part).unwrap_or(count)
}

fn times(amount: Money, count: u64, currency: Currency) -> Result<Money, MoneyError> {
    if amount.currency() != currency {
        return Err(MoneyError::CurrencyMismatch);
    }
    let product = i128::from(amount.minor_units()) * i128::from(count);
    let minor_units = i64::try_from(product).map_err(|_| MoneyError::Overflow)?;
    Money::new(minor_units, currency)
}

#[cfg(test)]
mod tests {
    use testkit::builders::{bps, usd};

    use super::*;

    fn assumptions() -> Assumptions {
        Assumptions {
            sessions_at_risk: 100_000,
            contact_share: bps(500),
            uplift: bps(1_200),
            order_value: usd(12_000),
            margin_share: bps(3_500),
            contact_cost: usd(250),
            offer_cost: usd(600),
        }
    }

    #[test]
    fn five_percent_of_a_hundred_thousand_sessions() {
        let case = assumptions().estimate().unwrap();

        assert_eq!((case.contacts, case.recovered_orders), (5_000, 600));
        assert_eq!(case.recovered_revenue, usd(7_200_000));
        assert_eq!(case.gross_margin, usd(2_520_000));
        assert_eq!(case.cost, usd(1_610_000));
        assert_eq!(case.net_minor_units, 910_000);
    }

    #[test]
    fn a_loss_is_negative() {
        let dear = Assumptions {
            contact_cost: usd(2_500),
            ..assumptions()
        };

        assert_eq!(
            dear.estimate().unwrap().net_minor_units,
            2_520_000 - 12_860_000
        );
    }

    #[test]
    fn orders_are_rounded_down() {
        let few = Assumptions {
            sessions_at_risk: 199,
            ..assumptions()
        };

        let case = few.estimate().unwrap();

        assert_eq!((case.contacts, case.recovered_orders), (9, 1));
    }

    #[test]
    fn currencies_do_not_mix() {
        let mixed = Assumptions {
            offer_cost: Money::zero(Currency::EUR),
            ..assumptions()
        };

        assert_eq!(mixed.estimate(), Err(MoneyError::CurrencyMismatch));
    }

    #[test]
    fn sums_beyond_the_largest_amount_are_refused() {
        let endless = Assumptions {
            sessions_at_risk: u64::MAX,
            ..assumptions()
        };

        assert_eq!(endless.estimate(), Err(MoneyError::Overflow));
    }
}
