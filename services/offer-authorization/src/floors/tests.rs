//! Each part of a cart keeps its floor, to the last minor unit.

use proptest::prelude::*;
use testkit::builders::{a_cart, bps, usd};

use super::*;
use crate::amounts::most_within_margin;

const OFF: RemedyKind = RemedyKind::AmountOff;

fn category(name: &str) -> Category {
    Category::parse(name).unwrap()
}

fn floor(name: Option<&str>, remedy: Option<RemedyKind>, least: u32) -> MarginFloor {
    let scope = FloorScope {
        category: name.map(category),
        remedy,
    };
    MarginFloor {
        scope,
        least: bps(least),
    }
}

fn floors(floors: impl Into<Vec<MarginFloor>>) -> MarginFloors {
    MarginFloors::new(floors.into())
}

/// Shoes of USD 100.00 with USD 50.00 margin, and a phone of USD 300.00 with USD 30.00.
fn shoes_and_phone() -> Cart {
    a_cart()
        .with_line("shoe", 2, 5_000)
        .with_margin(2_500)
        .with_category("Shoes")
        .with_line("phone", 1, 30_000)
        .with_margin(3_000)
        .with_category("Phones")
        .build()
}

/// Each part with its most.
fn most(
    floors: &MarginFloors,
    cart: &Cart,
    remedy: RemedyKind,
    granted: i64,
) -> Vec<(FloorOf, i64)> {
    let limits = floors.limits(cart, remedy, usd(granted)).into_iter();
    limits
        .map(|limit| (limit.of, limit.most.minor_units()))
        .collect()
}

#[test]
fn each_category_bears_its_share_of_the_offer() {
    let floors = floors([
        floor(Some("Shoes"), None, 2_000),
        floor(Some("Phones"), None, 500),
    ]);
    let limits = most(&floors, &shoes_and_phone(), OFF, 0);

    // Phones bear three quarters of x: 30 - 0.75 x >= 5 % of (300 - 0.75 x) up to x = 21.0526...
    // Shoes bear one quarter: 50 - 0.25 x >= 20 % of (100 - 0.25 x) up to x = 150, above the margin of the cart.
    let expected = [
        (FloorOf::Category(category("Phones")), 2_105),
        (FloorOf::Category(category("Shoes")), 8_000),
    ];
    assert_eq!(limits, expected);
}

#[test]
fn a_remedy_beside_the_price_leaves_the_value() {
    let floors = floors([floor(Some("Phones"), None, 500)]);
    let limits = most(&floors, &shoes_and_phone(), RemedyKind::Perk, 0);

    // 30 - 0.75 x >= 5 % of 300 up to x = 20.
    assert_eq!(limits, [(FloorOf::Category(category("Phones")), 2_000)]);
}

#[test]
fn earlier_offers_come_off_the_margin_of_each_part() {
    let floors = floors([floor(Some("Phones"), None, 0)]);
    let left = |granted| most(&floors, &shoes_and_phone(), OFF, granted)[0].1;

    assert_eq!(left(0), 4_000);
    assert_eq!(left(3_999), 1);
    assert_eq!(left(4_000), 0);
    assert_eq!(left(4_001), 0);
}

#[test]
fn articles_without_a_floor_of_their_own_are_one_part() {
    let cart = a_cart()
        .with_line("shoe", 1, 5_000)
        .with_margin(2_500)
        .with_category("Shoes")
        .with_line("phone", 1, 5_000)
        .with_margin(500)
        .with_category("Phones")
        .with_line("gift", 1, 5_000)
        .with_margin(0)
        .build();
    let shop = floors([floor(None, None, 1_000), floor(Some("Shoes"), None, 4_000)]);
    let limits = most(&shop, &cart, OFF, 0);

    // Phone and gift together: 5 - 2/3 x >= 10 % of (100 - 2/3 x) is kept by no x at all.
    assert_eq!(limits[0], (FloorOf::OtherArticles, 0));
    // Shoes: 25 - 1/3 x >= 40 % of (50 - 1/3 x) up to x = 25.
    assert_eq!(limits[1], (FloorOf::Category(category("Shoes")), 2_500));
    assert_eq!(most(&floors([]), &cart, OFF, 0), []);
    let of_shoes = floors([floor(Some("Shoes"), None, 0)]);
    assert_eq!(
        most(&of_shoes, &cart, OFF, 0).len(),
        1,
        "the rest has no floor"
    );
}

