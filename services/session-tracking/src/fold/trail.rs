//! The trail of a shopper through the products: looks and additions, counted as recordings of shops count them, so that
//! a model finds in a live session what it was trained on.

use std::collections::BTreeMap;

use domain::cart::Cart;
use domain::id::Sku;
use domain::moment::Shopping;
use domain::time::Timestamp;

use super::State;
use crate::event::ProductView;
use crate::packed::pack_fields;

/// Products that are told apart. Looks at further ones are counted all the same, but not by product.
const MAX_PRODUCTS: usize = 200;

/// Looks at products and additions to the cart so far. Additions themselves are counted by the cart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Trail {
    products: BTreeMap<Sku, Looks>,
    /// At products beyond those that are told apart.
    others: Looks,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    /// The event before the last one.
    before_last_at: Option<Timestamp>,
}

/// Looks at one product. A storefront tells a look on entry, on leaving, or both, so the larger of the two counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Looks {
    entries: u32,
    departures: u32,
}

impl Looks {
    fn count(self) -> u32 {
        self.entries.max(self.departures)
    }

    fn note(&mut self, view: &ProductView) {
        let told = match view.dwell {
            None => &mut self.entries,
            Some(_) => &mut self.departures,
        };
        *told = told.saturating_add(1);
    }
}

impl Trail {
    /// Notes a look. A departure from a product whose entry was told is no look of its own.
    pub(super) fn look(&mut self, view: &ProductView, at: Timestamp) {
        let looks = self.looks_at(&view.sku);
        let before = looks.count();
        looks.note(view);
        if looks.count() > before {
            self.note(at);
        }
    }

    /// Notes an addition to the cart.
    pub(super) fn add(&mut self, sku: &Sku, at: Timestamp) {
        let _known = self.looks_at(sku);
        self.note(at);
    }

    fn looks_at(&mut self, sku: &Sku) -> &mut Looks {
        if self.products.len() < MAX_PRODUCTS || self.products.contains_key(sku) {
            self.products.entry(sku.clone()).or_default()
        } else {
            &mut self.others
        }
    }

    fn note(&mut self, at: Timestamp) {
        self.first_at = self.first_at.or(Some(at));
        self.before_last_at = self.last_at.replace(at);
    }
}

impl State {
    /// What a moment of this time tells of the trail; `None` before the first look or addition.
    pub(crate) fn shopping(&self, moment_at: Timestamp) -> Option<Shopping> {
        let Trail {
            products,
            others,
            first_at,
            last_at,
            before_last_at,
        } = &self.trail;
        let first_at = (*first_at)?;
        let made_the_moment = last_at.is_some_and(|last| last >= moment_at);
        let by_product = products.values().copied().map(Looks::count);
        Some(Shopping {
            product_views: by_product.fold(others.count(), u32::saturating_add),
            cart_additions: self.cart_adds.count,
            products_seen: u32::try_from(products.len()).unwrap_or(u32::MAX),
            cart_item_views: looks_at_cart(products, &self.cart),
            first_at,
            previous_at: if made_the_moment {
                *before_last_at
            } else {
                *last_at
            },
        })
    }
}

fn looks_at_cart(products: &BTreeMap<Sku, Looks>, cart: &Cart) -> u32 {
    let in_cart = cart
        .lines()
        .iter()
        .filter_map(|line| products.get(&line.sku));
    in_cart
        .copied()
        .map(Looks::count)
        .fold(0, u32::saturating_add)
}

pack_fields! {
    Trail { products, others, first_at, last_at, before_last_at }
    Looks { entries, departures }
}
