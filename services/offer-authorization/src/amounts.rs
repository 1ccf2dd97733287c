//! What an offer costs and how much of it a cart can bear, to the minor unit.
//!
//! Shares are rounded down when given and up when kept, so that no rounding is ever at the shop's expense.

use domain::cart::Cart;
use domain::money::{BasisPoints, Money, MoneyError};
use domain::remedy::RemedyKind;

/// How much is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A share of the cart value.
    Share(BasisPoints),
    /// An amount.
    Amount(Money),
}

impl Asked {
    /// The most that the offer costs; a share is rounded down to the minor unit.
    pub(crate) fn price(self, cart: &Cart) -> Money {
        match self {
            Self::Share(share) => cart.value().share(share),
            Self::Amount(amount) => amount,
        }
    }
}

/// What an offer has to bring in to be worth it, as a tenant has measured it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Worth {
    /// By how much a contact with an offer raises the chance of an order.
    pub(crate) lift: BasisPoints,
    /// What a contact costs, one amount for each currency.
    pub(crate) contact_costs: Vec<Money>,
}

/// What the remedy itself can cost at most: nobody waives more shipping than there is, or takes off more than the cart
/// is worth. `None` when the cart does not tell.
pub(crate) fn natural_limit(remedy: RemedyKind, cart: &Cart) -> Option<Money> {
    match remedy {
        RemedyKind::WaiveShipping | RemedyKind::CutShipping => cart.shipping(),
        RemedyKind::PercentOff | RemedyKind::AmountOff | RemedyKind::PriceMatch => {
            Some(cart.value())
        }
        RemedyKind::Information
        | RemedyKind::Fix
        | RemedyKind::ExtendedWarranty
        | RemedyKind::Perk
        | RemedyKind::Compensation => None,
    }
}

/// The largest offer after which the margin is still at the floor; `None` when the margin of the
/// cart is not known. `granted` is what earlier offers on this cart cost: it comes off the margin, but not off the value
/// that the floor is a share of, which errs on the safe side.
///
/// # Errors
/// `granted` is not in the currency of the cart.
pub(crate) fn most_within_margin(
    cart: &Cart,
    remedy: RemedyKind,
    floor: BasisPoints,
    granted: Money,
) -> Result<Option<Money>, MoneyError> {
    let Some(margin) = cart.margin() else {
        return Ok(None);
    };
    let Ok(margin) = same_currency(margin.checked_sub(granted))? else {
        return Ok(Some(Money::zero(cart.currency())));
    };
    let keeps_floor = |offer: Money| {
        let value = if lowers_value(remedy) {
            cart.value().checked_sub(offer)
        } else {
            Ok(cart.value())
        };
        let least = value.map(|value| value.share_up(floor));
        match (margin.checked_sub(offer), least) {
            (Ok(left), Ok(least)) => left.minor_units() >= least.minor_units(),
            (Err(_), _) | (_, Err(_)) => false,
        }
    };
    Ok(Some(largest(margin, keeps_floor)))
}

/// The largest offer that costs, with the contact and with what was granted before, no more than it is expected to bring in:
/// the margin of the cart times the lift, rounded down. `None` when the margin of the cart is not known. The offer counts in
/// full, though a shopper who does not order costs none: that errs on the safe side.
///
/// # Errors
/// `granted` is not in the currency of the cart, or what a contact costs is not known in it.
pub(crate) fn most_worthwhile(
    cart: &Cart,
    worth: &Worth,
    granted: Money,
) -> Result<Option<Money>, MoneyError> {
    let Some(margin) = cart.margin() else {
        return Ok(None);
    };
    let mut costs = worth.contact_costs.iter();
    let cost = costs.find(|cost| cost.currency() == cart.currency());
    let spent = cost
        .ok_or(MoneyError::CurrencyMismatch)?
        .checked_add(granted)?;
    let left = same_currency(margin.share(worth.lift).checked_sub(spent))?;
    Ok(Some(left.unwrap_or(Money::zero(cart.currency()))))
}

/// Whether what the shopper pays for the articles is less by the offer; other remedies cost margin alone.
pub(crate) fn lowers_value(remedy: RemedyKind) -> bool {
    match remedy {
        RemedyKind::PercentOff | RemedyKind::AmountOff | RemedyKind::PriceMatch => true,
        RemedyKind::Information
        | RemedyKind::Fix
        | RemedyKind::WaiveShipping
        | RemedyKind::CutShipping
        | RemedyKind::ExtendedWarranty
        | RemedyKind::Perk
        | RemedyKind::Compensation => false,
    }
}

/// Whether the shopper pays less than others by it: a price that is for them alone.
pub(crate) fn lowers_price(remedy: RemedyKind) -> bool {
    match remedy {
        RemedyKind::WaiveShipping
        | RemedyKind::CutShipping
        | RemedyKind::PercentOff
        | RemedyKind::AmountOff
        | RemedyKind::PriceMatch => true,
        RemedyKind::Information
        | RemedyKind::Fix
        | RemedyKind::ExtendedWarranty
        | RemedyKind::Perk
        | RemedyKind::Compensation => false,
    }
}

/// Tells a difference below zero, which is an answer, from currencies that do not match, which is an error.
fn same_currency(
    difference: Result<Money, MoneyError>,
) -> Result<Result<Money, MoneyError>, MoneyError> {
    match difference {
        Err(MoneyError::CurrencyMismatch) => Err(MoneyError::CurrencyMismatch),
        Ok(_) | Err(MoneyError::Negative | MoneyError::Overflow) => Ok(difference),
    }
}

/// The largest amount up to `ceiling` that holds, by bisection; zero when none does.
// INVARIANT: what holds for an amount holds for every smaller one, since an offer takes at least as much off the margin
// as off what the floor demands.
pub(crate) fn largest(ceiling: Money, holds: impl Fn(Money) -> bool) -> Money {
    let currency = ceiling.currency();
    let of = |minor_units| Money::new(minor_units, currency).unwrap_or(Money::zero(currency));
    if holds(ceiling) {
        return ceiling;
    }
    let (mut good, mut bad) = (0, ceiling.minor_units());
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if holds(of(middle)) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    of(good)
}

#[cfg(test)]
mod tests;
