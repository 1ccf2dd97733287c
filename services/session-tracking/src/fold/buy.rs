//! The cart: each event is a move, and a move that the cart refuses is no change.

use domain::cart::{Cart, CartError, CartParts};
use domain::money::Currency;
use domain::time::Timestamp;

use super::State;
use crate::event::CartMove;

impl State {
    pub(super) fn buy(&mut self, act: &CartMove, at: Timestamp) {
        // The cart of an order stays as it was paid: what comes later belongs to another purchase.
        if self.sold_at.is_some() {
            return;
        }
        match act {
            CartMove::Added(line) => {
                self.end_search();
                self.end_look(None, at);
                self.cart_adds.note(at);
                self.trail.add(&line.sku, at);
                let currency = line.unit_price.currency();
                self.move_cart(|cart| in_currency(cart, currency)?.add(line.clone()));
            }
            CartMove::Removed(sku) => {
                self.step_back(at);
                self.move_cart(|cart| cart.remove(sku));
            }
            CartMove::Changed(sku, quantity) => self.move_cart(|cart| cart.change(sku, *quantity)),
        }
    }

    /// Makes a move. The version rises by each try, made or refused: otherwise a late event that turns a refused move
    /// into a good one, or the reverse, could give other contents to a version that somebody has decided on.
    pub(super) fn move_cart(&mut self, make: impl FnOnce(Cart) -> Result<Cart, CartError>) {
        let version = self.cart.version().saturating_add(1);
        let moved = make(self.cart.clone()).unwrap_or_else(|_| self.cart.clone());
        if let Ok(cart) = with_version(moved, version) {
            self.cart = cart;
        }
    }
}

fn with_version(cart: Cart, version: u64) -> Result<Cart, CartError> {
    let mut parts = CartParts::from(cart);
    parts.version = version;
    Cart::new(parts)
}

/// The first thing in a cart decides its currency, also after it was emptied.
fn in_currency(cart: Cart, currency: Currency) -> Result<Cart, CartError> {
    if cart.is_empty() && cart.currency() != currency {
        with_version(Cart::empty(currency), cart.version())
    } else {
        Ok(cart)
    }
}
