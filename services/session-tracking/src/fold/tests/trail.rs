//! Looks and additions, counted once each however the storefront tells them.

use domain::moment::Shopping;

use super::*;

fn shopping(seconds: u64, acts: impl IntoIterator<Item = (u64, Payload)>) -> Shopping {
    folded(acts).shopping(at(seconds)).unwrap()
}

#[test]
fn looks_and_additions_are_counted_and_other_events_are_not() {
    let told = shopping(
        40,
        [
            (0, page(PageKind::Browse)),
            (5, look("shoe", None)),
            (9, search()),
            (20, look("hat", None)),
            (30, look("shoe", None)),
            (35, page(PageKind::Cart)),
            (40, add("shoe")),
        ],
    );

    let expected = Shopping {
        product_views: 3,
        cart_additions: 1,
        products_seen: 2,
        cart_item_views: 2,
        first_at: at(5),
        previous_at: Some(at(30)),
    };
    assert_eq!(told, expected);
}

#[test]
fn before_the_first_look_there_is_nothing_to_tell() {
    assert_eq!(folded([(0, page(PageKind::Browse))]).shopping(at(0)), None);
    let first = shopping(0, [(0, add("shoe"))]);
    assert_eq!((first.previous_at, first.products_seen), (None, 1));
}

#[test]
fn a_look_that_is_told_on_entry_and_on_leaving_is_one() {
    for acts in [
        vec![(0, look("shoe", None)), (9, look("shoe", Some(9)))],
        vec![(9, look("shoe", Some(9)))],
        vec![(0, look("shoe", None))],
    ] {
        let told = shopping(20, acts.clone());
        assert_eq!(told.product_views, 1);
        assert_eq!(told.previous_at, Some(told.first_at), "{acts:?}");
    }
    // Two tabs, left in the other order.
    let tabs = [
        (0, look("shoe", None)),
        (1, look("hat", None)),
        (9, look("shoe", Some(9))),
        (10, look("hat", Some(9))),
    ];
    assert_eq!(shopping(20, tabs).product_views, 2);
}

#[test]
fn what_is_taken_out_of_the_cart_is_no_longer_looked_at_there() {
    let acts = [
        (0, look("shoe", None)),
        (1, look("hat", None)),
        (2, add("shoe")),
        (3, add("hat")),
        (4, remove("shoe")),
    ];
    let told = shopping(4, acts);
    assert_eq!((told.cart_additions, told.cart_item_views), (2, 1));
    assert_eq!(told.previous_at, Some(at(3)), "a removal is none of them");
}

#[test]
fn beyond_two_hundred_products_looks_are_counted_and_products_are_not() {
    let acts = (0..300).map(|n| (n, look(&format!("sku-{n}"), None)));
    let told = shopping(300, acts);
    assert_eq!((told.product_views, told.products_seen), (300, 200));
}
