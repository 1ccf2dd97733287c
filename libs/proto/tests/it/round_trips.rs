//! What goes through the wire comes back: every shared type, with every field set and with every optional one absent.

use std::collections::HashSet;
use std::fmt::Debug;
use std::mem::discriminant;

use domain::assessment::{Assessment, Probability};
use domain::block::{Block, BlockReason};
use domain::cart::{Cart, CartLine, CartParts, Category, Configurable, Quantity};
use domain::fact::{Fact, FactBody};
use domain::id::{PersonId, Sku};
use domain::moment::{Moment, MomentKind};
use domain::money::{Currency, MAX_MINOR_UNITS, Money};
use domain::phase::RiskPhase;
use domain::signal::SignalKind;
use proptest::prelude::*;
use proptest::sample::select;
use prost::Message;
use proto::field::InvalidField;
use proto::{assessment, block, cart, fact, moment, money};

use crate::values::{a_cart, a_fact, a_moment, a_signal, an_assessment, at, facts, id, usd};

/// Through the conversion, the encoder, the decoder and back.
fn through_the_wire<W, T>(value: T) -> T
where
    W: Message + Default + From<T>,
    T: TryFrom<W, Error = InvalidField>,
{
    let bytes = W::from(value).encode_to_vec();
    T::try_from(W::decode(bytes.as_slice()).unwrap()).unwrap()
}

fn comes_back<W, T>(value: &T)
where
    W: Message + Default + From<T>,
    T: TryFrom<W, Error = InvalidField> + Clone + Debug + PartialEq,
{
    assert_eq!(&through_the_wire::<W, T>(value.clone()), value);
}

fn any_currency() -> impl Strategy<Value = Currency> {
    select(vec![Currency::USD, Currency::EUR, Currency::JPY])
}

prop_compose! {
    fn any_line(currency: Currency)(
        units in 1_u32..=10_000,
        price in 0_i64..1_000_000,
        margin in proptest::option::of(0_i64..=10_000),
        configurable in select(Configurable::ALL),
        category in proptest::option::of("[a-zé &>]{0,20}z"),
    ) -> CartLine {
        let margin = margin.map(|share| Money::new(price * share / 10_000, currency).unwrap());
        CartLine {
            sku: Sku::parse("sku").unwrap(),
            quantity: Quantity::new(units).unwrap(),
            unit_price: Money::new(price, currency).unwrap(),
            margin,
            configurable,
            category: category.map(|name| Category::parse(&name).unwrap()),
        }
    }
}

fn any_cart() -> impl Strategy<Value = Cart> {
    any_currency().prop_flat_map(|currency| {
        let cost = proptest::option::of(0_i64..1_000_000);
        let lines = proptest::collection::vec(any_line(currency), 0..8);
        (any::<u64>(), lines, cost.clone(), cost).prop_map(
            move |(version, lines, shipping, tax)| {
                let line = |(number, line)| CartLine {
                    sku: Sku::parse(&format!("sku-{number}")).unwrap(),
                    ..line
                };
                let cost =
                    |units: Option<i64>| units.map(|units| Money::new(units, currency).unwrap());
                Cart::new(CartParts {
                    version,
                    currency,
                    lines: lines.into_iter().enumerate().map(line).collect(),
                    shipping: cost(shipping),
                    tax: cost(tax),
                })
                .unwrap()
            },
        )
    })
}