#[test]
fn the_more_exact_floor_counts_and_of_two_the_higher() {
    let shoes = category("Shoes");
    let least = |floors: &MarginFloors, category| floors.least(category, OFF).map(BasisPoints::get);
    let mut known = vec![floor(None, None, 900)];
    assert_eq!(least(&floors(known.clone()), Some(&shoes)), Some(900));
    assert_eq!(least(&floors(known.clone()), None), Some(900));

    known.push(floor(Some("Shoes"), None, 100));
    assert_eq!(least(&floors(known.clone()), Some(&shoes)), Some(100));
    known.push(floor(None, Some(OFF), 300));
    assert_eq!(least(&floors(known.clone()), Some(&shoes)), Some(300));
    assert_eq!(least(&floors(known.clone()), None), Some(300));
    known.push(floor(Some("Shoes"), Some(OFF), 50));
    assert_eq!(least(&floors(known.clone()), Some(&shoes)), Some(50));

    known.push(floor(Some("Shoes"), Some(RemedyKind::Perk), 9_000));
    assert_eq!(
        least(&floors(known), Some(&shoes)),
        Some(50),
        "of another remedy"
    );
}

#[test]
fn a_category_is_its_bytes() {
    let floors = floors([floor(Some("shoes"), None, 10_000)]);
    assert_eq!(most(&floors, &shoes_and_phone(), OFF, 0), []);
}

#[test]
fn an_unknown_margin_has_no_limits_for_it_bears_nothing() {
    let cart = a_cart().with_category("Shoes").without_margin().build();
    assert!(
        floors([floor(None, None, 0)])
            .limits(&cart, OFF, usd(0))
            .is_empty()
    );
}

/// By its definition, in fractions of the cart.
fn keeps(part: (i64, i64), whole: i64, offer: i64, least: u32) -> bool {
    let [value, margin] = [part.0, part.1].map(i128::from);
    let [whole, offer, least] = [whole, offer, i64::from(least)].map(i128::from);
    let (margin_left, value_left) = (
        margin * whole - offer * value,
        value * whole - offer * value,
    );
    margin_left >= 0 && margin_left * 10_000 >= value_left * least
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_most_that_keeps_each_floor_is_exact(
        shoes in (1_i64..1_000_000_000_000, 0_u32..=10_000, 0_u32..=10_000),
        rest in (1_i64..1_000_000_000_000, 0_u32..=10_000, 0_u32..=10_000),
    ) {
        let margin = |(value, share, _): (i64, u32, u32)| usd(value).share(bps(share)).minor_units();
        let cart = a_cart()
            .with_line("shoe", 1, shoes.0).with_margin(margin(shoes)).with_category("Shoes")
            .with_line("sock", 1, rest.0).with_margin(margin(rest))
            .build();
        let (whole, all) = (shoes.0 + rest.0, margin(shoes) + margin(rest));
        let limits = most(&floors([floor(Some("Shoes"), None, shoes.2), floor(None, None, rest.2)]), &cart, OFF, 0);

        for ((_, most), part) in limits.into_iter().zip([rest, shoes]) {
            let keeps = |offer| keeps((part.0, margin(part)), whole, offer, part.2);
            prop_assert!(most == 0 || keeps(most));
            prop_assert!(most == all || !keeps(most + 1));
        }
    }

    #[test]
    fn on_a_cart_of_one_part_it_is_the_floor_of_a_programme(
        value in 1_i64..2_000_000_000_000,
        share in 0_u32..=10_000,
        least in 0_u32..=10_000,
        granted in 0_i64..1_000_000,
        remedy in prop::sample::select(RemedyKind::ALL),
    ) {
        let margin = usd(value).share(bps(share)).minor_units();
        let cart = a_cart().with_value(value).with_margin(margin).build();
        let of_programme = most_within_margin(&cart, remedy, bps(least), usd(granted)).unwrap();

        let limits = floors([floor(None, None, least)]).limits(&cart, remedy, usd(granted));

        prop_assert_eq!(Some(limits[0].most), of_programme);
    }
}
