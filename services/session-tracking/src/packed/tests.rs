//! One value, one form: what is read comes back as it was, and nothing else is read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use domain::cart::{Cart, CartLine, Configurable};
use domain::channel::Channel;
use domain::consent::{ConsentState, Purpose};
use domain::fact::Ending;
use domain::id::OrderId;
use domain::language::Language;
use domain::moment::MomentKind;
use domain::money::{Currency, Money};
use domain::order::{OrderState, ShipmentStatus};
use domain::phase::RiskPhase;
use domain::signal::SignalKind;
use domain::text::Text;
use domain::time::{Timestamp, Zone};
use proptest::prelude::*;

use super::*;
use crate::samples::{at, line, usd};

fn comes_back<T: Pack + PartialEq + Debug>(value: &T) {
    assert_eq!(unpack::<T>(&pack(value)).as_ref(), Ok(value));
}

fn refused<T: Pack>(bytes: &[u8]) -> Unreadable {
    let mut form = vec![FORMAT];
    form.extend_from_slice(bytes);
    unpack::<T>(&form).err().unwrap()
}

#[test]
fn shared_values_come_back() {
    comes_back(&at(77));
    comes_back(&usd(1_999));
    comes_back(&Some(Language::ES));
    comes_back(&Zone::parse("Europe/Madrid").unwrap());
    comes_back(&OrderId::parse("#1001/A").unwrap());
    comes_back(&Text::<64>::parse("devoluciones en línea").unwrap());
    let cart = Cart::empty(Currency::USD).add(line("shoe", 5_000)).unwrap();
    let of_a_kind = CartLine {
        category: Some(Text::parse("Calzado > Niños").unwrap()),
        ..line("sandal", 3_000)
    };
    let cart = cart.add(of_a_kind).unwrap();
    let cart = cart.reveal_costs(Some(usd(490)), Some(usd(0))).unwrap();
    comes_back(&cart);
}

#[test]
fn numbers_are_short_where_they_are_small() {
    let bytes = |value: i64| pack(&value).len() - 1;

    assert_eq!([0, -1, 63, -64, 64].map(bytes), [1, 1, 1, 1, 2]);
    assert_eq!([i64::MIN, i64::MAX].map(bytes), [10, 10]);
}

#[test]
fn bytes_of_another_form_are_told_apart() {
    let refused = unpack::<u64>(&[FORMAT + 1, 7]);

    assert_eq!(refused, Err(Unreadable::Format { found: FORMAT + 1 }));
    assert_eq!(unpack::<u64>(&[]), Err(Unreadable::Short));
}

#[test]
fn what_is_too_short_or_too_long_is_refused() {
    assert_eq!(refused::<String>(&[3, b'a', b'b']), Unreadable::Short);
    assert_eq!(refused::<u64>(&[7, 7]), Unreadable::Trailing);
    assert_eq!(refused::<Option<u64>>(&[0, 7]), Unreadable::Trailing);
}

#[test]
fn a_count_beyond_the_bytes_is_refused_before_memory_is_asked_for() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];

    assert_eq!(refused::<Vec<u64>>(&huge), Unreadable::Short);
    assert_eq!(refused::<String>(&huge), Unreadable::Short);
    assert_eq!(refused::<BTreeMap<u64, u64>>(&huge), Unreadable::Short);
}

#[test]
fn a_second_form_of_a_value_is_refused() {
    for bytes in [[0x80, 0x00].as_slice(), &[0x81, 0x80, 0x00]] {
        assert_eq!(refused::<u64>(bytes), invalid("number"));
    }
    assert_eq!(
        refused::<BTreeSet<u64>>(&[2, 5, 5]),
        invalid("order of entries")
    );
    assert_eq!(
        refused::<BTreeSet<u64>>(&[2, 5, 4]),
        invalid("order of entries")
    );
    assert_eq!(refused::<Text<9>>(&[2, b' ', b'a']), invalid("text"));
    assert_eq!(refused::<bool>(&[2]), invalid("yes or no"));
}

#[test]
fn values_that_break_their_rules_are_refused() {
    let beyond = u8::try_from(SignalKind::ALL.len()).unwrap();

    assert_eq!(
        refused::<SignalKind>(&[beyond]),
        invalid("member of a closed set")
    );
    assert_eq!(refused::<u8>(&[0x80, 0x02]), invalid("number"));
    assert_eq!(refused::<Currency>(b"usd"), invalid("currency"));
    assert_eq!(refused::<Language>(b"xx"), invalid("language"));
    assert_eq!(refused::<Money>(&[b'U', b'S', b'D', 1]), invalid("amount"));
    assert_eq!(refused::<OrderId>(&[1, 0xff]), invalid("text"));
    assert_eq!(refused::<Zone>(&[1, b'X']), invalid("time zone"));
}

/// The places of the words are what is stored: a word may only be added at the end.
#[test]
fn the_places_of_words_never_change() {
    fn words<T: Copy + Into<&'static str>>(all: &[T]) -> String {
        let words: Vec<&'static str> = all.iter().map(|word| (*word).into()).collect();
        words.join(" ")
    }

    assert_eq!(words(Channel::ALL), "on_page chat call email sms");
    assert_eq!(words(Configurable::ALL), "yes no");
    assert_eq!(
        words(ConsentState::ALL),
        "unknown requested confirmed withdrawn"
    );
    assert_eq!(words(Ending::ALL), "ordered abandoned no_cart");
    assert_eq!(words(OrderState::ALL), "placed changed cancelled");
    assert_eq!(
        words(Purpose::ALL),
        "proactive_help marketing order_updates"
    );
    assert_eq!(
        words(RiskPhase::ALL),
        "information_block transactional_friction post_click_anxiety"
    );
    assert_eq!(
        words(ShipmentStatus::ALL),
        "pending info_received in_transit out_for_delivery delivered confirmed_by_buyer failed_attempt \
         available_for_pickup exception expired"
    );
    assert_eq!(
        words(MomentKind::ALL),
        "cart_added checkout_entered friction exit_intent idle_in_checkout idle_cart order_placed order_changed \
         order_cancelled shipment_milestone shipment_trouble status_anxiety back_order_ready delivery_revised"
    );
    assert_eq!(
        words(SignalKind::ALL),
        "long_dwell_configurable policy_hunting repeated_compare search_loop cart_idle shipping_shock tax_shock \
         total_shock coupon_rejected payment_declined form_retry address_edited page_fault slow_page checkout_idle \
         exit_intent last_page_stall order_status_repeat cancel_page_viewed shipment_late shipment_stalled \
         shipment_exception delivery_failed delivered_unconfirmed"
    );
}

proptest! {
    #[test]
    fn numbers_and_texts_come_back(
        number in any::<u64>(),
        signed in any::<i64>(),
        texts in proptest::collection::btree_map(".{0,9}", proptest::option::of(any::<u32>()), 0..9),
    ) {
        comes_back(&(number, signed));
        comes_back(&texts);
    }

    #[test]
    fn instants_come_back(millis in -9_999_999_999_999..99_999_999_999_999_i64) {
        comes_back(&domain::time::from_millis(millis).unwrap());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..99)) {
        if let Ok(value) = unpack::<BTreeMap<String, Vec<(i64, Option<Timestamp>)>>>(&bytes) {
            prop_assert_eq!(pack(&value), bytes);
        }
    }
}
