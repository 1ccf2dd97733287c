//! What a cart promises: sums that hold after any moves, and a version for every change.

use proptest::prelude::*;

use super::*;
use crate::id::Sku;
use crate::money::MAX_MINOR_UNITS;

fn eur(minor_units: i64) -> Money {
    Money::new(minor_units, Currency::EUR).expect("an amount")
}

fn units(units: u32) -> Quantity {
    Quantity::new(units).expect("a quantity")
}

fn sku(name: &str) -> Sku {
    Sku::parse(name).expect("a sku")
}

fn line(name: &str, quantity: u32, price: i64) -> CartLine {
    CartLine {
        sku: sku(name),
        quantity: units(quantity),
        unit_price: eur(price),
        margin: Some(eur(price / 2)),
        configurable: Configurable::No,
        category: None,
    }
}

fn cart_of(lines: impl IntoIterator<Item = CartLine>) -> Cart {
    lines
        .into_iter()
        .try_fold(Cart::empty(Currency::EUR), Cart::add)
        .expect("a cart")
}

#[test]
fn an_empty_cart_is_worth_nothing() {
    let cart = Cart::empty(Currency::EUR);
    assert!(cart.is_empty());
    assert_eq!(cart.value(), eur(0));
    assert_eq!(cart.margin(), Some(eur(0)));
    assert_eq!((cart.version(), cart.item_count()), (0, 0));
}

#[test]
fn lines_add_up() {
    let cart = cart_of([line("shoe", 2, 5_000), line("sock", 3, 400)]);
    assert_eq!(cart.value(), eur(11_200));
    assert_eq!(cart.margin(), Some(eur(5_600)));
    assert_eq!(cart.item_count(), 5);
    assert_eq!(cart.version(), 2);
}

#[test]
fn one_unknown_margin_makes_the_margin_unknown() {
    let unknown = CartLine {
        margin: None,
        ..line("sock", 1, 400)
    };
    assert_eq!(cart_of([line("shoe", 1, 5_000), unknown]).margin(), None);
}

#[test]
fn adding_an_article_again_grows_its_line_at_the_new_price() {
    let cart = cart_of([line("shoe", 1, 5_000), line("shoe", 2, 4_500)]);
    assert_eq!(cart.lines(), [line("shoe", 3, 4_500)]);
}

#[test]
fn removing_takes_the_whole_line_out() {
    let cart = cart_of([line("shoe", 2, 5_000), line("sock", 3, 400)]);
    let cart = cart.remove(&sku("shoe")).expect("it is in the cart");
    assert_eq!(cart.lines(), [line("sock", 3, 400)]);
    assert_eq!(cart.version(), 3);
}

#[test]
fn changing_sets_the_quantity() {
    let cart = cart_of([line("shoe", 2, 5_000)]);
    let cart = cart
        .change(&sku("shoe"), units(7))
        .expect("it is in the cart");
    assert_eq!(cart.item_count(), 7);
    assert_eq!(cart.value(), eur(35_000));
}

#[test]
fn an_article_that_is_not_there_cannot_be_moved() {
    let cart = cart_of([line("shoe", 2, 5_000)]);
    assert_eq!(cart.clone().remove(&sku("sock")), Err(CartError::NotInCart));
    assert_eq!(
        cart.change(&sku("sock"), units(1)),
        Err(CartError::NotInCart)
    );
}

#[test]
fn revealed_costs_count_towards_the_total_only() {
    let cart = cart_of([line("shoe", 1, 5_000)]);
    let cart = cart
        .reveal_costs(Some(eur(499)), Some(eur(1_050)))
        .expect("a cart");
    assert_eq!((cart.value(), cart.total()), (eur(5_000), eur(6_549)));
    assert_eq!(cart.version(), 2);
}

#[test]
fn costs_shown_again_are_no_change() {
    let cart = cart_of([line("shoe", 1, 5_000)]);
    let once = cart.reveal_costs(Some(eur(499)), None).expect("a cart");
    let twice = once
        .clone()
        .reveal_costs(Some(eur(499)), None)
        .expect("a cart");
    assert_eq!(once, twice);
    let taxed = twice.reveal_costs(None, Some(eur(100))).expect("a cart");
    assert_eq!(taxed.shipping(), Some(eur(499)), "what is not shown stays");
}

