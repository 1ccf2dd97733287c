//! Random carts of several categories, and floors for some of them.

use domain::cart::{Cart, Category};
use domain::remedy::RemedyKind;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use testkit::builders::{a_cart, bps, usd};

use super::random::REMEDIES;
use crate::floors::{FloorScope, MarginFloor};

const CATEGORIES: [&str; 2] = ["Shoes", "Bolsos y más"];

/// A cart of one to three lines of different categories, or none, of which one may not tell its margin.
pub(super) fn cart() -> impl Strategy<Value = Cart> {
    let line = (
        1_i64..110,
        1_u32..=2,
        option::weighted(0.95, 0_u32..=10_000),
        option::of(select(CATEGORIES.to_vec())),
    );
    vec(line, 1..4).prop_map(|lines| {
        let lines = lines.into_iter().zip(1..);
        let cart = lines.fold(
            a_cart(),
            |cart, ((price, units, margin, category), number)| {
                let cart = cart.with_line(&format!("SKU-{number}"), units, price);
                let cart = match margin {
                    Some(margin) => cart.with_margin(usd(price).share(bps(margin)).minor_units()),
                    None => cart.without_margin(),
                };
                match category {
                    Some(category) => cart.with_category(category),
                    None => cart,
                }
            },
        );
        cart.build()
    })
}

/// Floors of the shop, each for another scope.
pub(super) fn floors() -> impl Strategy<Value = Vec<MarginFloor>> {
    let names = CATEGORIES.iter().map(|name| Some(*name)).chain([None]);
    let remedies = REMEDIES.iter().map(|remedy| Some(*remedy)).chain([None]);
    let remedies: Vec<Option<RemedyKind>> = remedies.collect();
    let scopes = names.flat_map(|name| {
        remedies.clone().into_iter().map(move |remedy| FloorScope {
            category: name.map(|name| Category::parse(name).unwrap()),
            remedy,
        })
    });
    let some = (
        subsequence(scopes.collect::<Vec<_>>(), 0..5),
        vec(0_u32..=6_000, 5),
    );
    let some = some.prop_map(|(scopes, least)| {
        let floors = scopes.into_iter().zip(least);
        let floors = floors.map(|(scope, least)| MarginFloor {
            scope,
            least: bps(least),
        });
        floors.collect()
    });
    prop_oneof![1 => Just(Vec::new()), 1 => some]
}
