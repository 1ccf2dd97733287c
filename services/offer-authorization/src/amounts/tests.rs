//! Every amount is exact in minor units, or it is refused.

use domain::money::{Currency, MAX_MINOR_UNITS};
use proptest::prelude::*;
use testkit::builders::{a_cart, bps, usd};

use super::*;

fn worth(lift: u32, contact: i64) -> Worth {
    Worth {
        lift: bps(lift),
        contact_costs: vec![usd(contact)],
    }
}

#[test]
fn an_offer_is_worth_what_it_is_expected_to_bring_in_less_its_contact() {
    let cart = a_cart().with_value(20_000).with_margin(9_999).build();
    let most = |worth, granted| most_worthwhile(&cart, &worth, usd(granted)).unwrap();

    // A tenth of the margin is 999.9, rounded down.
    assert_eq!(most(worth(1_000, 300), 0), Some(usd(699)));
    assert_eq!(most(worth(1_000, 300), 600), Some(usd(99)));
    assert_eq!(
        most(worth(1_000, 1_000), 0),
        Some(usd(0)),
        "never below nothing"
    );
}

#[test]
fn what_an_offer_brings_in_is_not_known_without_margin_or_cost() {
    let unknown = a_cart().with_value(20_000).without_margin().build();
    assert_eq!(most_worthwhile(&unknown, &worth(1, 0), usd(0)), Ok(None));

    let cart = a_cart().with_value(20_000).with_margin(9_999).build();
    let nowhere = Worth {
        lift: bps(1_000),
        contact_costs: Vec::new(),
    };
    let fault = most_worthwhile(&cart, &nowhere, usd(0));
    assert_eq!(fault, Err(MoneyError::CurrencyMismatch));
}

fn most(cart: &Cart, remedy: RemedyKind, floor: u32) -> Option<Money> {
    most_within_margin(cart, remedy, bps(floor), usd(0)).expect("one currency")
}

#[test]
fn a_share_is_rounded_down_to_the_minor_unit() {
    let cart = a_cart().with_value(9_999).build();

    assert_eq!(Asked::Share(bps(1_250)).price(&cart), usd(1_249));
    assert_eq!(Asked::Share(bps(1)).price(&cart), usd(0));
    assert_eq!(Asked::Share(bps(10_000)).price(&cart), usd(9_999));
}

#[test]
fn a_discount_lowers_the_value_that_the_floor_is_a_share_of() {
    // Value 100.00, margin 40.00, floor 20 %: 40 - x >= 20 % of (100 - x) up to x = 25.00.
    let cart = a_cart().with_value(10_000).with_margin(4_000).build();

    assert_eq!(most(&cart, RemedyKind::AmountOff, 2_000), Some(usd(2_500)));
}

#[test]
fn a_remedy_beside_the_articles_leaves_the_value() {
    // 40 - x >= 20 % of 100 up to x = 20.00.
    let cart = a_cart().with_value(10_000).with_margin(4_000).build();

    assert_eq!(
        most(&cart, RemedyKind::WaiveShipping, 2_000),
        Some(usd(2_000))
    );
    assert_eq!(most(&cart, RemedyKind::Perk, 0), Some(usd(4_000)));
}

#[test]
fn a_margin_that_is_not_known_bears_nothing() {
    let cart = a_cart().with_value(10_000).without_margin().build();

    assert_eq!(most(&cart, RemedyKind::AmountOff, 0), None);
}

#[test]
fn earlier_offers_come_off_the_margin() {
    let cart = a_cart().with_value(10_000).with_margin(4_000).build();
    let left = |granted| most_within_margin(&cart, RemedyKind::Perk, bps(0), usd(granted)).unwrap();

    assert_eq!(left(3_999), Some(usd(1)));
    assert_eq!(left(4_000), Some(usd(0)));
    assert_eq!(left(4_001), Some(usd(0)));
}

#[test]
fn another_currency_is_an_error() {
    let cart = a_cart().with_currency(Currency::EUR).build();
    let most = most_within_margin(&cart, RemedyKind::Perk, bps(0), usd(0));

    assert_eq!(most, Err(MoneyError::CurrencyMismatch));
}

#[test]
fn nobody_waives_more_shipping_than_there_is() {
    let cart = a_cart().with_shipping(799).build();

    assert_eq!(
        natural_limit(RemedyKind::WaiveShipping, &cart),
        Some(usd(799))
    );
    assert_eq!(
        natural_limit(RemedyKind::PercentOff, &cart),
        Some(cart.value())
    );
    assert_eq!(natural_limit(RemedyKind::Perk, &cart), None);
    assert_eq!(
        natural_limit(RemedyKind::CutShipping, &a_cart().build()),
        None
    );
}

/// The floor by its definition, in wide integers.
fn keeps_floor(value: i64, margin: i64, offer: i64, floor: u32) -> bool {
    let [value, margin, offer, floor] = [value, margin, offer, i64::from(floor)].map(i128::from);
    offer <= value && (margin - offer) * 10_000 >= (value - offer) * floor && margin >= offer
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_most_that_keeps_the_floor_is_exact(
        value in 1_i64..2_000_000_000_000,
        margin_share in 0_u32..=10_000,
        floor in 0_u32..=10_000,
    ) {
        let margin = usd(value).share(bps(margin_share)).minor_units();
        let cart = a_cart().with_value(value).with_margin(margin).build();

        let most = most(&cart, RemedyKind::AmountOff, floor).expect("known").minor_units();

        prop_assert!(most == 0 || keeps_floor(value, margin, most, floor));
        prop_assert!(!keeps_floor(value, margin, most + 1, floor));
    }

    #[test]
    fn a_share_and_the_rest_are_the_whole(value in 0_i64..=MAX_MINOR_UNITS, share in 0_u32..=10_000) {
        let cart = a_cart().with_value(value).build();
        let given = Asked::Share(bps(share)).price(&cart);

        let kept = cart.value().share_up(bps(share).complement());

        prop_assert_eq!(given.checked_add(kept), Ok(cart.value()));
    }
}