#[test]
fn a_cart_has_one_currency() {
    let dollars = Money::new(100, Currency::USD).expect("an amount");
    let foreign = CartLine {
        unit_price: dollars,
        margin: None,
        ..line("shoe", 1, 100)
    };
    let mismatch = Err(CartError::Money(MoneyError::CurrencyMismatch));
    assert_eq!(Cart::empty(Currency::EUR).add(foreign), mismatch);
    let foreign_margin = CartLine {
        margin: Some(dollars),
        ..line("shoe", 1, 100)
    };
    assert_eq!(Cart::empty(Currency::EUR).add(foreign_margin), mismatch);
    assert_eq!(
        Cart::empty(Currency::EUR).reveal_costs(Some(dollars), None),
        mismatch
    );
}

#[test]
fn limits_hold() {
    let full = cart_of((0..200).map(|number| line(&format!("sku-{number}"), 1, 100)));
    assert_eq!(
        full.clone()
            .add(line("sku-0", 1, 100))
            .map(|cart| cart.item_count()),
        Ok(201)
    );
    assert_eq!(
        full.add(line("one-more", 1, 100)),
        Err(CartError::TooManyLines)
    );
    let many = cart_of([line("shoe", 9_999, 100)]);
    assert_eq!(
        many.add(line("shoe", 2, 100)),
        Err(CartError::Quantity(InvalidQuantity))
    );
    let dear = line("yacht", 2, MAX_MINOR_UNITS);
    assert_eq!(
        Cart::empty(Currency::EUR).add(dear),
        Err(CartError::Money(MoneyError::Overflow))
    );
    let odd = CartLine {
        margin: Some(eur(101)),
        ..line("shoe", 1, 100)
    };
    assert_eq!(
        Cart::empty(Currency::EUR).add(odd),
        Err(CartError::MarginAbovePrice)
    );
}

#[test]
fn parts_with_an_article_twice_are_refused() {
    let mut parts = CartParts::from(cart_of([line("shoe", 1, 100)]));
    parts.lines.push(line("shoe", 1, 100));
    assert_eq!(Cart::new(parts), Err(CartError::DuplicateSku));
}

#[test]
fn quantities_are_1_to_10000() {
    for refused in [0, 10_001, u32::MAX] {
        assert_eq!(Quantity::new(refused), Err(InvalidQuantity));
    }
    assert_eq!(Quantity::new(10_000), Ok(Quantity::MAX));
}

#[derive(Debug, Clone)]
enum Move {
    Add(u8, u32, i64),
    Remove(u8),
    Change(u8, u32),
    Reveal(i64),
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        (0..6_u8, 1..=10_000_u32, 0..10_000_000_i64)
            .prop_map(|(name, count, price)| Move::Add(name, count, price)),
        (0..6_u8).prop_map(Move::Remove),
        (0..6_u8, 1..=10_000_u32).prop_map(|(name, count)| Move::Change(name, count)),
        (0..10_000_i64).prop_map(Move::Reveal),
    ]
}

fn make(cart: Cart, step: &Move) -> Result<Cart, CartError> {
    match *step {
        Move::Add(name, count, price) => cart.add(line(&name.to_string(), count, price)),
        Move::Remove(name) => cart.remove(&sku(&name.to_string())),
        Move::Change(name, count) => cart.change(&sku(&name.to_string()), units(count)),
        Move::Reveal(cost) => cart.reveal_costs(Some(eur(cost)), None),
    }
}

proptest! {
    #[test]
    fn sums_hold_after_any_moves(steps in proptest::collection::vec(moves(), 0..40)) {
        let mut cart = Cart::empty(Currency::EUR);
        for step in &steps {
            let Ok(moved) = make(cart.clone(), step) else { continue };
            let step_of_version = moved.version() - cart.version();
            prop_assert_eq!(step_of_version, u64::from(moved != cart));
            cart = moved;
            let lines = cart.lines();
            let value: i64 = lines.iter().map(|line| i64::from(line.quantity.get()) * line.unit_price.minor_units()).sum();
            prop_assert_eq!(cart.value().minor_units(), value);
            prop_assert_eq!(cart.item_count(), lines.iter().map(|line| line.quantity.get()).sum::<u32>());
            prop_assert_eq!(cart.is_empty(), lines.is_empty());
        }
        let json = serde_json::to_string(&cart).expect("json");
        prop_assert_eq!(serde_json::from_str::<Cart>(&json).expect("a cart"), cart);
    }
}
