//! The moves of a cart. Each consumes it, checks the result as a whole, and counts the version up.

use super::{Cart, CartError, CartLine, CartParts, Quantity};
use crate::id::Sku;
use crate::money::Money;

impl Cart {
    /// Puts an article in. One that is there already grows by the quantity and takes the new price, margin
    /// and category, as shops do.
    ///
    /// # Errors
    ///
    /// [`CartError`] when the cart would break a limit; the move is then not made at all.
    #[expect(
        clippy::should_implement_trait,
        reason = "a cart and a line are no sum, and the move may fail"
    )]
    pub fn add(self, line: CartLine) -> Result<Self, CartError> {
        self.changed(|parts| {
            let Some(known) = parts.lines.iter_mut().find(|known| known.sku == line.sku) else {
                parts.lines.push(line);
                return Ok(());
            };
            let quantity = known.quantity.checked_add(line.quantity)?;
            *known = CartLine { quantity, ..line };
            Ok(())
        })
    }

    /// Takes an article out, all of it.
    ///
    /// # Errors
    ///
    /// [`CartError::NotInCart`].
    pub fn remove(self, sku: &Sku) -> Result<Self, CartError> {
        self.changed(|parts| {
            let position = parts.lines.iter().position(|line| line.sku == *sku);
            parts.lines.remove(position.ok_or(CartError::NotInCart)?);
            Ok(())
        })
    }

    /// Sets the quantity of an article.
    ///
    /// # Errors
    ///
    /// [`CartError::NotInCart`], or [`CartError::Money`] when the value would pass its limit.
    pub fn change(self, sku: &Sku, quantity: Quantity) -> Result<Self, CartError> {
        self.changed(|parts| {
            let line = parts.lines.iter_mut().find(|line| line.sku == *sku);
            line.ok_or(CartError::NotInCart)?.quantity = quantity;
            Ok(())
        })
    }

    /// Notes what the shopper was shown for shipping and tax. What is `None` stays as it was; showing the same again
    /// is no change and leaves the version alone.
    ///
    /// # Errors
    ///
    /// [`CartError::Money`] for a foreign currency or a sum beyond its limit.
    pub fn reveal_costs(
        self,
        shipping: Option<Money>,
        tax: Option<Money>,
    ) -> Result<Self, CartError> {
        let shipping = shipping.or(self.parts.shipping);
        let tax = tax.or(self.parts.tax);
        if shipping == self.parts.shipping && tax == self.parts.tax {
            return Ok(self);
        }
        self.changed(|parts| {
            parts.shipping = shipping;
            parts.tax = tax;
            Ok(())
        })
    }

    fn changed(
        self,
        change: impl FnOnce(&mut CartParts) -> Result<(), CartError>,
    ) -> Result<Self, CartError> {
        let mut parts = self.parts;
        change(&mut parts)?;
        // A session cannot make 2^64 changes; a version sent by a client may stand at the end already.
        parts.version = parts.version.saturating_add(1);
        Self::new(parts)
    }
}
