//! What amounts promise: exact to the minor unit, or refused.

use proptest::prelude::*;

use super::*;

fn eur(minor_units: i64) -> Money {
    Money::new(minor_units, Currency::EUR).expect("an amount")
}

fn amounts() -> impl Strategy<Value = Money> {
    let edges = prop_oneof![
        Just(0),
        Just(1),
        Just(9_999),
        Just(10_000),
        Just(MAX_MINOR_UNITS)
    ];
    prop_oneof![edges, 0..100_000_i64, 0..=MAX_MINOR_UNITS].prop_map(eur)
}

fn shares() -> impl Strategy<Value = BasisPoints> {
    (0..=10_000_u32).prop_map(|points| BasisPoints::new(points).expect("a share"))
}

#[test]
fn amounts_out_of_range_are_refused() {
    for (minor_units, error) in [
        (-1, MoneyError::Negative),
        (i64::MIN, MoneyError::Negative),
        (MAX_MINOR_UNITS + 1, MoneyError::Overflow),
        (i64::MAX, MoneyError::Overflow),
    ] {
        assert_eq!(Money::new(minor_units, Currency::EUR), Err(error));
    }
}

#[test]
fn different_currencies_never_meet() {
    let (euro, dollar) = (Money::zero(Currency::EUR), Money::zero(Currency::USD));
    let refused = Err(MoneyError::CurrencyMismatch);
    assert_eq!(euro.checked_add(dollar), refused);
    assert_eq!(euro.checked_sub(dollar), refused);
    assert_eq!(euro.min(dollar), refused);
    assert_eq!(euro.compare(dollar), Err(MoneyError::CurrencyMismatch));
    assert_eq!(Money::total(Currency::EUR, [dollar]), refused);
    assert_ne!(euro, dollar);
}

#[test]
fn shares_are_rounded_as_named() {
    let third = BasisPoints::new(3_333).expect("a share");
    assert_eq!(eur(100).share(third), eur(33));
    assert_eq!(eur(100).share_up(third), eur(34));
    assert_eq!(eur(1).share(BasisPoints::ZERO), eur(0));
    assert_eq!(eur(1).share_up(BasisPoints::ZERO), eur(0));
    assert_eq!(
        eur(MAX_MINOR_UNITS).share(BasisPoints::ALL),
        eur(MAX_MINOR_UNITS)
    );
}

#[test]
fn a_share_is_at_most_the_whole() {
    assert_eq!(BasisPoints::new(10_000), Ok(BasisPoints::ALL));
    assert_eq!(BasisPoints::new(10_001), Err(InvalidShare));
    assert_eq!(BasisPoints::new(u32::MAX), Err(InvalidShare));
}

#[test]
fn currencies_are_iso_codes_with_minor_units() {
    assert_eq!(Currency::parse("EUR"), Ok(Currency::EUR));
    assert_eq!(Currency::JPY.minor_digits(), 0);
    assert_eq!(Currency::parse("KWD").map(Currency::minor_digits), Ok(3));
    for code in ["", "eur", "EU", "EURO", "XAU", "XXX", "XTS", "ZZZ", "€"] {
        assert_eq!(Currency::parse(code), Err(InvalidCurrency), "{code}");
    }
}

#[test]
fn amounts_are_shown_with_the_decimals_of_their_currency() {
    let show = |minor_units, code| {
        let currency = Currency::parse(code).expect("a currency");
        Money::new(minor_units, currency)
            .expect("an amount")
            .to_string()
    };
    assert_eq!(show(1_230, "EUR"), "12.30 EUR");
    assert_eq!(show(5, "EUR"), "0.05 EUR");
    assert_eq!(show(1_200, "JPY"), "1200 JPY");
    assert_eq!(show(1_005, "KWD"), "1.005 KWD");
}

#[test]
fn serde_checks_what_it_reads() {
    let text = serde_json::to_string(&eur(1_230)).expect("json");
    assert_eq!(text, r#"{"minor_units":1230,"currency":"EUR"}"#);
    assert_eq!(
        serde_json::from_str::<Money>(&text).expect("money"),
        eur(1_230)
    );
    for refused in [
        r#"{"minor_units":-1,"currency":"EUR"}"#,
        r#"{"minor_units":1,"currency":"eur"}"#,
        r#"{"minor_units":1.5,"currency":"EUR"}"#,
        r#"{"minor_units":1}"#,
    ] {
        assert!(serde_json::from_str::<Money>(refused).is_err(), "{refused}");
    }
    assert!(serde_json::from_str::<BasisPoints>("10001").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn parts_add_up_to_the_whole(amount in amounts(), share in shares()) {
        let parts = amount.share(share).checked_add(amount.share_up(share.complement()));
        prop_assert_eq!(parts, Ok(amount));
    }

    #[test]
    fn shares_are_exact(amount in amounts(), share in shares()) {
        let exact = i128::from(amount.minor_units()) * i128::from(share.get());
        let down = i128::from(amount.share(share).minor_units());
        let up = i128::from(amount.share_up(share).minor_units());
        prop_assert_eq!(down, exact / 10_000);
        prop_assert_eq!(up, (exact + 9_999) / 10_000);
    }

    #[test]
    fn a_larger_share_is_never_less(amount in amounts(), one in shares(), other in shares()) {
        let (small, large) = (one.min(other), one.max(other));
        prop_assert!(amount.share(small).minor_units() <= amount.share(large).minor_units());
    }

    #[test]
    fn sums_are_exact_or_refused(one in amounts(), other in amounts()) {
        let exact = one.minor_units() + other.minor_units();
        prop_assert_eq!(one.checked_add(other), Money::new(exact, Currency::EUR));
        prop_assert_eq!(one.checked_add(other), other.checked_add(one));
    }

    #[test]
    fn subtraction_undoes_addition(one in amounts(), other in amounts()) {
        let Ok(sum) = one.checked_add(other) else { return Ok(()) };
        prop_assert_eq!(sum.checked_sub(other), Ok(one));
    }

    #[test]
    fn differences_are_exact_or_refused(one in amounts(), other in amounts()) {
        let exact = one.minor_units() - other.minor_units();
        prop_assert_eq!(one.checked_sub(other), Money::new(exact, Currency::EUR));
    }

    #[test]
    fn products_are_exact_or_refused(amount in amounts(), count in any::<u32>()) {
        let exact = i128::from(amount.minor_units()) * i128::from(count);
        let expected = i64::try_from(exact).map_err(|_| MoneyError::Overflow);
        prop_assert_eq!(amount.times(count), expected.and_then(|units| Money::new(units, Currency::EUR)));
    }

    #[test]
    fn any_number_is_an_amount_or_refused(minor_units in any::<i64>()) {
        match Money::new(minor_units, Currency::EUR) {
            Ok(money) => prop_assert_eq!(money.minor_units(), minor_units),
            Err(_) => prop_assert!(!(0..=MAX_MINOR_UNITS).contains(&minor_units)),
        }
    }
}
