//! Moments that differ in all that features and causes look at, the same in each run.

use domain::moment::{Moment, MomentKind, Shopping, VisitHistory};
use domain::signal::SignalKind;
use domain::time::earlier;
use std::time::Duration;
use testkit::builders::{a_cart, a_moment};
use testkit::ids::nth;

/// More than a processor remembers the branches of.
const COUNT: u32 = 512;

const SIGNS: [SignalKind; 5] = [
    SignalKind::ShippingShock,
    SignalKind::PaymentDeclined,
    SignalKind::PolicyHunting,
    SignalKind::CouponRejected,
    SignalKind::ExitIntent,
];

/// Half of the moments have one or two signs of trouble; the others are additions to a cart.
pub(crate) fn all() -> Vec<Moment> {
    (0..COUNT).map(moment).collect()
}

fn moment(number: u32) -> Moment {
    // A step that has no divisor in common with what is taken of it, so that nothing repeats soon.
    let mixed = |span: u32| (number * 7_919 + 13) % span;
    let mut moment = a_moment()
        .with_id(nth(u64::from(number)))
        .with_kind(MomentKind::CartAdded)
        .with_zone("Europe/Madrid")
        .with_history(VisitHistory {
            earlier_sessions: mixed(11),
            earlier_carts: mixed(7),
            earlier_orders: mixed(4),
            earlier_abandonments: mixed(5),
        });
    let mut cart = a_cart();
    for line in 0..=mixed(4) {
        cart = cart.with_line(&format!("sku-{line}"), 1 + mixed(3), 1_500);
    }
    moment = moment.with_cart(cart);
    for sign in 0..mixed(2) * (1 + mixed(2)) {
        let place = usize::try_from(mixed(5) + sign).unwrap() % SIGNS.len();
        moment = moment.with_signal(*SIGNS.get(place).unwrap(), 1 + mixed(3));
    }
    let moment = moment.build();
    let looks = 1 + mixed(23);
    let minutes = |minutes: u32| Duration::from_secs(60 * u64::from(minutes));
    Moment {
        event_count: looks + 2,
        shopping: Some(Shopping {
            product_views: looks,
            cart_additions: 1 + mixed(6),
            products_seen: 1 + mixed(9),
            cart_item_views: mixed(8),
            first_at: earlier(moment.occurred_at, minutes(1 + mixed(31))),
            previous_at: (looks > 3).then(|| earlier(moment.occurred_at, minutes(mixed(6)))),
        }),
        ..moment
    }
}
