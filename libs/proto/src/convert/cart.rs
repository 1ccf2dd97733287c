//! Money and carts. `domain` judges a cart as a whole; here the line at fault is found first, so that the sender is told
//! which it is.

use domain::cart::{Cart, CartError, CartLine, CartParts};
use domain::money::{Currency, Money};

use super::record::record;
use crate::cart::v1 as pb;
use crate::error::v1::ErrorReason;
use crate::field::{self, InvalidField, WireField};
use crate::money::v1::Money as WireMoney;

impl TryFrom<WireMoney> for Money {
    type Error = InvalidField;

    fn try_from(wire: WireMoney) -> Result<Self, InvalidField> {
        let WireMoney {
            minor_units,
            currency,
        } = wire;
        let currency = field::read("currency", currency)?;
        Self::new(minor_units, currency).map_err(InvalidField::at("minor_units"))
    }
}

impl From<Money> for WireMoney {
    fn from(money: Money) -> Self {
        Self {
            minor_units: money.minor_units(),
            currency: money.currency().into_wire(),
        }
    }
}

record! {
    pb::CartLine => CartLine {
        sku: sku,
        quantity: quantity,
        unit_price: unit_price,
        unit_margin: margin,
        configurable: configurable,
        category: category,
    } checked by margin_within_price
}

record! {
    pb::Cart => CartParts {
        version: version,
        lines: lines,
        currency: currency,
        shipping: shipping,
        tax: tax,
    } checked by one_currency
}

impl TryFrom<pb::Cart> for Cart {
    type Error = InvalidField;

    fn try_from(wire: pb::Cart) -> Result<Self, InvalidField> {
        let parts = CartParts::try_from(wire)?;
        field::distinct("lines", parts.lines.iter().map(|line| &line.sku))?;
        // What is left to refuse is a sum that is too high, which is the fault of no single line.
        Self::new(parts).map_err(InvalidField::at("lines"))
    }
}

impl From<Cart> for pb::Cart {
    fn from(cart: Cart) -> Self {
        CartParts::from(cart).into()
    }
}

fn margin_within_price(line: CartLine) -> Result<CartLine, InvalidField> {
    if let Some(margin) = line.margin {
        require_currency("unit_margin", margin, line.unit_price.currency())?;
        if margin.minor_units() > line.unit_price.minor_units() {
            return Err(InvalidField::at("unit_margin")(CartError::MarginAbovePrice));
        }
    }
    Ok(line)
}

fn one_currency(parts: CartParts) -> Result<CartParts, InvalidField> {
    for (index, line) in parts.lines.iter().enumerate() {
        require_currency("unit_price", line.unit_price, parts.currency)
            .map_err(|fault| fault.within_index("lines", index))?;
    }
    for (field, cost) in [("shipping", parts.shipping), ("tax", parts.tax)] {
        if let Some(cost) = cost {
            require_currency(field, cost, parts.currency)?;
        }
    }
    Ok(parts)
}

fn require_currency(field: &str, amount: Money, currency: Currency) -> Result<(), InvalidField> {
    if amount.currency() == currency {
        return Ok(());
    }
    let description = "must be the currency of the amounts beside it";
    let fault = InvalidField::new("currency", ErrorReason::CurrencyMismatch, description);
    Err(fault.within(field))
}