proptest! {
    #[test]
    fn money_comes_back(units in 0..=MAX_MINOR_UNITS, currency in any_currency()) {
        comes_back::<money::v1::Money, Money>(&Money::new(units, currency).unwrap());
    }

    #[test]
    fn carts_come_back(cart in any_cart()) {
        comes_back::<cart::v1::Cart, Cart>(&cart);
    }

    #[test]
    fn moments_come_back(
        cart in any_cart(),
        kind in select(MomentKind::ALL),
        trigger in proptest::option::of(select(SignalKind::ALL)),
        phase in select(RiskPhase::ALL),
        (session_version, event_count) in any::<(u64, u32)>(),
    ) {
        let moment = Moment { cart, kind, trigger, phase, session_version, event_count, ..a_moment() };
        comes_back::<moment::v1::Moment, Moment>(&moment);
    }

    #[test]
    fn probabilities_come_back_bit_for_bit(abandonment in 0.0_f64..=1.0) {
        let abandonment = Probability::new(abandonment).unwrap();
        comes_back::<assessment::v1::Assessment, _>(&Assessment { abandonment, ..an_assessment() });
    }

    #[test]
    fn blocks_come_back(reasons in proptest::collection::vec(select(BlockReason::ALL), 1..6)) {
        comes_back::<block::v1::Block, Block>(&Block::from_reasons(reasons).unwrap());
    }

    #[test]
    fn no_bytes_make_a_conversion_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        if let Ok(wire) = moment::v1::Moment::decode(bytes.as_slice()) {
            let _ = Moment::try_from(wire);
        }
        if let Ok(wire) = fact::v1::Fact::decode(bytes.as_slice()) {
            let _ = Fact::try_from(wire);
        }
    }
}

#[test]
fn a_moment_with_every_field_comes_back() {
    comes_back::<moment::v1::Moment, Moment>(&a_moment());
}

#[test]
fn a_moment_without_its_optional_fields_comes_back() {
    comes_back::<moment::v1::Moment, Moment>(&Moment {
        shopper: None,
        trigger: None,
        page: None,
        page_entered_at: None,
        cart: Cart::empty(Currency::EUR),
        signals: Vec::new(),
        consents: Vec::new().into(),
        zone: None,
        language: None,
        shopping: None,
        order: None,
        ..a_moment()
    });
}

#[test]
fn an_assessment_comes_back() {
    comes_back::<assessment::v1::Assessment, _>(&an_assessment());
    comes_back::<assessment::v1::Assessment, _>(&Assessment {
        causes: Vec::new(),
        factors: Vec::new(),
        margin_at_risk: None,
        ..an_assessment()
    });
}

#[test]
fn causes_are_put_in_order_on_arrival() {
    let mut shuffled = an_assessment();
    shuffled.causes.reverse();

    let arrived = through_the_wire::<assessment::v1::Assessment, _>(shuffled);

    assert_eq!(arrived, an_assessment());
}

#[test]
fn every_kind_of_fact_comes_back() {
    let kinds: HashSet<_> = facts()
        .iter()
        .map(|fact| discriminant(&fact.body))
        .collect();
    assert_eq!(kinds.len(), 22, "each kind of fact once");

    for fact in facts() {
        comes_back::<fact::v1::Fact, Fact>(&fact);
    }
}

#[test]
fn a_fact_about_nobody_comes_back() {
    let body = FactBody::OfferReleased {
        offer: id(31),
        amount: usd(1),
    };
    comes_back::<fact::v1::Fact, Fact>(&Fact {
        session: None,
        person: None,
        intervention: None,
        partner: None,
        agent: None,
        ..a_fact(body.clone())
    });
    comes_back::<fact::v1::Fact, Fact>(&Fact {
        person: Some(PersonId::Visitor(id(3))),
        ..a_fact(body)
    });
}

#[test]
fn every_signal_kind_may_stand_beside_every_other() {
    let signals: Vec<_> = SignalKind::ALL.iter().copied().map(a_signal).collect();

    comes_back::<moment::v1::Moment, Moment>(&Moment {
        signals,
        ..a_moment()
    });
}

#[test]
fn instants_are_cut_to_milliseconds() {
    let mut wire = moment::v1::Moment::from(a_moment());
    wire.occurred_at.as_mut().unwrap().nanos += 999_999;

    assert_eq!(Moment::try_from(wire).unwrap().occurred_at, at(100));
}

#[test]
fn a_cart_keeps_its_order_of_lines() {
    let cart = through_the_wire::<cart::v1::Cart, Cart>(a_cart());

    let skus: Vec<&str> = cart.lines().iter().map(|line| line.sku.as_str()).collect();
    assert_eq!(skus, ["desk-oak-160", "lamp-7"]);
}
